"""Making changes true: enrolments, seats and the JP ledger together; then what is told of them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import clock, meanwhile
from bina.web import audit
from enrollment.certificates import store as certificates
from enrollment.enrolments import store
from enrollment.enrolments.domain import (
    Change,
    SeatChange,
    WaitingAsk,
    facts_of,
    late_answer,
    left_waiting,
    seat_changes,
    waiting_asks,
)
from enrollment.enrolments.store.revoked import add_revoked
from enrollment.entitlement import store as ledger
from enrollment.entitlement.domain import LESSON, Statement


class _Following(NamedTuple):
    """What follows from changes. `facts` of those that need no sum of the ledger's; None for the others."""

    seats: list[SeatChange]
    stated: list[Statement]
    waiting: list[WaitingAsk]
    left: list[UUID]
    facts: list[list[Event] | None]


async def apply(session: AsyncSession, changes: Sequence[Change]) -> list[list[Event]]:
    """Store changes (at most one per enrolment; their runs' seats are held) and give the facts of each."""
    stood = [change.after for change in changes if change.before]
    new = [change.after for change in changes if change.before is None]
    saved = store.save_enrolments(session, stood, new)
    _, following = await meanwhile(saved, lambda: _noted_following(session, changes))
    await store.count_seats(session, following.seats)
    in_year = await ledger.record(session, following.stated)
    await store.add_waiting_asks(session, following.waiting)
    asked = await store.take_waiting_asks(session, following.left)
    await _let_fall(session, [change for change in changes if change.fallen])
    return [
        [
            *(facts_of(change, in_year.get(id_, 0)) if facts is None else facts),
            *late_answer(change, asked.get(id_)),
        ]
        for change, facts in zip(changes, following.facts, strict=True)
        if (id_ := change.after.enrollment_id)
    ]


def note(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Note in a command's audit what becomes of enrolments; where an event is applied, it is its own record."""
    if trail := audit.open_in(session):
        for change in changes:
            after = change.after
            trail.changed(
                "enrolment", after.enrollment_id, change.before, after, person=after.asn_id, why=change.why
            )


async def _let_fall(session: AsyncSession, changes: Sequence[Change]) -> None:
    """The one way on which certificates fall: their numbers are never given again, their pages say so."""
    if changes:
        await add_revoked(session, [change for change in changes if not change.taken_back])
        await certificates.revoke(session, [_fallen(change) for change in changes], clock.now())


def _fallen(change: Change) -> certificates.Fallen:
    """A certificate says the result as it stood: what is revoked after a correction is revoked as corrected."""
    assert change.before is not None
    return certificates.Fallen(change.after.enrollment_id, change.before.revision, change.why)


def _noted_following(session: AsyncSession, changes: Sequence[Change]) -> _Following:
    note(session, changes)
    return _following(changes)


def _following(changes: Sequence[Change]) -> _Following:
    return _Following(
        seat_changes(changes),
        _stated(changes),
        waiting_asks(changes),
        left_waiting(changes),
        [None if change.earned_on else facts_of(change) for change in changes],
    )


async def fill_seats(
    session: AsyncSession, run_ids: Iterable[UUID], on: date, causes: dict[UUID, Event] | None = None
) -> list[Event]:
    """Move the longest waiting into free seats of runs still open on a day. `causes`: what freed them, by run."""
    changes = await store.move_up(session, sorted(set(run_ids)), on)
    told = await apply(session, changes)
    by_run = causes or {}
    return [
        fact.because(by_run.get(change.after.run_id))
        for change, facts in zip(changes, told, strict=True)
        for fact in facts
    ]


def _stated(changes: Iterable[Change]) -> list[Statement]:
    """What enrolments are worth whose completion is new, other than it was, or no more."""
    found = []
    for change in changes:
        e, fell = change.after, change.before is not None and change.before.state == "completed"
        if e.state == "completed" and change.earned_on is not None:
            found.append(_statement(change, e.jp * LESSON, change.earned_on))
        elif fell and e.state != "completed":
            found.append(_statement(change))
    return found


def _statement(change: Change, minutes: int = 0, day: date | None = None) -> Statement:
    e = change.after
    return Statement("completion", e.enrollment_id, e.asn_id, e.revision, minutes, day, change.why)
