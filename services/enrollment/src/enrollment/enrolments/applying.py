"""Making changes true: enrolments, seats and the JP ledger together; then what is told of them."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from enrollment.enrolments import store
from enrollment.enrolments.domain import Change, facts_of, seat_changes
from enrollment.entitlement import store as ledger
from enrollment.entitlement.domain import Entry


async def apply(session: AsyncSession, changes: Sequence[Change]) -> list[list[Event]]:
    """Store changes (at most one per enrolment; their runs' seats are held) and give the facts of each."""
    await store.save_enrolments(session, [change.after for change in changes])
    await store.count_seats(session, seat_changes(changes))
    in_year = await ledger.record(session, _entries(changes), _removed(changes))
    return [facts_of(change, in_year.get(change.after.enrollment_id, 0)) for change in changes]


async def fill_seats(
    session: AsyncSession, run_ids: Iterable[UUID], on: date, causes: dict[UUID, Event] | None = None
) -> list[Event]:
    """Move the longest waiting into free seats of runs still open on a day. `causes`: what freed them, by run."""
    changes = await store.move_up(session, sorted(set(run_ids)), on)
    told = [fact for facts in await apply(session, changes) for fact in facts]
    by_run = causes or {}
    runs = (change.after.run_id for change in changes)
    return [fact.because(by_run.get(run)) for run, fact in zip(runs, told, strict=True)]


def _entries(changes: Iterable[Change]) -> list[Entry]:
    return [
        Entry(e.enrollment_id, e.asn_id, e.run_id, e.jp, change.earned_on)
        for change in changes
        if (e := change.after).state == "completed" and change.earned_on is not None
    ]


def _removed(changes: Iterable[Change]) -> list[UUID]:
    return [
        change.after.enrollment_id
        for change in changes
        if change.before and change.before.state == "completed" and change.after.state != "completed"
    ]
