"""Marks of attendance as they stand; whoever changes them holds the seats of the run."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from enrollment.attendance.domain import Mark, Tally
from enrollment.catalogue.domain import RunSession

_NAMES = Mark._fields
_SAVE = text(
    f"""INSERT INTO attendance ({", ".join(_NAMES)})
    SELECT * FROM unnest(CAST(:session_id AS uuid[]), CAST(:enrollment_id AS uuid[]), CAST(:state AS text[]),
        CAST(:how AS text[]), CAST(:at AS timestamptz[]), CAST(:late AS boolean[]), CAST(:shared AS boolean[]),
        CAST(:device AS text[]), CAST(:checked AS text[]), CAST(:note AS text[]), CAST(:marked_by AS uuid[])) ORDER BY 1, 2
    ON CONFLICT (session_id, enrollment_id) DO UPDATE SET state = excluded.state, how = excluded.how, at = excluded.at,
        late = excluded.late, shared = excluded.shared, device = excluded.device, checked = excluded.checked,
        note = excluded.note, marked_by = excluded.marked_by, recorded_at = clock_timestamp()"""  # noqa: S608 - fixed names
)
_LOAD = text(
    f"""SELECT {", ".join(_NAMES)} FROM attendance WHERE session_id = :session
    AND (CAST(:ids AS uuid[]) IS NULL OR enrollment_id = ANY (CAST(:ids AS uuid[]))) ORDER BY enrollment_id"""  # noqa: S608 - fixed names
)
_DEVICE = text("SELECT enrollment_id FROM attendance WHERE session_id = :session AND device = :device")
_SHARED = text(
    """UPDATE attendance SET shared = true, recorded_at = clock_timestamp()
    WHERE session_id = :session AND device = :device AND NOT shared RETURNING enrollment_id"""
)
_COUNT = text(
    """SELECT count(*) AS people, count(a.state) AS marked, count(*) FILTER (WHERE a.state = 'present') AS present
    FROM enrolments AS e LEFT JOIN attendance AS a ON a.enrollment_id = e.enrollment_id AND a.session_id = :session
    WHERE e.run_id = :run AND e.state IN ('accepted', 'completed', 'not_completed')"""
)
_UNMARKED = text(
    """SELECT e.enrollment_id, e.asn_id FROM enrolments AS e
    WHERE e.run_id = :run AND e.state = 'accepted' AND e.met_on IS NULL AND NOT EXISTS (
        SELECT FROM attendance AS a WHERE a.session_id = :session AND a.enrollment_id = e.enrollment_id)
    ORDER BY e.enrollment_id"""
)
_TALLIES = text(
    """SELECT e.enrollment_id, count(a.state) AS marked, count(*) FILTER (WHERE a.state = 'present') AS present
    FROM enrolments AS e LEFT JOIN attendance AS a USING (enrollment_id)
    WHERE e.run_id = :run AND e.state = 'accepted' AND e.met_on IS NULL GROUP BY 1 ORDER BY 1"""
)
_OPEN = text(
    """SELECT s.session_id, s.run_id, s.starts_at, s.ends_at, s.title, s.place, s.link, s.trainer_id,
        r.run_code, p.name AS programme_name, e.enrollment_id, coalesce(a.state, '') AS state
    FROM enrolments AS e JOIN run_sessions AS s USING (run_id) JOIN runs AS r USING (run_id)
    JOIN run_programmes AS p USING (run_id)
    LEFT JOIN attendance AS a ON a.session_id = s.session_id AND a.enrollment_id = e.enrollment_id
    WHERE e.asn_id = :asn AND e.state = 'accepted' AND e.met_on IS NULL AND r.status <> 'cancelled'
        AND s.starts_at <= :opened AND s.ends_at >= :closed
        AND (CAST(:session AS uuid) IS NULL OR s.session_id = :session)
    ORDER BY s.starts_at, s.session_id"""
)


class Count(NamedTuple):
    """Of one session: how many take part, of how many something is recorded, how many came."""

    people: int
    marked: int
    present: int


class Open(NamedTuple):
    """A session of an enrolment that one may check in to, and what is recorded there, empty for nothing."""

    held: RunSession
    run_code: str
    programme_name: str
    enrollment_id: UUID
    state: str


async def save_marks(session: AsyncSession, marks: Sequence[Mark]) -> None:
    """Store marks in place of those before."""
    if marks:
        await session.execute(_SAVE, columns(marks, *_NAMES))


async def load_marks(
    session: AsyncSession, session_id: UUID, ids: Iterable[UUID] | None = None
) -> dict[UUID, Mark]:
    """Marks of a session by enrolment: of these, or all."""
    values = {"session": session_id, "ids": None if ids is None else sorted(set(ids))}
    return {row.enrollment_id: Mark(*row) for row in await session.execute(_LOAD, values)}


async def find_device(session: AsyncSession, session_id: UUID, device: str) -> UUID | None:
    """Whose check-in to a session a device made."""
    found: UUID | None = await session.scalar(_DEVICE, {"session": session_id, "device": device})
    return found


async def flag_shared(session: AsyncSession, session_id: UUID, device: str) -> None:
    """Remember that a second person tried to check in to a session by a device."""
    await session.execute(_SHARED, {"session": session_id, "device": device})


async def count_marks(session: AsyncSession, run_id: UUID, session_id: UUID) -> Count:
    """How far the attendance of a session is."""
    row = (await session.execute(_COUNT, {"run": run_id, "session": session_id})).one()
    return Count(*row)


async def unmarked(session: AsyncSession, run_id: UUID, session_id: UUID) -> dict[UUID, UUID]:
    """People of whom nothing is recorded in a session, by their enrolment."""
    rows = await session.execute(_UNMARKED, {"run": run_id, "session": session_id})
    return {row.enrollment_id: row.asn_id for row in rows}


async def load_tallies(session: AsyncSession, run_id: UUID) -> list[Tally]:
    """Of everybody whose attendance of a run is open: how many sessions are marked, to how many they came."""
    return [Tally(*row) for row in await session.execute(_TALLIES, {"run": run_id})]


async def load_open_sessions(
    session: AsyncSession, asn_id: UUID, opened: datetime, closed: datetime, session_id: UUID | None = None
) -> list[Open]:
    """Sessions of a person's enrolments that begin by `opened` and end no earlier than `closed`; of these one, or all."""
    values = {"asn": asn_id, "opened": opened, "closed": closed, "session": session_id}
    return [_open(row) for row in await session.execute(_OPEN, values)]


def _open(row: Any) -> Open:
    held = RunSession(*row[:8])
    return Open(held, row.run_code, row.programme_name, row.enrollment_id, row.state)
