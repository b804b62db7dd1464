"""Tests and recommendations."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.assessment import AssessmentOpened, AssessmentScored, TrainingRecommended
from bina.events.enrollment import TrainingAnnounced
from bina.messaging import DueItem, Need, due
from notification.notices.domain import REMIND_TEST, Notice, reminder_time
from notification.notices.store.notices import add_notices
from notification.notices.store.waiting import tell

from .needs import handlers, run_of

_READY = {"pre": "pretest_ready", "post": "posttest_ready"}


def _recommended_run(event: Any) -> object:
    return event.run_id


scheduled_run = Need(TrainingAnnounced, _recommended_run)


@handlers.on(AssessmentOpened, needs=run_of)
async def on_assessment_opened(events: list[AssessmentOpened], session: AsyncSession) -> list[Event]:
    """A test can be taken; remind of it once."""
    await tell(session, [(e, _ready(e)) for e in events])
    timed = [(e, reminder_time(e.time, e.due_on)) for e in events]
    await due.add(session, [_reminder(e, at) for e, at in timed if at is not None])
    return []


@handlers.on(AssessmentScored, needs=run_of)
async def on_assessment_scored(events: list[AssessmentScored], session: AsyncSession) -> list[Event]:
    """A test was scored; nothing is left to remind of."""
    await due.cancel(session, REMIND_TEST, [e.assessment_id for e in events])
    await tell(session, [(e, _scored(e)) for e in events])
    return []


@handlers.on(TrainingRecommended, needs=scheduled_run)
async def on_training_recommended(events: list[TrainingRecommended], session: AsyncSession) -> list[Event]:
    """A training was found for a gap."""
    await add_notices(session, [_recommended(e) for e in events])
    return []


def _ready(event: AssessmentOpened) -> Notice:
    return Notice.of(
        event,
        _READY[event.kind],
        event.asn_id,
        about_id=event.assessment_id,
        run_id=event.run_id,
        last_day=event.due_on,
        due=event.due_on,
        questions=event.questions,
        minutes=event.minutes,
    )


def _reminder(event: AssessmentOpened, at: datetime) -> DueItem:
    shown = event.model_dump(
        mode="json",
        include={"asn_id", "assessment_id", "enrollment_id", "run_id", "kind", "due_on", "minutes"},
    )
    return DueItem(REMIND_TEST, str(event.assessment_id), at, shown, event.envelope)


def _scored(event: AssessmentScored) -> Notice:
    return Notice.of(
        event,
        "test_scored",
        event.asn_id,
        about_id=event.assessment_id,
        run_id=event.run_id,
        test=event.kind,
        score=event.score,
        passed=event.passed,
    )


def _recommended(event: TrainingRecommended) -> Notice:
    kind = "training_recommended" if event.run_id else "training_recommended_unscheduled"
    return Notice.of(
        event,
        kind,
        event.asn_id,
        about_id=event.run_id or event.asn_id,
        run_id=event.run_id,
        programme=event.programme_name,
        competency=event.competency_name,
        competency_code=event.competency_code,
        gap=event.gap,
    )
