"""What a reader asks of a list: the order, and after which row to go on."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem
from bina.web.tables.querying import Page, Source

if TYPE_CHECKING:
    from bina.web.tables.columns import Key, Table

T = TypeVar("T")
DIRECTIONS = {"naik": False, "turun": True}
LONGEST = 4096
"""Characters of a cursor."""
Term = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
"""Words that are looked for."""


@dataclass(frozen=True)
class Asked:
    """A list's order, and after which row to go on. `sort`: the column chosen; empty for the list's own order.

    `keys` are what rows are compared by, the id last; `after` are the values of the row to go on after.
    """

    sort: str
    descending: bool
    keys: tuple[Key, ...]
    after: tuple[Any, ...] | None = None

    async def page(self, session: AsyncSession, source: Source[T], size: int) -> Page[T]:
        """So many rows from here on."""
        found = await source.load(session, self, size + 1)
        rows = found[:size]
        last = self._of(rows[-1]) if rows else ()
        return Page(await source.make(session, rows), self._cursor(last) if len(found) > size else "", last)

    def follow(self, page: Page[Any]) -> Asked:
        """The same after a page's last row."""
        return replace(self, after=page.last)

    def around(self, sql: str) -> str:
        """A query in this order, from here on, `:page_rows` rows of it."""
        return (
            f"SELECT * FROM ({sql}) AS listed{self._condition()} "  # noqa: S608 - our own names
            f"ORDER BY {', '.join(self._order())} LIMIT :page_rows"
        )

    @property
    def values(self) -> dict[str, Any]:
        """What `around` names of the row to go on after."""
        return {f"after_{place}": value for place, value in enumerate(self.after or ()) if value is not None}

    def sorted(self, rows: Sequence[T]) -> list[T]:
        """Rows in this order, from here on."""
        ordered = sorted(rows, key=lambda row: self._rank(self._of(row)), reverse=self.descending)
        if self.after is None:
            return ordered
        last = self._rank(self.after)
        return [
            row
            for row in ordered
            if (self._rank(self._of(row)) < last if self.descending else self._rank(self._of(row)) > last)
        ]

    def _order(self) -> list[str]:
        """Missing values last: a test for them goes first, in the one direction that all parts have."""
        way = " DESC" if self.descending else ""
        parts = [[self._missing(key), key.name] if key.nullable else [key.name] for key in self.keys]
        return [f"{name}{way}" for part in parts for name in part]

    def _missing(self, key: Key) -> str:
        return f"({key.name} IS NOT NULL)" if self.descending else f"({key.name} IS NULL)"

    def _condition(self) -> str:
        """One comparison of rows, which an index in that order answers."""
        if self.after is None:
            return ""
        ours, theirs = [], []
        for place, (key, value) in enumerate(zip(self.keys, self.after, strict=True)):
            if key.nullable:
                ours.append(self._missing(key))
                theirs.append(str((value is None) != self.descending).lower())
            if value is not None:
                ours.append(key.name)
                theirs.append(f"CAST(:after_{place} AS {key.kind})")
        return f" WHERE ({', '.join(ours)}) {'<' if self.descending else '>'} ({', '.join(theirs)})"

    def _rank(self, values: Sequence[Any]) -> list[Any]:
        return [((value is None) != self.descending, _comparable(value)) for value in values]

    def _of(self, row: Any) -> tuple[Any, ...]:
        return tuple(attrgetter(key.name)(row) for key in self.keys)

    def _cursor(self, values: Sequence[Any]) -> str:
        told = [self.sort, self.descending, [_told(value) for value in values]]
        return base64.urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode().rstrip("=")


def read(table: Table[Any], query: Mapping[str, str]) -> Asked:
    """What an address asks of a table; raises `Problem` (422) for a column, a direction or a cursor that it lacks."""
    names = {part: table.name_of(part) for part in ("urut", "arah", "sesudah")}
    given = {part: query.get(name, "") for part, name in names.items()}
    sort = given["urut"] or table.default
    column = table.by_key.get(sort)
    if sort and column is None:
        raise _refused(names["urut"], _("Pilih salah satu: %(limit)s."), ", ".join(table.by_key))
    if given["arah"] not in ("", *DIRECTIONS):
        raise _refused(names["arah"], _("Pilih salah satu: %(limit)s."), ", ".join(DIRECTIONS))
    first = column.descending if column else False
    keys = dict.fromkeys((*(column.sort if column else table.order), table.id))
    asked = Asked(sort, DIRECTIONS.get(given["arah"], first), tuple(keys))
    return asked if not given["sesudah"] else replace(asked, after=_after(asked, given["sesudah"], names))


def _after(asked: Asked, cursor: str, names: Mapping[str, str]) -> tuple[Any, ...]:
    try:
        values = _unpacked(cursor, asked)
        return tuple(_read(key, value) for key, value in zip(asked.keys, values, strict=True))
    except (ValueError, TypeError, OverflowError, InvalidOperation, RecursionError) as bad:
        raise _refused(names["sesudah"], _("Penanda halaman ini tidak sah.")) from bad


def _unpacked(cursor: str, asked: Asked) -> Any:
    if len(cursor) > LONGEST or not cursor.isascii():
        raise ValueError("no cursor of ours")
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error as bad:
        raise ValueError("no cursor of ours") from bad
    sort, descending, values = json.loads(packed)
    if (sort, descending) != (asked.sort, asked.descending):
        raise ValueError("a cursor of another order")
    return values


def _read(key: Key, value: Any) -> Any:
    if value is None:
        if key.nullable:
            return None
        raise ValueError("a value that is never missing")
    return _READERS[key.kind](value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    value.encode()
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("no number that the database holds")
    return value


def _float(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _decimal(value: Any) -> Decimal:
    found = Decimal(_text(value))
    if not found.is_finite() or abs(found.adjusted()) > 100:
        raise ValueError("no number")
    return found


def _time(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found.astimezone(UTC)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "bigint": _whole,
    "float8": _float,
    "numeric": _decimal,
    "date": lambda value: date.fromisoformat(_text(value)),
    "timestamptz": _time,
    "uuid": lambda value: UUID(_text(value)),
    "boolean": _flag,
}


def _told(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def _comparable(value: Any) -> Any:
    """Names as people sort them, whatever their case."""
    if isinstance(value, str):
        return (value.casefold(), value)
    return 0 if value is None else value


def _refused(name: str, what: str, offered: str = "") -> Problem:
    return Problem(
        "invalid-input",
        422,
        _("Alamat daftar ini tidak lengkap atau sudah berubah."),
        mend=_("Buka lagi daftarnya dari menu, lalu urutkan atau saring di sana."),
        errors=[Fault(name, what % {"limit": offered} if offered else what)],
    )
