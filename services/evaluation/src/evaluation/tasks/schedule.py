"""Windows that begin and end."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, Schedule, clock, due
from evaluation.impact import store as impact

from . import store, windows
from .domain import Task

CHUNK = 5000
"""Most tasks of one transaction."""

schedule = Schedule()


@schedule.on(windows.OPEN)
async def open_windows(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Ask everyone whose window has begun and is not over; where nobody is known to ask, the task waits unassigned."""
    tasks = await store.open_tasks(session, windows.days_by_run(items), clock.today(), CHUNK)
    await _follow_up(session, items, tasks)
    return [task.told_open() for task in tasks if task.opened]


@schedule.on(windows.CLOSE)
async def close_windows(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """End what was not answered in time; an answer is never filled in."""
    tasks = await store.close_tasks(session, windows.days_by_run(items), CHUNK)
    await _follow_up(session, items, tasks)
    return [task.told_closed("expired") for task in tasks if task.state == "expired"]


async def _follow_up(session: AsyncSession, items: Sequence[DueItem], tasks: Sequence[Task]) -> None:
    """The runs' figures changed; and a full chunk may have left some over, so the same windows come again."""
    runs = {task.run_id for task in tasks}
    await impact.schedule_publication(session, runs, clock.now())
    await impact.schedule_cells(session, runs, clock.now())
    if len(tasks) == CHUNK:
        await due.add(session, items)
