"""A demonstration's answers on behalf of many people at once: judged and stored as one's own would be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import clock, emit
from evaluation.impact import store as impact
from evaluation.roster import store as roster

from . import bulk_store, domain, store
from .bulk_store import Sheet
from .store import Assignment
from .submission import note_answered


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that somebody filled in: by whom, about whom (NIPs), in which run, on which day."""

    respondent: str
    about: str
    run: str
    instrument: str
    on: date
    answers: Mapping[str, Any]


async def answer_many(session: AsyncSession, filled: Sequence[Filled]) -> dict[str, int]:
    """Hand in answers to open tasks; counts `answered`, and `unknown`, `invalid` or `closed` that were left out.

    The day of an answer is moved into its task's window, and is never in the future.
    """
    ids = await roster.find_by_nip(session, sorted({f.respondent for f in filled}))
    keys = {(ids[f.respondent], f.about, f.run, f.instrument): f for f in filled if f.respondent in ids}
    found = await bulk_store.find_assignments(session, keys)
    sheets = [await _sheet(session, found[key], keys[key]) for key in sorted(found)]
    good = [sheet for sheet in sheets if sheet is not None]
    done = await bulk_store.add_responses(session, good, clock.today())
    await _tell(session, [found[key] for key in sorted(found) if found[key].task_id in done])
    left = Counter(unknown=len(filled) - len(found), invalid=len(sheets) - len(good))
    return {"answered": len(done), "closed": len(good) - len(done), **left}


async def _sheet(session: AsyncSession, task: Assignment, filled: Filled) -> Sheet | None:
    form = await store.find_form(session, task)
    checked = domain.check(form.questions, filled.answers)
    if checked.faults:
        return None
    day = max(task.opens_on, min(filled.on, task.closes_on, clock.today()))
    return Sheet(form, checked.answers, day)


async def _tell(session: AsyncSession, tasks: Sequence[Assignment]) -> None:
    for task in tasks:
        note_answered(session, task)
    if tasks:
        await emit(session, [_closed(task.task_id, task.respondent_id) for task in tasks])
        runs = {task.run_id for task in tasks}
        await impact.schedule_publication(session, runs, clock.now())
        await impact.schedule_cells(session, runs, clock.now())


def _closed(task_id: UUID, respondent_id: UUID | None) -> EvaluationTaskClosed:
    assert respondent_id is not None
    return EvaluationTaskClosed(task_id=task_id, respondent_id=respondent_id, reason="answered")
