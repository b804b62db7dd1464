"""Where a list's rows come from: the database, page by page, or what was loaded as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

if TYPE_CHECKING:
    from bina.web.tables.asking import Asked

T = TypeVar("T")
Row_co = TypeVar("Row_co", covariant=True)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows in their order, the cursor of those behind them (empty at the end), and what the last is sorted by."""

    rows: Sequence[T]
    following: str = ""
    last: tuple[Any, ...] = ()


class Source(Protocol[Row_co]):
    """Rows to be sorted, cut into pages and counted."""

    async def load(self, session: AsyncSession, asked: Asked, limit: int) -> Sequence[Any]:
        """The first rows after what was asked, as they are sorted."""
        ...

    async def make(self, session: AsyncSession, rows: Sequence[Any]) -> Sequence[Row_co]:
        """What readers of the list see of such rows."""
        ...

    async def count(self, session: AsyncSession, most: int) -> int:
        """How many rows there are; `most` and above it is enough to know that."""
        ...


@dataclass(frozen=True)
class Query(Generic[T]):
    """Rows of a query: SQL without order and limit, with columns of the names that the table sorts by.

    PostgreSQL takes it apart inside ours, so indexes serve the order as if it were its own. `each` makes of a row what
    readers of the list see.
    """

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)
    each: Callable[[Any], T] = lambda row: row

    async def load(self, session: AsyncSession, asked: Asked, limit: int) -> Sequence[Any]:
        """The first rows after what was asked."""
        values = {**self.values, **asked.values, "page_rows": limit}
        return list(await session.execute(_statement(asked.around(self.sql)), values))

    async def make(self, session: AsyncSession, rows: Sequence[Any]) -> Sequence[T]:  # noqa: ARG002 - others ask it
        """Each row as readers see it."""
        return [self.each(row) for row in rows]

    async def count(self, session: AsyncSession, most: int) -> int:
        """How many rows there are, up to `most`."""
        sql = f"SELECT count(*) FROM (SELECT FROM ({self.sql}) AS listed LIMIT :page_rows) AS counted"  # noqa: S608
        return int(await session.scalar(_statement(sql), {**self.values, "page_rows": most}))


@dataclass(frozen=True)
class Rows(Generic[T]):
    """Rows that are few enough to be loaded whole, because the page needs them all anyway."""

    rows: Sequence[T]

    async def load(self, _session: AsyncSession, asked: Asked, limit: int) -> Sequence[T]:
        """The first rows after what was asked."""
        return asked.sorted(self.rows)[:limit]

    async def make(self, _session: AsyncSession, rows: Sequence[T]) -> Sequence[T]:
        """They are what readers see."""
        return rows

    async def count(self, _session: AsyncSession, most: int) -> int:
        """How many rows there are, up to `most`."""
        return min(len(self.rows), most)


@lru_cache(maxsize=500)
def _statement(sql: str) -> TextClause:
    """One object for the same words, which the session has compiled already."""
    return text(sql)


def literal(words: str) -> str:
    """Words for `ILIKE`: signs that it would read as wildcards stand for themselves."""
    return words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
