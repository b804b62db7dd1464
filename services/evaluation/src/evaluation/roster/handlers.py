"""Keeps the copies; what follows from a fact, and which facts it needs, is said in the other rooms."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.assessment import AssessmentScored
from bina.events.enrollment import (
    AsnErased,
    AsnRecorded,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingChanged,
    TrainingCompleted,
    TrainingResultCorrected,
)
from bina.messaging import Handlers
from bina.messaging.clock import ZONE

from . import store

handlers = Handlers()


@handlers.on(AsnRecorded)
async def on_asn_recorded(events: list[AsnRecorded], session: AsyncSession) -> list[Event]:
    """Keep names, places and supervisors."""
    await store.record_people(session, events)
    return []


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget the person."""
    await store.erase_people(session, [event.asn_id for event in events])
    return []


@handlers.on(TrainingAnnounced)
async def on_training_announced(events: list[TrainingAnnounced], session: AsyncSession) -> list[Event]:
    """Keep the run."""
    await store.record_runs(session, events)
    return []


@handlers.on(TrainingChanged)
async def on_training_changed(events: list[TrainingChanged], session: AsyncSession) -> list[Event]:
    """Keep the run's new state."""
    await store.record_runs(session, events)
    return []


@handlers.on(TrainingCancelled)
async def on_training_cancelled(events: list[TrainingCancelled], session: AsyncSession) -> list[Event]:
    """Remember that the run will not be held."""
    await store.cancel_runs(session, {e.run_id: e.time.astimezone(ZONE).date() for e in events})
    return []


@handlers.on(EnrollmentAccepted)
async def on_enrollment_accepted(events: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    """Keep the enrolment and its employer."""
    await store.accept(session, events)
    return []


@handlers.on(EnrollmentWithdrawn)
async def on_enrollment_withdrawn(events: list[EnrollmentWithdrawn], session: AsyncSession) -> list[Event]:
    """Remember that it was taken back."""
    await store.withdraw(session, events)
    return []


@handlers.on(TrainingCompleted)
async def on_training_completed(events: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    """Keep the completion."""
    await store.complete(session, events)
    return []


@handlers.on(TrainingResultCorrected)
async def on_training_result_corrected(
    events: list[TrainingResultCorrected], session: AsyncSession
) -> list[Event]:
    """Keep the corrected result."""
    await store.complete(session, events)
    return []


@handlers.on(AssessmentScored)
async def on_assessment_scored(events: list[AssessmentScored], session: AsyncSession) -> list[Event]:
    """Keep the score of this enrolment's test."""
    await store.record_scores(session, events)
    return []
