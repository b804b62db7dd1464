"""Keeps the copies. Declared first in `app.py`: the other capabilities' handlers read what these wrote."""

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.register import store
from bina.events import Event
from bina.events.enrollment import (
    AsnErased,
    AsnRecorded,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingChanged,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from bina.messaging import Handlers

handlers = Handlers()


@handlers.on(AsnRecorded)
async def on_asn_recorded(people: list[AsnRecorded], session: AsyncSession) -> list[Event]:
    """Remember which job a person holds where."""
    await store.put_people(session, people)
    return []


@handlers.on(AsnErased)
async def on_asn_erased(people: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget a person."""
    await store.erase(session, {e.asn_id for e in people})
    return []


@handlers.on(TrainingAnnounced)
async def on_training_announced(runs: list[TrainingAnnounced], session: AsyncSession) -> list[Event]:
    """Remember a run and what it develops."""
    await store.add_runs(session, runs)
    return []


@handlers.on(TrainingChanged)
async def on_training_changed(runs: list[TrainingChanged], session: AsyncSession) -> list[Event]:
    """Remember a run's new dates and audience."""
    await store.change_runs(session, runs)
    return []


@handlers.on(TrainingCancelled)
async def on_training_cancelled(runs: list[TrainingCancelled], session: AsyncSession) -> list[Event]:
    """Remember that a run will not be held."""
    await store.cancel_runs(session, {e.run_id: e.time for e in runs})
    return []


@handlers.on(EnrollmentAccepted, needs=(store.run_of, store.person_of))
async def on_enrollment_accepted(seats: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    """Remember who takes part in what."""
    await store.add_enrollments(session, seats)
    return []


@handlers.on(EnrollmentWithdrawn)
async def on_enrollment_withdrawn(ended: list[EnrollmentWithdrawn], session: AsyncSession) -> list[Event]:
    """Remember that a seat was given back."""
    await store.end_enrollments(session, ended, "withdrawn")
    return []


@handlers.on(TrainingCompleted)
async def on_training_completed(ended: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    """Remember a completion."""
    await store.end_enrollments(session, ended, "completed")
    return []


@handlers.on(TrainingNotCompleted)
async def on_training_not_completed(ended: list[TrainingNotCompleted], session: AsyncSession) -> list[Event]:
    """Remember that an enrolment ended without completion."""
    await store.end_enrollments(session, ended, "not_completed")
    return []


@handlers.on(TrainingResultCorrected)
async def on_training_result_corrected(
    corrections: list[TrainingResultCorrected], session: AsyncSession
) -> list[Event]:
    """Remember whether it is a completion after all."""
    for completed, state in ((True, "completed"), (False, "not_completed")):
        those = [e for e in corrections if e.completed is completed]
        await store.end_enrollments(session, those, state)
    return []
