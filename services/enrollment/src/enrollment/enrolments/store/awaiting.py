"""Requests that wait for an approval."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from enrollment.enrolments.domain.awaiting import Awaiting

NAMES = tuple(field.name for field in fields(Awaiting) if field.name != "ahead")
SELECTED = ", ".join(f"w.{name}" for name in NAMES)
_AHEAD = """(SELECT count(*) FROM enrolments AS e
    WHERE e.run_id = w.run_id AND e.state = 'waitlisted' AND e.ticket < w.ticket) AS ahead"""
# Whoever is erased meanwhile asks for nothing.
_ADD = text(
    f"""INSERT INTO approvals ({", ".join(NAMES)})
    SELECT n.* FROM asn JOIN unnest(CAST(:approval_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:asn_id AS uuid[]),
        CAST(:agency_code AS text[]), CAST(:ticket AS bigint[]), CAST(:requested_at AS timestamptz[]),
        CAST(:note AS text[]), CAST(:stage AS text[]), CAST(:then_agency AS boolean[]), CAST(:state AS text[]),
        CAST(:until AS timestamptz[]), CAST(:supervisor_id AS uuid[]), CAST(:supervisor_at AS timestamptz[]),
        CAST(:decided_by AS uuid[]), CAST(:decided_at AS timestamptz[]), CAST(:answer AS text[]))
        AS n ({", ".join(NAMES)}) ON n.asn_id = asn.asn_id FOR KEY SHARE OF asn"""  # noqa: S608 - fixed names
)
_CHANGE = text(
    """UPDATE approvals AS w SET stage = n.stage, then_agency = n.then_agency, state = n.state, until = n.until,
        supervisor_id = n.supervisor_id, supervisor_at = n.supervisor_at, decided_by = n.decided_by,
        decided_at = n.decided_at, answer = n.answer, recorded_at = now()
    FROM unnest(CAST(:approval_id AS uuid[]), CAST(:stage AS text[]), CAST(:then_agency AS boolean[]),
        CAST(:state AS text[]), CAST(:until AS timestamptz[]), CAST(:supervisor_id AS uuid[]),
        CAST(:supervisor_at AS timestamptz[]), CAST(:decided_by AS uuid[]), CAST(:decided_at AS timestamptz[]),
        CAST(:answer AS text[])) AS n (approval_id, stage, then_agency, state, until, supervisor_id, supervisor_at,
            decided_by, decided_at, answer) WHERE w.approval_id = n.approval_id"""
)
_OPEN = text(
    f"""SELECT {SELECTED}, {_AHEAD} FROM approvals AS w
    JOIN unnest(CAST(:runs AS uuid[]), CAST(:people AS uuid[])) AS asked (run_id, asn_id) USING (run_id, asn_id)
    WHERE w.state = 'open'"""  # noqa: S608 - fixed names
)
_LOAD = text(
    f"SELECT {SELECTED} FROM approvals AS w WHERE approval_id = ANY (CAST(:ids AS uuid[])) ORDER BY 1"  # noqa: S608 - fixed names
)
_OF_RUN = text(
    f"SELECT {SELECTED} FROM approvals AS w WHERE run_id = :run AND state = 'open' ORDER BY ticket"  # noqa: S608 - fixed names
)
_AWAITED = text(
    "SELECT DISTINCT run_id FROM approvals WHERE run_id = ANY (CAST(:ids AS uuid[])) AND state = 'open'"
)
_SUPERVISED = text(
    """SELECT asn.asn_id FROM asn JOIN asn AS s ON s.asn_id = asn.supervisor_id
    WHERE asn.asn_id = ANY (CAST(:ids AS uuid[])) AND s.asn_id <> asn.asn_id
        AND (s.left_on IS NULL OR s.left_on > CAST(:today AS date))"""
)

# Nearest first: clerks of the person's own unit before those of the units above and of the whole agency.
_APPROVERS = text(
    """SELECT w.approval_id, a.asn_id FROM approvals AS w JOIN asn ON asn.asn_id = w.asn_id
    LEFT JOIN units USING (unit_id)
    CROSS JOIN LATERAL (
        SELECT asn.supervisor_id AS asn_id WHERE w.stage = 'supervisor' AND asn.supervisor_id IS NOT NULL
        UNION ALL (
            SELECT g.asn_id FROM role_grants AS g JOIN asn AS clerk ON clerk.asn_id = g.asn_id
            WHERE w.stage = 'agency' AND g.role = ANY (CAST(:roles AS text[])) AND g.agency_code = asn.agency_code
                AND (g.unit_id IS NULL OR g.unit_id = ANY (units.path)) AND g.asn_id <> w.asn_id
                AND (clerk.left_on IS NULL OR clerk.left_on > CAST(:today AS date))
            GROUP BY 1 ORDER BY max(array_position(units.path, g.unit_id)) DESC NULLS LAST, 1 LIMIT :most)) AS a
    WHERE w.approval_id = ANY (CAST(:ids AS uuid[]))"""
)
MOST_APPROVERS = 20
"""So many of an agency's clerks hear of one request at most."""


