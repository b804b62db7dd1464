"""A page of a list as the component `ui.listing` writes it: rows, and the addresses that lead on from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Request

from bina.web.tables.asking import Asked
from bina.web.tables.querying import Page

if TYPE_CHECKING:
    from bina.web.tables.columns import Column, Table

T = TypeVar("T")
FORMS = ("csv", "xlsx")


@dataclass(frozen=True)
class Heading:
    """A column's head: where it leads if the list sorts by it, `sorted` ascending or descending if it does now."""

    label: str
    number: bool = False
    sort: str = ""
    sorted: str = ""


@dataclass(frozen=True)
class Shown(Generic[T]):
    """What a page shows of a list. Addresses are empty where there is nowhere to go.

    `own_order` leads back to an order that no column has; `clear` takes its filters away; `files` are (format, address); `order` is what a form of filters keeps.
    """

    rows: Sequence[T]
    columns: Sequence[Heading]
    sorts: Sequence[Heading]
    own_order: str
    first: str
    next: str
    clear: str
    files: Sequence[tuple[str, str]]
    place: str
    order: Sequence[tuple[str, str]]


def show(
    table: Table[T],
    request: Request,
    asked: Asked,
    page: Page[T],
    *,
    filters: Sequence[str],
    files: str,
) -> Shown[T]:
    """See `Table.shown`."""
    links = _Links(table, request)
    headings = [links.heading(column, asked) for column in table.columns if column.on_page]
    return Shown(
        rows=page.rows,
        columns=headings,
        sorts=[one for one in headings if one.sort],
        own_order="" if table.default or not asked.sort else links.to(),
        first=links.to(*links.order) if asked.after else "",
        next=links.to(*links.order, (table.name_of("sesudah"), page.following)) if page.following else "",
        clear=links.cleared(filters),
        files=[
            (form.upper(), address(f"{files}.{form}", links.kept + links.order)) for form in FORMS if files
        ],
        place=table.place,
        order=links.order,
    )


def address(path: str, query: Sequence[tuple[str, str]]) -> str:
    """A path with a query, if there is any."""
    return f"{path}?{urlencode(query)}" if query else path


class _Links:
    """Addresses of a list on its page: all that the address holds already is kept but the list's own parts."""

    def __init__(self, table: Table[Any], request: Request) -> None:
        self._table = table
        self._path = request.url.path
        query = request.query_params
        own = [table.name_of(part) for part in ("urut", "arah", "sesudah")]
        self.kept = [(name, value) for name, value in query.multi_items() if name not in own and value]
        self.order = [(name, query[name]) for name in own[:2] if query.get(name)]

    def to(self, *parts: tuple[str, str]) -> str:
        place = f"#{self._table.place}" if self._table.place else ""
        return address(self._path, [*self.kept, *parts]) + place

    def heading(self, column: Column[Any], asked: Asked) -> Heading:
        if not column.sort:
            return Heading(column.label, column.number)
        chosen = column.key == asked.sort
        down = not asked.descending if chosen else column.descending
        names = (self._table.name_of("urut"), column.key), (self._table.name_of("arah"), _word(down=down))
        now = ("descending" if asked.descending else "ascending") if chosen else ""
        return Heading(column.label, column.number, self.to(*names), now)

    def cleared(self, filters: Sequence[str]) -> str:
        """Where the list is whole; empty where it is already."""
        rest = [(name, value) for name, value in self.kept if name not in filters]
        return address(self._path, rest) if len(rest) < len(self.kept) else ""


def _word(*, down: bool) -> str:
    return "turun" if down else "naik"
