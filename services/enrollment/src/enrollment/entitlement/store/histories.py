"""Which agencies have said that JP of a year from before are all in the ledger."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_DECLARE = text(
    """INSERT INTO jp_histories (agency_code, year, source, declared_at) VALUES (:agency_code, :year, :source, :at)
    ON CONFLICT (agency_code, year) DO UPDATE SET source = excluded.source, declared_at = excluded.declared_at"""
)
_WITHDRAW = text("DELETE FROM jp_histories WHERE agency_code = :agency_code AND year = :year")
_LOAD = text(
    """SELECT agency_code, year, source, declared_at FROM jp_histories
    WHERE agency_code = :agency_code AND year = :year"""
)


class History(NamedTuple):
    """An agency's word that nothing of a year is missing; `source` says what it was taken from."""

    agency_code: str
    year: int
    source: str
    declared_at: datetime


async def declare(session: AsyncSession, history: History) -> None:
    """Keep an agency's word, the newest of a year."""
    values = history._asdict()
    await session.execute(_DECLARE, values | {"at": values.pop("declared_at")})


async def withdraw(session: AsyncSession, agency_code: str, year: int) -> None:
    """Take it back."""
    await session.execute(_WITHDRAW, {"agency_code": agency_code, "year": year})


async def load_history(session: AsyncSession, agency_code: str, year: int) -> History | None:
    """An agency's word for a year, if it gave it."""
    row = (await session.execute(_LOAD, {"agency_code": agency_code, "year": year})).one_or_none()
    return History(*row) if row else None
