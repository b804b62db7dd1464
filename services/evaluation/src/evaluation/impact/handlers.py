"""A fact that changes a run's figures calls for telling them anew."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.assessment import AssessmentScored
from bina.events.enrollment import EnrollmentAccepted, TrainingCompleted, TrainingResultCorrected
from bina.messaging import Handlers

from . import store

handlers = Handlers()


class _OfRun(Protocol):
    @property
    def run_id(self) -> UUID: ...
    @property
    def time(self) -> datetime: ...


@handlers.on(EnrollmentAccepted)
async def on_enrollment_accepted(events: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    """More people enrolled."""
    return await _anew(session, events)


@handlers.on(TrainingCompleted)
async def on_training_completed(events: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    """More people trained."""
    return await _anew(session, events)


@handlers.on(TrainingResultCorrected)
async def on_training_result_corrected(
    events: list[TrainingResultCorrected], session: AsyncSession
) -> list[Event]:
    """A result was another."""
    return await _anew(session, events)


@handlers.on(AssessmentScored)
async def on_assessment_scored(events: list[AssessmentScored], session: AsyncSession) -> list[Event]:
    """A score came in."""
    return await _anew(session, events)


async def _anew(session: AsyncSession, events: Sequence[_OfRun]) -> list[Event]:
    await store.schedule_publication(session, (e.run_id for e in events), max(e.time for e in events))
    return []
