"""The table of placements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, columns
from enrollment.placements.domain import LATE, Placement, Seen

_NAMES = ("asn_id", "from_on", "until_on", "agency_code", "unit_id", "position", "cause", "ended_for")
_LOAD = text(
    f"""SELECT {", ".join(_NAMES)} FROM placements WHERE asn_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY asn_id, from_on"""  # noqa: S608 - fixed names
)
_REMOVE = text(
    """DELETE FROM placements AS p USING unnest(CAST(:asn_id AS uuid[]), CAST(:from_on AS date[])) AS n (asn_id, from_on)
    WHERE p.asn_id = n.asn_id AND p.from_on = n.from_on"""
)
# Sorted, so that the one that stood is closed before the next begins.
_PUT = text(
    f"""INSERT INTO placements ({", ".join(_NAMES)})
    SELECT * FROM unnest(CAST(:asn_id AS uuid[]), CAST(:from_on AS date[]), CAST(:until_on AS date[]),
        CAST(:agency_code AS text[]), CAST(:unit_id AS uuid[]), CAST(:position AS text[]), CAST(:cause AS text[]),
        CAST(:ended_for AS text[])) ORDER BY 1, 2
    ON CONFLICT (asn_id, from_on) DO UPDATE SET until_on = excluded.until_on, agency_code = excluded.agency_code,
        unit_id = excluded.unit_id, position = excluded.position, cause = excluded.cause,
        ended_for = excluded.ended_for, recorded_at = now()"""  # noqa: S608 - fixed names
)
_LIVE = text(
    """SELECT e.enrollment_id, r.run_code, p.name AS programme_name, e.state, a.name AS agency_name, r.starts_on, r.ends_on
    FROM enrolments AS e JOIN runs AS r USING (run_id) JOIN run_programmes AS p USING (run_id)
    LEFT JOIN agencies AS a ON a.agency_code = e.agency_code
    WHERE e.asn_id = :id AND e.state IN ('accepted', 'waitlisted') AND r.status <> 'cancelled'
    ORDER BY r.starts_on, e.enrollment_id"""
)
# A session is on the day that it has in the zone in which days are counted. Only a page says from which day on a
# placement holds; a file's or a machine's begins when the register heard of it.
_SEEN = text(
    """SELECT DISTINCT ON (asn_id) asn_id, by, CAST(seen_on AS date) AS seen_on FROM (
        SELECT asn_id, 'placement' AS by, max(from_on) AS seen_on FROM placements
            WHERE asn_id = ANY (CAST(:ids AS uuid[])) AND cause = 'page' GROUP BY 1
        UNION ALL SELECT asn_id, 'list', max(from_on) - CAST(:late AS int) FROM placements
            WHERE asn_id = ANY (CAST(:ids AS uuid[])) AND cause <> 'page' GROUP BY 1
        UNION ALL SELECT asn_id, 'result', max(completed_on) FROM enrolments
            WHERE asn_id = ANY (CAST(:ids AS uuid[])) AND state = 'completed' GROUP BY 1
        UNION ALL SELECT e.asn_id, 'attendance', max(CAST(s.starts_at AT TIME ZONE :zone AS date)) FROM enrolments AS e
            JOIN attendance AS a USING (enrollment_id) JOIN run_sessions AS s USING (session_id)
            WHERE e.asn_id = ANY (CAST(:ids AS uuid[])) AND a.state = 'present' GROUP BY 1) AS found
    WHERE seen_on IS NOT NULL ORDER BY asn_id, seen_on DESC, by"""
)


class LiveEnrolment(NamedTuple):
    """A training that is still to end, with the agency that reports for it."""

    enrollment_id: UUID
    run_code: str
    programme_name: str
    state: str
    agency_name: str
    starts_on: object
    ends_on: object


async def load(session: AsyncSession, people: Iterable[UUID]) -> dict[UUID, list[Placement]]:
    """Histories by person, each sorted by its days."""
    found: dict[UUID, list[Placement]] = defaultdict(list)
    for row in await session.execute(_LOAD, {"ids": sorted(set(people))}):
        found[row.asn_id].append(Placement(*row))
    return found


async def load_seen(session: AsyncSession, people: Iterable[UUID]) -> dict[UUID, Seen]:
    """By person the last day on which the register has them in service; who is nowhere is left out."""
    ids = sorted(set(people))
    rows = await session.execute(_SEEN, {"ids": ids, "zone": clock.ZONE.key, "late": LATE}) if ids else ()
    return {row.asn_id: Seen(row.by, row.seen_on) for row in rows}


async def remove(session: AsyncSession, placements: Sequence[Placement]) -> None:
    """Take out what did not last a day, or came after somebody left."""
    if placements:
        await session.execute(_REMOVE, columns(placements, "asn_id", "from_on"))


async def put(session: AsyncSession, placements: Sequence[Placement]) -> None:
    """Write placements, or what became of them; one of a person is named by its first day."""
    if placements:
        await session.execute(_PUT, columns(placements, *_NAMES))


async def load_live(session: AsyncSession, asn_id: UUID) -> list[LiveEnrolment]:
    """Trainings of somebody that are still to end."""
    return [LiveEnrolment(*row) for row in await session.execute(_LIVE, {"id": asn_id})]
