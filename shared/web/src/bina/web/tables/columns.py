"""What a list is made of, said once: for its page, its order and its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from fastapi import Request

from bina.web.tables import asking, showing
from bina.web.tables.delimited import Cell
from bina.web.tables.querying import Page

T = TypeVar("T")
Kind = Literal["text", "bigint", "float8", "numeric", "date", "timestamptz", "uuid", "boolean"]


@dataclass(frozen=True)
class Key:
    """Something that rows are sorted by: a column of the query, which is an attribute of its rows, and its SQL type.

    `nullable`: it may be missing; such rows come last, in either direction.
    """

    name: str
    kind: Kind
    nullable: bool = False


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column: how addresses name it, what readers call it, what a file holds (None: not in files).

    `sort`: what it is sorted by, nothing where the database could not serve it; `descending`: that way round first.
    """

    key: str
    label: str
    cell: Callable[[T], Cell] | None = None
    sort: Sequence[Key] = ()
    number: bool = False
    descending: bool = False
    on_page: bool = True


@dataclass(frozen=True)
class Table(Generic[T]):
    """A list. `id` tells rows apart and settles ties; `default` is the column it is sorted by unless a reader chooses,
    or, where that is none, `order` its own order.

    `place`: goes before its names in the address, where a page holds several lists, and names its place on the page.
    """

    name: str
    columns: Sequence[Column[T]]
    id: Key
    default: str = ""
    order: Sequence[Key] = ()
    place: str = ""
    by_key: Mapping[str, Column[T]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {column.key: column for column in self.columns if column.sort})
        assert self.default in self.by_key or not self.default

    def asked(self, request: Request) -> asking.Asked:
        """What the address asks of it; raises `Problem` (422) for what it does not offer."""
        return asking.read(self, request.query_params)

    def name_of(self, part: str) -> str:
        """A part of the address: `urut`, `arah` or `sesudah`."""
        return f"{self.place}_{part}" if self.place else part

    def shown(
        self,
        request: Request,
        asked: asking.Asked,
        page: Page[T],
        *,
        filters: Sequence[str] = (),
        files: str = "",
    ) -> showing.Shown[T]:
        """A page of it for the component `ui.listing`. `filters`: which parts of the address narrow it; `files`: its
        address as a file, without the ending, where it may be taken along."""
        return showing.show(self, request, asked, page, filters=filters, files=files)

    @property
    def file_name(self) -> str:
        """Its name as every system takes it in headers, on disk and on a sheet, whatever a code in it holds."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.name)

    def header(self) -> list[str]:
        """What columns of its files are called."""
        return [column.label for column in self.columns if column.cell]

    def cells(self, row: T) -> list[Any]:
        """A row of its files."""
        return [column.cell(row) for column in self.columns if column.cell]
