"""Answers given so far: each is kept with its task when it comes, until the task is handed in or closed."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Problem, not_found

from . import store, submission
from .store import Assignment

# Of two devices the later one is told, and nothing is written over: `known` is what it believes to stand there.
_KEEP = text(
    """UPDATE tasks SET draft = coalesce(draft, '{}') || jsonb_build_object(CAST(:question AS text), CAST(:value AS text))
    WHERE task_id = :task_id AND state = 'open' AND closes_on >= :today
        AND coalesce(draft ->> CAST(:question AS text), '') IN ('', CAST(:known AS text), CAST(:value AS text))
    RETURNING task_id"""
)
_LOAD = text("SELECT draft FROM tasks WHERE task_id = :task_id AND state = 'open' AND draft IS NOT NULL")


async def load(session: AsyncSession, task: Assignment) -> dict[str, str]:
    """Answers so far, by question id, as they were written."""
    found: dict[str, str] | None = await session.scalar(_LOAD, {"task_id": task.task_id})
    return found or {}


async def keep(session: AsyncSession, task: Assignment, question: str, value: str, known: str) -> None:
    """Keep one answer, whatever it is worth: it is judged when it is handed in. The same answer again changes nothing.

    Raises 409 `draft-changed` with the other `value` where another one than `known` stands by now, and `task-answered`
    or `task-closed` like handing in.
    """
    form = await store.find_form(session, task)
    if question not in {one.id for one in form.questions}:
        raise not_found()
    wanted = {"question": question, "value": value, "known": known, "task_id": task.task_id}
    if await session.scalar(_KEEP, wanted | {"today": clock.today()}) is None:
        raise await _refused(session, task, question)
    audit.changed(session, "draft", task.task_id, None, {"question": question})
    audit.on_behalf(session, [task.respondent_id])


async def _refused(session: AsyncSession, task: Assignment, question: str) -> Problem:
    await submission.must_be_open(session, task)
    return Problem(
        "draft-changed",
        409,
        _("Jawaban ini sudah diubah di perangkat lain."),
        mend=_("Periksa kedua jawaban, lalu pilih yang benar."),
        more={"value": (await load(session, task)).get(question, "")},
    )
