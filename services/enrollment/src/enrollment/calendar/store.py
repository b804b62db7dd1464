"""What stands in calendars, and the links by which people subscribe to theirs."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock

_SELECT = """SELECT r.run_id, r.run_code, p.name AS programme_name, r.starts_on, r.ends_on,
    r.status = 'cancelled' AS cancelled, s.session_id, s.starts_at, s.ends_at, coalesce(s.title, '') AS title,
    coalesce(nullif(s.place, ''), r.location) AS place, coalesce(s.link, '') AS link
    FROM runs AS r JOIN run_programmes AS p USING (run_id) LEFT JOIN run_sessions AS s USING (run_id)"""
_OF_RUN = text(f"{_SELECT} WHERE r.run_id = :run ORDER BY s.starts_at, s.session_id")
_OF_ASN = text(
    f"""{_SELECT} JOIN enrolments AS e USING (run_id)
    WHERE e.asn_id = :asn AND e.state IN ('accepted', 'completed') AND r.ends_on >= :since
    ORDER BY coalesce(s.starts_at, CAST(r.starts_on AS timestamptz)), s.session_id LIMIT 1000"""
)
_COLUMNS = """r.run_id, r.run_code, p.name AS programme_name, r.starts_on, r.ends_on, r.organiser, r.mode,
    r.location"""
_FILTER = """r.status <> 'cancelled' AND (CAST(:organiser AS text) = '' OR r.organiser = :organiser)
    AND (CAST(:mode AS text) = '' OR r.mode = :mode)"""
_TAKES_PART = """EXISTS (SELECT FROM enrolments AS e WHERE e.run_id = r.run_id AND e.asn_id = CAST(:asn AS uuid)
    AND e.state IN ('accepted', 'completed'))"""
# One's own sessions, as participant or trainer, and one's own runs without any; others' runs that begin.
_BETWEEN = text(
    f"""SELECT * FROM (
    SELECT {_COLUMNS}, s.session_id, s.starts_at, s.ends_at, coalesce(s.title, '') AS title, true AS own
    FROM runs AS r JOIN run_programmes AS p USING (run_id) LEFT JOIN run_sessions AS s USING (run_id)
    WHERE {_FILTER} AND ({_TAKES_PART} OR s.trainer_id = CAST(:asn AS uuid)) AND r.starts_on <= :last
        AND r.ends_on >= :first AND (s.session_id IS NULL OR s.starts_at >= CAST(:from AS timestamptz)
        AND s.starts_at < CAST(:until AS timestamptz))
    UNION ALL
    SELECT {_COLUMNS}, NULL, NULL, NULL, '', false
    FROM runs AS r JOIN run_programmes AS p USING (run_id)
    WHERE NOT :mine AND {_FILTER} AND r.starts_on BETWEEN :first AND :last AND NOT {_TAKES_PART}
        AND (CAST(:agency AS text) IS NULL OR CAST(:agency AS text) = ANY (r.open_to) OR r.organiser = :agency)
    ) AS found ORDER BY own DESC, starts_at NULLS FIRST, starts_on, programme_name, run_code LIMIT 1000"""  # noqa: S608 - fixed parts
)
_MODES = text("SELECT DISTINCT mode FROM runs WHERE mode <> '' ORDER BY mode")
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


class Entry(NamedTuple):
    """What stands in a calendar: a session, or a run. `own`: the reader takes part or teaches."""

    run_id: UUID
    run_code: str
    programme_name: str
    starts_on: date
    ends_on: date
    organiser: str
    mode: str
    place: str
    session_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    title: str
    own: bool


class Which(NamedTuple):
    """Whose calendar, and what of it; `mine`: nothing but one's own. Empty texts filter nothing."""

    asn_id: UUID | None
    agency: str | None
    organiser: str = ""
    mode: str = ""
    mine: bool = False


async def between(session: AsyncSession, which: Which, first: date, last: date) -> list[Entry]:
    """What stands on these days, a thousand entries at most: one's own first, then by time."""
    values = {
        "asn": which.asn_id,
        "agency": which.agency,
        "organiser": which.organiser,
        "mode": which.mode,
        "mine": which.mine,
        "first": first,
        "last": last,
        "from": datetime.combine(first, time.min, clock.ZONE),
        "until": datetime.combine(last + timedelta(days=1), time.min, clock.ZONE),
    }
    return [Entry(*row) for row in await session.execute(_BETWEEN, values)]


async def load_modes(session: AsyncSession) -> list[str]:
    """The ways in which runs are held."""
    return [*await session.scalars(_MODES)]


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
