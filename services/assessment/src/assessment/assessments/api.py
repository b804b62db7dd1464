"""Tests for machines: a person's own; in a demonstration the platform may answer for people."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import store
from assessment.assessments.answering import answer
from assessment.assessments.bulk import Taken, take_many
from assessment.assessments.domain import Kind, options_of
from assessment.assessments.store import Assessment
from assessment.assessments.views import Question, card, questions
from assessment.profiles import store as profiles
from assessment.register.store import is_within
from assessment.scope import on_behalf, test_in_reach
from bina.messaging.clock import today
from bina.web.access import Person, settings_of
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.permissions import may, reach_of
from bina.web.text import PlainText

router = APIRouter(prefix="/assessments", tags=["assessments"])
ItemId = Annotated[PlainText, Field(max_length=40)]
Letter = Annotated[PlainText, Field(max_length=40)]
Reader = Annotated[Person, may("test.read")]


class Answers(BaseModel):
    """Answers by question id, each the letter of the option as this test shows it.

    `taken_on` dates an answer that the platform gives for somebody in a demonstration; others answer today.
    """

    model_config = ConfigDict(extra="forbid")

    answers: dict[ItemId, Letter] = Field(min_length=1, max_length=100)
    taken_on: date | None = None


class TakenRow(BaseModel):
    """Somebody's test, about the score it is to have, and the day on which it is taken."""

    model_config = ConfigDict(extra="forbid")

    enrollment_id: UUID
    kind: Kind
    score: float = Field(ge=0, le=100)
    on: date


class TakenRows(BaseModel):
    """Tests of many."""

    items: list[TakenRow] = Field(min_length=1, max_length=200)


@router.post("/taken", status_code=201)
async def take_for_many(
    body: TakenRows, _person: Annotated[Person, may("test.answer_many")], command: ApiCommand
) -> Response:
    """In a demonstration only: up to 200 people take their open tests; says how many did."""
    wanted = [Taken(**dict(row)) for row in body.items]

    async def effect(session: AsyncSession) -> dict[str, int]:
        return await take_many(session, wanted)

    return await command.answer(effect, status=201)


@router.get("")
async def list_tests(
    request: Request, person: Reader, reads: OthersRecords, enrollment_id: UUID | None = None
) -> list[dict[str, Any]]:
    """A person's own tests, the newest first; an enrolment's for those who may read them."""
    reach = reach_of(person, "test.read", demo=settings_of(request).demo)
    async with request.app.state.runtime.sessions() as session:
        if enrollment_id is not None:
            found = await store.load_of_enrollment(session, enrollment_id)
        else:
            found = await store.load_of_person(session, person.person_id) if person.person_id else []
        readable = {
            asn_id: await is_within(session, asn_id, reach) for asn_id in {test.asn_id for test in found}
        }
    shown = [test for test in found if readable[test.asn_id]]
    await reads.of([test.asn_id for test in shown])
    return [_summary(test) for test in shown]


@router.get("/{assessment_id:uuid}")
async def show(request: Request, assessment_id: UUID, person: Reader, reads: OthersRecords) -> dict[str, Any]:
    """A test, with its questions while it is open for whoever takes it.

    `right` is told to the platform in a demonstration only.
    """
    demo = settings_of(request).demo
    async with request.app.state.runtime.sessions() as session:
        test = await test_in_reach(session, reach_of(person, "test.read", demo=demo), assessment_id)
    await reads.of([test.asn_id])
    tell = on_behalf(person, demo=demo)
    taken = test.state == "open" and (tell or test.asn_id == person.person_id)
    asked = questions(test) if taken else []
    return _summary(test) | {"questions": [_question(test, q, tell_right=tell) for q in asked]}


@router.post("/{assessment_id}/answers")
async def take(
    request: Request,
    assessment_id: UUID,
    body: Answers,
    person: Annotated[Person, may("test.answer")],
    command: ApiCommand,
) -> Response:
    """Submit all answers of a test; counts once. 409: taken or closed. 422: a question lacks an answer."""
    demo = settings_of(request).demo
    on = body.taken_on if body.taken_on and on_behalf(person, demo=demo) else today()

    async def effect(session: AsyncSession) -> dict[str, Any]:
        test = await test_in_reach(session, reach_of(person, "test.answer", demo=demo), assessment_id)
        scored = await answer(session, test, body.answers, on)
        return await _result(session, scored)

    return await command.answer(effect)


async def _result(session: AsyncSession, test: Assessment) -> dict[str, Any]:
    results = await profiles.load_results_of(session, test.assessment_id)
    competencies = [{"code": r.code, "score": r.score, "level": r.level} for r in results]
    return _summary(test) | {"competencies": competencies}


def _summary(test: Assessment) -> dict[str, Any]:
    shown = card(test, today())
    return {
        "assessment_id": test.assessment_id,
        "enrollment_id": test.enrollment_id,
        "asn_id": test.asn_id,
        "run_id": test.run_id,
        "run_code": test.run_code,
        "kind": test.kind,
        "attempt": test.attempt,
        "source": test.source,
        "standing": shown.standing,
        "opened_on": test.opened_on,
        "due_on": shown.due,
        "minutes": shown.minutes,
        "score": test.score,
        "passed": test.passed,
        "scored_on": test.scored_on,
    }


def _question(test: Assessment, question: Question, *, tell_right: bool) -> dict[str, Any]:
    item = question.item
    told: dict[str, Any] = {
        "id": item.id,
        "competency": item.competency,
        "text": item.text,
        "options": [{"letter": letter, "text": words} for letter, words in question.options],
    }
    if tell_right:
        places = {n: letter for letter, n, _words in options_of(test.assessment_id, item)}
        told["right"] = places[item.answer]
    return told
