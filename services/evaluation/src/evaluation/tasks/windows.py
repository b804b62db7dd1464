"""When tasks open and close: one piece of due work per run and day, however many tasks that is."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import DueItem, due
from bina.messaging.clock import ZONE

from .domain import Task

OPEN = "open-tasks"
CLOSE = "close-tasks"
Window = tuple[str, UUID, date, date]
"""State, run, first and last day."""


def windows_of(tasks: Iterable[Task]) -> set[Window]:
    """The windows of tasks, each once."""
    return {(task.state, task.run_id, task.opens_on, task.closes_on) for task in tasks}


def called_for(windows: Iterable[Window]) -> list[DueItem]:
    """The opening and closing of tasks that were just planned or opened."""
    waiting = [window for window in windows if window[0] in {"planned", "open"}]
    opening = {(run, opens) for state, run, opens, _ in waiting if state == "planned"}
    closing = {(run, closes) for _, run, _, closes in waiting}
    return [*(window(OPEN, *w) for w in opening), *(window(CLOSE, *w) for w in closing)]


async def schedule_openings(session: AsyncSession, windows: Iterable[tuple[UUID, date]]) -> None:
    """Call for the opening of windows (run, first day) at the beginning of that day."""
    await due.add(session, [window(OPEN, run_id, day) for run_id, day in windows])


def window(kind: str, run_id: UUID, day: date) -> DueItem:
    """The work on one window."""
    at = midnight(day if kind == OPEN else day + timedelta(days=1))
    return DueItem(kind, f"{run_id}/{day}", at, {"run_id": str(run_id), "day": str(day)})


def midnight(day: date) -> datetime:
    """When a day begins in the field's own zone."""
    return datetime.combine(day, time.min, ZONE)


def days_by_run(items: Iterable[DueItem]) -> dict[UUID, date]:
    """The latest day per run of several pieces of work."""
    days: dict[UUID, date] = {}
    for item in items:
        run_id, day = UUID(item.payload["run_id"]), date.fromisoformat(item.payload["day"])
        days[run_id] = max(day, days.get(run_id, day))
    return days
