"""Machine interface: open tasks, handing in answers."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person, settings_of
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.language import gettext as _
from bina.web.permissions import may, reach_of
from bina.web.problems import Problem, not_found
from bina.web.text import Code, PlainText
from evaluation.links import OpenLink
from evaluation.roster import store as roster

from . import bulk, drafts, store, submission
from .domain import LONGEST_TEXT

router = APIRouter(tags=["tasks"])
NIP_DIGITS = 18
MOST_ROWS = 1000
Nip = Annotated[str, Field(pattern="^[0-9]{18}$")]
QuestionId = Annotated[str, Path(max_length=40)]
Token = Annotated[str, Path(alias="token")]


class Answers(BaseModel):
    """Answers by question id: 1-4 for a scale, a choice's code, a number, or text."""

    answers: dict[Annotated[PlainText, Field(max_length=40)], int | float | PlainText]


class DraftAnswer(BaseModel):
    """One answer as it stands, and what the sender knows to stand there so far; empty: nothing."""

    value: Annotated[PlainText, Field(max_length=LONGEST_TEXT)]
    known: Annotated[PlainText, Field(max_length=LONGEST_TEXT)] = ""


class ResponseRow(Answers):
    """Answers to the task of `instrument` that `respondent` has about a person in a run."""

    respondent: Nip
    about: Nip
    run: Code
    instrument: Code
    on: date


class ResponseRows(BaseModel):
    """Answers on behalf of many."""

    items: Annotated[list[ResponseRow], Field(min_length=1, max_length=MOST_ROWS)]


class TaskView(BaseModel):
    """A task of a respondent; `about_nip` is told to the platform only."""

    task_id: UUID
    respondent_id: UUID
    run_id: UUID
    run_code: str
    enrollment_id: UUID
    about_id: UUID
    about_nip: str | None = None
    instrument_code: str
    instrument_version: int
    level: str
    method: str
    role: str
    opens_on: date
    closes_on: date
    state: str


class TaskList(BaseModel):
    """Tasks of a respondent."""

    tasks: list[TaskView]


@router.get("/tasks")
async def list_tasks(
    request: Request,
    person: Annotated[Person, may("task.list")],
    reads: OthersRecords,
    respondent: Annotated[str, Query(max_length=36, description="id or NIP; left out: the caller")] = "",
    state: Literal["open", "answered"] = "open",
) -> TaskList:
    """A respondent's tasks, open or answered last: one's own, or anyone's for who may see all; others' are 404."""
    async with request.app.state.runtime.sessions() as session:
        who = await _respondent(session, person, respondent)
        if state == "open":
            found = await store.load_open(session, who, clock.today())
        else:
            found = await store.load_answered(session, who)
    await reads.of([who, *(assignment.about_id for assignment in found)])
    shown = {"about_nip"} if reach_of(person, "nip.read").everything else set()
    return TaskList(tasks=[_view(assignment, shown) for assignment in found])


def _view(assignment: store.Assignment, shown: set[str]) -> TaskView:
    names = set(TaskView.model_fields) - ({"about_nip"} - shown)
    return TaskView(**{name: getattr(assignment, name) for name in names})


async def _respondent(session: AsyncSession, person: Person, wanted: str) -> UUID:
    if not wanted and person.person_id:
        return person.person_id
    who = await _find(session, wanted)
    reach = reach_of(person, "task.list")
    if who is None or not (reach.everything or reach.own == who):
        raise not_found()
    return who


async def _find(session: AsyncSession, wanted: str) -> UUID | None:
    if len(wanted) == NIP_DIGITS and wanted.isdecimal():
        return (await roster.find_by_nip(session, [wanted])).get(wanted)
    try:
        return UUID(wanted)
    except ValueError:
        raise Problem(
            "invalid-input",
            422,
            _("Responden tidak dikenal."),
            mend=_("Kirim id atau NIP (18 angka) sebagai respondent."),
        ) from None


@router.post("/tasks/{task_id}/answers", status_code=201)
async def answer(
    request: Request,
    task_id: UUID,
    body: Answers,
    person: Annotated[Person, may("task.answer")],
    command: ApiCommand,
) -> Response:
    """Hand in the answers to a task; `{"receipt": "EV-7K2M-X4QP"}`. Counts once however often it is sent."""
    reach = reach_of(person, "task.answer", demo=settings_of(request).demo)

    async def effect(session: AsyncSession) -> dict[str, Any]:
        assignment = await submission.assignment_in_reach(session, task_id, reach)
        behalf = person.person_id != assignment.respondent_id
        return {"receipt": await submission.submit(session, assignment, body.answers, on_behalf=behalf)}

    return await command.answer(effect, status=201)


@router.put("/tasks/{task_id}/draft/{question}")
async def keep_answer(
    task_id: UUID,
    question: QuestionId,
    body: DraftAnswer,
    person: Annotated[Person, may("task.fill")],
    command: ApiCommand,
) -> Response:
    """Keep one answer of one's own task until it is handed in; 409 `draft-changed` where another device was first."""
    reach = reach_of(person, "task.fill")

    async def effect(session: AsyncSession) -> dict[str, Any]:
        assignment = await submission.assignment_in_reach(session, task_id, reach)
        await drafts.keep(session, assignment, question, body.value, body.known)
        return {"saved": True}

    return await command.answer(effect)


@router.put("/links/{token}/draft/{question}")
async def keep_linked_answer(
    _token: Token, task_id: OpenLink, question: QuestionId, body: DraftAnswer, command: ApiCommand
) -> Response:
    """The same under a personal link."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await drafts.keep(session, await _linked(session, task_id), question, body.value, body.known)
        return {"saved": True}

    return await command.answer(effect)


@router.post("/links/{token}/answers", status_code=201)
async def answer_by_link(_token: Token, task_id: OpenLink, body: Answers, command: ApiCommand) -> Response:
    """Hand in the answers to the task of a personal link; `{"receipt": "EV-7K2M-X4QP"}`."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return {"receipt": await submission.submit(session, await _linked(session, task_id), body.answers)}

    return await command.answer(effect, status=201)


async def _linked(session: AsyncSession, task_id: UUID) -> store.Assignment:
    assignment = await store.find_assignment(session, task_id)
    if assignment is None:
        raise not_found()
    return assignment


@router.post("/responses", status_code=201)
async def answer_for_many(
    body: ResponseRows, _person: Annotated[Person, may("task.answer_many")], command: ApiCommand
) -> Response:
    """In a demonstration only: hand in up to 1,000 people's answers at once; says how many were taken."""
    filled = [bulk.Filled(**dict(row)) for row in body.items]

    async def effect(session: AsyncSession) -> dict[str, int]:
        return await bulk.answer_many(session, filled)

    return await command.answer(effect, status=201)
