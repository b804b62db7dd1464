"""Evaluation tasks: told when they open, three days before they close, and when they closed unanswered."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.evaluation import EvaluationTaskClosed, EvaluationTaskOpened
from bina.messaging import DueItem, due
from notification.notices.domain import REMIND_TASK, Notice, reminder_time
from notification.notices.store import tasks as store
from notification.notices.store.notices import add_notices
from notification.notices.store.waiting import tell

from .needs import handlers, run_of


@handlers.on(EvaluationTaskOpened, needs=run_of)
async def on_evaluation_task_opened(events: list[EvaluationTaskOpened], session: AsyncSession) -> list[Event]:
    """Somebody can answer; remind them once."""
    await store.open_tasks(session, events)
    await tell(session, [(e, _opened(e)) for e in events])
    timed = [(e, reminder_time(e.time, e.closes_on)) for e in events]
    await due.add(session, [_reminder(e, at) for e, at in timed if at is not None])
    return []


@handlers.on(EvaluationTaskClosed)
async def on_evaluation_task_closed(events: list[EvaluationTaskClosed], session: AsyncSession) -> list[Event]:
    """Nothing is left to remind of; say so where nobody answered."""
    await due.cancel(session, REMIND_TASK, [e.task_id for e in events])
    known = await store.close_tasks(session, [e.task_id for e in events])
    told = [e for e in events if e.reason == "expired" and e.task_id in known]
    await add_notices(session, [_expired(e, known[e.task_id]) for e in told])
    return []


def _opened(event: EvaluationTaskOpened) -> Notice:
    return Notice.of(
        event,
        "task_opened",
        event.respondent_id,
        about_id=event.task_id,
        run_id=event.run_id,
        last_day=event.closes_on,
        due=event.closes_on,
        title=event.title,
        minutes=event.minutes,
        alumnus_id=event.about_id,
    )


def _reminder(event: EvaluationTaskOpened, at: datetime) -> DueItem:
    shown = event.model_dump(
        mode="json",
        include={"respondent_id", "task_id", "run_id", "about_id", "title", "minutes", "closes_on"},
    )
    return DueItem(REMIND_TASK, str(event.task_id), at, shown, event.envelope)


def _expired(event: EvaluationTaskClosed, task: Any) -> Notice:
    return Notice.of(
        event,
        "task_expired",
        event.respondent_id,
        about_id=event.task_id,
        run_id=task.run_id,
        title=task.title,
        closed_on=task.closes_on,
    )
