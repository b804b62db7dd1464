"""Enrolments and results: each told to the person concerned."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import (
    EnrollmentAccepted,
    EnrollmentRejected,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    TrainingCompleted,
    TrainingNotCompleted,
)
from bina.messaging import due
from notification.notices.domain import Notice
from notification.notices.store import enrolments as store
from notification.notices.store.notices import add_notices

from .needs import handlers, run_of
from .trainings import telling


@handlers.on(EnrollmentAccepted, needs=run_of)
async def on_enrollment_accepted(events: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    """A seat was given."""
    await _begin(session, events)
    await add_notices(session, [_notice(e, "enrollment_accepted") for e in events])
    return []


@handlers.on(EnrollmentWaitlisted, needs=run_of)
async def on_enrollment_waitlisted(events: list[EnrollmentWaitlisted], session: AsyncSession) -> list[Event]:
    """No seat was free."""
    await _begin(session, events)
    await add_notices(session, [_notice(e, "enrollment_waitlisted", position=e.position) for e in events])
    return []


@handlers.on(EnrollmentRejected, needs=run_of)
async def on_enrollment_rejected(events: list[EnrollmentRejected], session: AsyncSession) -> list[Event]:
    """A request was refused."""
    await store.end_enrolments(session, events)
    await add_notices(
        session,
        [_notice(e, "enrollment_rejected", reason_code=e.reason_code, reason=e.reason) for e in events],
    )
    return []


@handlers.on(EnrollmentWithdrawn, needs=run_of)
async def on_enrollment_withdrawn(events: list[EnrollmentWithdrawn], session: AsyncSession) -> list[Event]:
    """An enrolment was taken back."""
    await store.end_enrolments(session, events)
    await add_notices(session, [_notice(e, "enrollment_withdrawn", reason=e.reason) for e in events])
    return []


@handlers.on(TrainingCompleted, needs=run_of)
async def on_training_completed(events: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    """A training was completed; its JP count."""
    await store.end_enrolments(session, events)
    await add_notices(session, [_completion(e) for e in events])
    return []


@handlers.on(TrainingNotCompleted, needs=run_of)
async def on_training_not_completed(events: list[TrainingNotCompleted], session: AsyncSession) -> list[Event]:
    """An enrolment ended without completion; whoever withdrew was told so already."""
    await store.end_enrolments(session, events)
    told = [e for e in events if e.reason != "withdrawn"]
    await add_notices(session, [_notice(e, "training_not_completed", reason=e.reason) for e in told])
    return []


async def _begin(
    session: AsyncSession, events: Sequence[EnrollmentAccepted] | Sequence[EnrollmentWaitlisted]
) -> None:
    """Changes of the run that came to us before the enrolment they concern are looked at again."""
    await store.begin_enrolments(session, events)
    missed = await store.find_missed_changes(session, events)
    await due.add(session, [telling(row.event_id, row.at, row.told) for row in missed])


def _completion(event: TrainingCompleted) -> Notice:
    return _notice(
        event,
        "training_completed",
        jp=event.jp,
        jp_in_year=event.jp_in_year,
        completed_on=event.completed_on,
    )


def _notice(event: Any, kind: str, **details: Any) -> Notice:
    return Notice.of(event, kind, event.asn_id, about_id=event.run_id, run_id=event.run_id, **details)
