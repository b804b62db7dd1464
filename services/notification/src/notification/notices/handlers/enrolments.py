"""Enrolments and results: each told to the person concerned."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import (
    CertificateRevoked,
    EnrollmentAccepted,
    EnrollmentRejected,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from bina.messaging import due
from notification.notices.domain import Notice
from notification.notices.store import enrolments as store
from notification.notices.store.enrolments import Result
from notification.notices.store.notices import add_notices
from notification.notices.store.waiting import find_waiting, hush, tell

from .needs import handlers, run_of
from .trainings import telling


@handlers.on(EnrollmentAccepted, needs=run_of)
async def on_enrollment_accepted(events: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    """A seat was given; of one that a result gave, the result alone is told."""
    await _begin(session, events)
    told = [e for e in events if e.origin == "request"]
    await tell(session, [(e, _notice(e, "enrollment_accepted")) for e in told])
    return []


@handlers.on(EnrollmentWaitlisted, needs=run_of)
async def on_enrollment_waitlisted(events: list[EnrollmentWaitlisted], session: AsyncSession) -> list[Event]:
    """No seat was free."""
    await _begin(session, events)
    await tell(session, [(e, _notice(e, "enrollment_waitlisted", position=e.position)) for e in events])
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
    """An enrolment was taken back; where its seat still waits to be told, this waits too, and nothing will be told."""
    await store.end_enrolments(session, events)
    await tell(session, [(e, _notice(e, "enrollment_withdrawn", reason=e.reason)) for e in events])
    return []


@handlers.on(TrainingCompleted, needs=run_of)
async def on_training_completed(events: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    """A training was completed; its JP count."""
    await store.end_enrolments(session, events)
    await store.record_results(session, [Result(e.enrollment_id, True, e.jp) for e in events])
    await tell(session, [(e, _completion(e)) for e in events])
    return []


@handlers.on(TrainingNotCompleted, needs=run_of)
async def on_training_not_completed(events: list[TrainingNotCompleted], session: AsyncSession) -> list[Event]:
    """An enrolment ended without completion; whoever withdrew was told so already."""
    await store.end_enrolments(session, events)
    await store.record_results(session, [Result(e.enrollment_id, False, 0) for e in events])
    told = [e for e in events if e.reason != "withdrawn"]
    await tell(session, [(e, _notice(e, "training_not_completed", reason=e.reason)) for e in told])
    return []


@handlers.on(TrainingResultCorrected, needs=run_of)
async def on_training_result_corrected(
    events: list[TrainingResultCorrected], session: AsyncSession
) -> list[Event]:
    """A result was wrong; told where it changes what the person was told, or will be."""
    results = [Result(e.enrollment_id, e.completed, e.jp if e.completed else 0) for e in events]
    before = await store.load_results(session, [e.enrollment_id for e in events])
    await store.record_results(session, results)
    untold = await hush(session, [e for e in events if e.undone])
    told = [e for e, now in zip(events, results, strict=True) if before.get(e.enrollment_id) != now]
    await tell(session, [(e, _correction(e)) for e in told if e.enrollment_id not in untold])
    return []


@handlers.on(CertificateRevoked, needs=run_of)
async def on_certificate_revoked(events: list[CertificateRevoked], session: AsyncSession) -> list[Event]:
    """A certificate is void; of one whose result was not yet told nobody need hear."""
    untold = await find_waiting(session, [e for e in events if e.undone])
    told = [e for e in events if e.enrollment_id not in untold]
    await tell(
        session, [(e, _notice(e, "certificate_revoked", number=e.number, reason=e.reason)) for e in told]
    )
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


def _correction(event: TrainingResultCorrected) -> Notice:
    completed = event.completed
    return _notice(event, "result_corrected", completed=completed, jp=event.jp, reason=event.reason)


def _notice(event: Any, kind: str, **details: Any) -> Notice:
    return Notice.of(event, kind, event.asn_id, about_id=event.run_id, run_id=event.run_id, **details)
