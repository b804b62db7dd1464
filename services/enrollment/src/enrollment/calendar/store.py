"""What stands in calendars, and the links by which people subscribe to theirs."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_SELECT = """SELECT r.run_id, r.run_code, p.name AS programme_name, r.starts_on, r.ends_on,
    r.status = 'cancelled' AS cancelled, s.session_id, s.starts_at, s.ends_at, coalesce(s.title, '') AS title,
    coalesce(nullif(s.place, ''), r.location) AS place, coalesce(s.link, '') AS link
    FROM runs AS r JOIN programmes AS p USING (programme_code) LEFT JOIN run_sessions AS s USING (run_id)"""
_OF_RUN = text(f"{_SELECT} WHERE r.run_id = :run ORDER BY s.starts_at, s.session_id")
_OF_ASN = text(
    f"""{_SELECT} JOIN enrolments AS e USING (run_id)
    WHERE e.asn_id = :asn AND e.state IN ('accepted', 'completed') AND r.ends_on >= :since
    ORDER BY coalesce(s.starts_at, CAST(r.starts_on AS timestamptz)), s.session_id LIMIT 1000"""
)
_RENEW = text(
    """INSERT INTO calendar_links AS c (asn_id, generation) VALUES (:asn, 1)
    ON CONFLICT (asn_id) DO UPDATE SET generation = c.generation + 1, active = true, renewed_at = now()"""
)
_REVOKE = text("UPDATE calendar_links SET active = false, renewed_at = now() WHERE asn_id = :asn")
_GENERATION = text("SELECT generation FROM calendar_links WHERE asn_id = :asn AND active")


class Appointment(NamedTuple):
    """A session of a run, or the whole run where it has none."""

    run_id: UUID
    run_code: str
    programme_name: str
    starts_on: date
    ends_on: date
    cancelled: bool
    session_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    title: str
    place: str
    link: str


async def of_run(session: AsyncSession, run_id: UUID) -> list[Appointment]:
    """A run's sessions by their start."""
    return [Appointment(*row) for row in await session.execute(_OF_RUN, {"run": run_id})]


async def of_person(session: AsyncSession, asn_id: UUID, since: date) -> list[Appointment]:
    """Sessions of runs that a person has a seat in and that end on a day or later, by their start."""
    return [Appointment(*row) for row in await session.execute(_OF_ASN, {"asn": asn_id, "since": since})]


async def renew_link(session: AsyncSession, asn_id: UUID) -> None:
    """Let the links given so far open nothing, and a new one everything."""
    await session.execute(_RENEW, {"asn": asn_id})


async def revoke_link(session: AsyncSession, asn_id: UUID) -> None:
    """Let no link open anything."""
    await session.execute(_REVOKE, {"asn": asn_id})


async def load_generation(session: AsyncSession, asn_id: UUID) -> int | None:
    """Which of a person's links holds; None where none does."""
    found: int | None = await session.scalar(_GENERATION, {"asn": asn_id})
    return found
