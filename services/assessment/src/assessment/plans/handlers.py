"""Looks for a training when a person's place changes, and, as due work, when a run appears, changes or falls away."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.plans import store
from assessment.plans.domain import told_recommended
from assessment.plans.schedule import scan
from bina.events import Event
from bina.events.assessment import TrainingRecommended
from bina.events.enrollment import (
    AsnErased,
    AsnRecorded,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingChanged,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from bina.messaging import Handlers, due
from bina.messaging.clock import today

handlers = Handlers()
OfPerson = (
    AsnRecorded | EnrollmentAccepted | EnrollmentWithdrawn | TrainingNotCompleted | TrainingResultCorrected
)
OfRun = TrainingAnnounced | TrainingChanged | TrainingCancelled


@handlers.on(AsnRecorded)
async def on_asn_recorded(people: list[AsnRecorded], session: AsyncSession) -> list[TrainingRecommended]:
    """Another job or agency: other gaps, other runs."""
    return await _recommend(session, people)


@handlers.on(EnrollmentAccepted)
async def on_enrollment_accepted(
    seats: list[EnrollmentAccepted], session: AsyncSession
) -> list[TrainingRecommended]:
    """A programme that a person takes is recommended no more."""
    return await _recommend(session, seats)


@handlers.on(EnrollmentWithdrawn)
async def on_enrollment_withdrawn(
    ended: list[EnrollmentWithdrawn], session: AsyncSession
) -> list[TrainingRecommended]:
    """A seat given back leaves the gap."""
    return await _recommend(session, ended)


@handlers.on(TrainingNotCompleted)
async def on_training_not_completed(
    ended: list[TrainingNotCompleted], session: AsyncSession
) -> list[TrainingRecommended]:
    """Not completed: the gap stays."""
    return await _recommend(session, ended)


@handlers.on(TrainingResultCorrected)
async def on_training_result_corrected(
    corrections: list[TrainingResultCorrected], session: AsyncSession
) -> list[TrainingRecommended]:
    """A completion that was none leaves the gap."""
    return await _recommend(session, corrections)


@handlers.on(TrainingAnnounced)
async def on_training_announced(runs: list[TrainingAnnounced], session: AsyncSession) -> list[Event]:
    """A run may suit anyone who lacks what it develops."""
    return await _scan(session, runs)


@handlers.on(TrainingChanged)
async def on_training_changed(runs: list[TrainingChanged], session: AsyncSession) -> list[Event]:
    """Other dates or another audience suit other people."""
    return await _scan(session, runs)


@handlers.on(TrainingCancelled)
async def on_training_cancelled(runs: list[TrainingCancelled], session: AsyncSession) -> list[Event]:
    """Whoever was pointed to the run needs another."""
    return await _scan(session, runs)


@handlers.on(AsnErased)
async def on_asn_erased(people: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget what was recommended to a person."""
    await store.erase(session, {e.asn_id for e in people})
    return []


async def _recommend(session: AsyncSession, events: Sequence[OfPerson]) -> list[TrainingRecommended]:
    causes = {e.asn_id: e for e in events}
    told = await store.refresh(session, causes.keys(), today())
    return [told_recommended(r).because(causes[r.asn_id]) for r in told]


async def _scan(session: AsyncSession, events: Sequence[OfRun]) -> list[Event]:
    codes = await store.find_codes(session, {e.run_id for e in events})
    last = events[-1]
    await due.add(session, [scan(code, last, last.time) for code in codes])
    return []