async def add_awaiting(session: AsyncSession, rows: Sequence[Awaiting]) -> None:
    """Keep new requests; their runs' seats are held."""
    if rows:
        await session.execute(_ADD, columns(rows, *NAMES))


async def change_awaiting(session: AsyncSession, rows: Sequence[Awaiting]) -> None:
    """Keep what became of requests; their runs' seats are held."""
    if rows:
        names = ("approval_id", "stage", "then_agency", "state", "until", "supervisor_id", "supervisor_at")
        more = ("decided_by", "decided_at", "answer")
        await session.execute(_CHANGE, columns(rows, *names, *more))


async def load_open(
    session: AsyncSession, pairs: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Awaiting]:
    """Requests that wait, by (run_id, asn_id), with how many wait for a seat before them."""
    asked = set(pairs)
    if not asked:
        return {}
    rows = await session.execute(_OPEN, {"runs": [r for r, _ in asked], "people": [a for _, a in asked]})
    return {(row.run_id, row.asn_id): awaiting_of(row, row.ahead) for row in rows}


async def runs_awaited(session: AsyncSession, run_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these runs for which requests wait, whether or not they still ask for an approval."""
    ids = sorted(set(run_ids))
    return set(await session.scalars(_AWAITED, {"ids": ids})) if ids else set()


async def load_awaiting(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Awaiting]:
    """Requests by id, open or not; unknown ones are left out."""
    rows = await session.execute(_LOAD, {"ids": sorted(set(ids))})
    return {row.approval_id: awaiting_of(row) for row in rows}


async def open_of_run(session: AsyncSession, run_id: UUID) -> list[Awaiting]:
    """Requests for a run that wait, in the order in which they were made."""
    return [awaiting_of(row) for row in await session.execute(_OF_RUN, {"run": run_id})]


async def with_supervisor(session: AsyncSession, ids: Iterable[UUID], today: date) -> set[UUID]:
    """Those of these people who have a supervisor in office, other than themselves."""
    return set(await session.scalars(_SUPERVISED, {"ids": sorted(set(ids)), "today": today}))


def awaiting_of(row: Any, ahead: int = 0) -> Awaiting:
    """A request from a row that has all its columns."""
    return Awaiting(**{name: getattr(row, name) for name in NAMES}, ahead=ahead)


async def approvers_of(
    session: AsyncSession, ids: Iterable[UUID], roles: Iterable[str], today: date
) -> dict[UUID, list[UUID]]:
    """Whose word requests wait for as they are stored, by request: the supervisor, or the agency's people of these
    roles, the nearest first; requests that nobody can answer are left out."""
    values = {"ids": sorted(set(ids)), "roles": sorted(roles), "today": today, "most": MOST_APPROVERS}
    found: dict[UUID, list[UUID]] = {}
    for row in await session.execute(_APPROVERS, values):
        found.setdefault(row.approval_id, []).append(row.asn_id)
    return found
