"""Seats of runs: their locks, their counts, and who moves up."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from enrollment.enrolments.domain.changes import Change, SeatChange
from enrollment.enrolments.domain.pools import promotions
from enrollment.enrolments.store.pools import load_candidates, load_holding
from enrollment.enrolments.store.states import SELECTED, enrolment_of

_LOCK = text(
    "SELECT FROM run_seats WHERE run_id = ANY (CAST(:ids AS uuid[])) ORDER BY run_id FOR NO KEY UPDATE"
)
_LOCK_BY_CODE = text(
    """SELECT run_seats.run_id FROM run_seats JOIN runs USING (run_id)
    WHERE run_code = ANY (CAST(:codes AS text[])) ORDER BY run_seats.run_id FOR NO KEY UPDATE OF run_seats"""
)
_LOCK_OF = text(
    """SELECT FROM run_seats WHERE run_id IN (
        SELECT run_id FROM enrolments WHERE enrollment_id = ANY (CAST(:ids AS uuid[])))
    ORDER BY run_id FOR NO KEY UPDATE"""
)
_COUNT = text(
    """UPDATE run_seats AS s SET taken = s.taken + n.taken, waiting = s.waiting + n.waiting,
        last_ticket = greatest(s.last_ticket, n.last_ticket)
    FROM unnest(CAST(:run_id AS uuid[]), CAST(:taken AS int[]), CAST(:waiting AS int[]),
        CAST(:last_ticket AS bigint[])) AS n (run_id, taken, waiting, last_ticket)
    WHERE s.run_id = n.run_id"""
)
_NEXT = text(
    f"""SELECT {SELECTED} FROM run_seats AS s JOIN runs AS r USING (run_id)
    CROSS JOIN LATERAL (SELECT * FROM enrolments AS w WHERE w.run_id = s.run_id AND w.state = 'waitlisted'
        ORDER BY w.ticket LIMIT greatest(r.seats - s.taken, 0)) AS e
    WHERE s.run_id = ANY (CAST(:ids AS uuid[])) AND s.waiting > 0 AND r.status = 'open' AND r.ends_on >= :on
    ORDER BY e.run_id, e.ticket"""  # noqa: S608 - fixed names
)
_WAITING = text(
    f"SELECT {SELECTED} FROM enrolments AS e WHERE run_id = :run AND state = 'waitlisted' ORDER BY ticket"  # noqa: S608 - fixed names
)


async def lock_runs(session: AsyncSession, ids: Iterable[UUID]) -> None:
    """Hold the seats of runs until the transaction ends."""
    await session.execute(_LOCK, {"ids": sorted(set(ids))})


async def lock_runs_by_code(session: AsyncSession, codes: Iterable[str]) -> None:
    """Hold the seats of runs named by code."""
    await session.execute(_LOCK_BY_CODE, {"codes": sorted(set(codes))})


async def lock_runs_of(session: AsyncSession, enrollment_ids: Iterable[UUID]) -> None:
    """Hold the seats of the runs that enrolments are in."""
    await session.execute(_LOCK_OF, {"ids": sorted(set(enrollment_ids))})


async def count_seats(session: AsyncSession, changes: Iterable[SeatChange]) -> None:
    """Add changes to the counts of runs whose seats are held."""
    rows = list(changes)
    if rows:
        await session.execute(_COUNT, columns(rows, "run_id", "taken", "waiting", "last_ticket"))


async def move_up(session: AsyncSession, run_ids: Iterable[UUID], on: date) -> list[Change]:
    """Who gets the free seats of runs still open on a day, the longest waiting that may have one first; not stored yet."""
    ids = list(run_ids)
    pools = await load_holding(session, ids, on)
    candidates = await load_candidates(session, pools, on)
    free = [id_ for id_ in ids if id_ not in pools]
    found = [enrolment_of(row) for row in await session.execute(_NEXT, {"ids": free, "on": on})]
    held = [change for id_, waiting in candidates.items() for change in promotions(pools[id_], waiting)]
    return [*(Change(one, one._replace(state="accepted", ticket=None)) for one in found), *held]


async def release_waiting(session: AsyncSession, run_id: UUID) -> list[Change]:
    """Those still waiting for a run that takes nobody any more, as withdrawn; not stored yet."""
    found = [enrolment_of(row) for row in await session.execute(_WAITING, {"run": run_id})]
    return [
        Change(one, one._replace(state="withdrawn", ticket=None, reason="run.concluded")) for one in found
    ]
