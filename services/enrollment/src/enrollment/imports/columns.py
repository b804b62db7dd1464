"""The columns, aliases, choices and limits that import files are read by: configuration, not code."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """What a file reports: people, enrolments, results or balances of JP. The values are the field's own words."""

    PEGAWAI = "pegawai"
    PENDAFTARAN = "pendaftaran"
    KELULUSAN = "kelulusan"
    SALDO_JP = "saldo-jp"

    @property
    def right(self) -> "Kind":
        """Of whom it may be brought: whoever reports an agency's people brings their balances."""
        return Kind.PEGAWAI if self is Kind.SALDO_JP else self


@dataclass(frozen=True, slots=True)
class Column:
    """One column that an import understands.

    `field` is the machine name of its value; `max` counts code points of a text; `range` bounds a number.
    """

    name: str
    field: str
    required: bool
    type: str
    max: int | None
    aliases: tuple[str, ...]
    keep_spaces: bool = False
    range: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes above which a file is refused before it is unpacked."""

    max_file_bytes: int
    max_uncompressed_bytes: int
    max_rows: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything of `columns.json`, with the lookups that reading needs. `appointments`: by word the employment that it
    belongs to, and the machine's word."""

    limits: Limits
    columns: Mapping[Kind, tuple[Column, ...]]
    ignored: frozenset[str]
    choices: Mapping[str, Mapping[str, Sequence[str]]]
    result_status: Mapping[str, str]
    appointments: Mapping[str, Sequence[str]]

    def by_header(self, kind: Kind) -> Mapping[str, Column]:
        """Header keys (see `header_key`) of a kind's columns and their aliases, and what was chosen for others."""
        known, meant = _by_header(self.columns[kind]), _CHOSEN.get()
        if not meant:
            return known
        columns = {column.name: column for column in self.columns[kind]}
        named = {key: columns[name] for key, name in meant.items() if name in columns}
        return {**{key: column for key, column in known.items() if key not in meant}, **named}

    def ignores(self, key: str) -> bool:
        """Whether a header key is that of a column nobody asks about."""
        return not key or key in self.ignored or _CHOSEN.get().get(key) == IGNORE


IGNORE = "ignore"
"""Chosen for a header whose column is to be left out."""
_CHOSEN: ContextVar[Mapping[str, str]] = ContextVar("chosen", default=MappingProxyType({}))
_NO_LETTER = re.compile(r"[\W_]+")


def header_key(text: str) -> str:
    """Header text as it is compared: NFKC, lower case, only letters and digits, one space between words.

    >>> header_key("Tgl. Selesai*")
    'tgl selesai'
    """
    # lower case may undo NFKC and the reverse (ligatures, dotted capital I), hence twice
    lowered = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    return _NO_LETTER.sub(" ", lowered).strip()


@contextmanager
def chosen(columns: Mapping[str, str]) -> Iterator[None]:
    """Read headers as somebody chose (header key → a column's name or `IGNORE`), before what is configured."""
    token = _CHOSEN.set(columns)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


@cache
def _by_header(columns: tuple[Column, ...]) -> Mapping[str, Column]:
    names = {header_key(name): c for c in columns for name in (*c.aliases, c.name)}
    return MappingProxyType(names)


def _column(raw: Mapping[str, Any]) -> Column:
    bounds = tuple(raw["range"]) if "range" in raw else None
    return Column(**{**raw, "aliases": tuple(raw["aliases"]), "range": bounds})


@cache
def configuration() -> Configuration:
    """The committed configuration, read once."""
    raw = json.loads(resources.files(__package__).joinpath("columns.json").read_text("utf-8"))
    return Configuration(
        limits=Limits(**raw["limits"]),
        columns={Kind(kind): tuple(map(_column, columns)) for kind, columns in raw["columns"].items()},
        ignored=frozenset(map(header_key, raw["ignored_columns"])),
        choices=raw["choices"],
        result_status=raw["result_status"],
        appointments=raw["appointments"],
    )
