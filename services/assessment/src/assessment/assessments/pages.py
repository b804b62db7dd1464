"""A person's own tests: list, form, result."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import store
from assessment.assessments.answering import answer
from assessment.assessments.rules import rules_on
from assessment.assessments.store import Assessment
from assessment.assessments.views import card, outcome, questions, receipt, unanswered
from assessment.profiles import store as profiles
from assessment.profiles.views import Profile, competency_name
from assessment.register.store import load_runs
from assessment.scope import test_in_reach
from assessment.shell import pages
from bina.messaging.clock import today
from bina.web.access import Person
from bina.web.commands import PageCommand
from bina.web.permissions import may, reach_of
from bina.web.problems import Problem, not_found

router = APIRouter()
Taker = Annotated[Person, may("test.own")]
HOME = "/assessment/tes"


@router.get(HOME)
async def index(request: Request, person: Taker) -> Response:
    """Which tests do I have to take?"""
    async with request.app.state.runtime.sessions() as session:
        tests = await store.load_of_person(session, _id(person))
    cards = [card(test, today()) for test in tests]
    return pages.render(
        request,
        "assessments/list.html",
        waiting=sorted((c for c in cards if c.takeable), key=lambda c: c.due),
        done=[c for c in cards if c.standing == "scored"],
        over=[c for c in cards if c.standing in {"missed", "closed"}],
    )


@router.get("/assessment/potongan/beranda")
async def fragment(request: Request, person: Taker) -> Response:
    """Open tests and one line of gap for another service's page; a page of its own without `X-Fragment`."""
    asn_id = _id(person)
    async with request.app.state.runtime.sessions() as session:
        tests = await store.load_of_person(session, asn_id)
        entries = (await profiles.load_entries(session, {asn_id})).get(asn_id, [])
        required = await profiles.load_required(session, asn_id, today())
    waiting = sorted((c for t in tests if (c := card(t, today())).takeable), key=lambda c: c.due)
    name = "fragment.html" if "x-fragment" in request.headers else "fragment_page.html"
    return pages.render(
        request, f"assessments/{name}", waiting=waiting[:3], profile=Profile(entries, required)
    )


@router.get(HOME + "/{assessment_id}")
async def form(request: Request, assessment_id: UUID, person: Taker) -> Response:
    """The test itself, or why it cannot be taken."""
    async with request.app.state.runtime.sessions() as session:
        test = await test_in_reach(session, reach_of(person, "test.own"), assessment_id)
    shown = card(test, today())
    if shown.standing == "scored":
        return RedirectResponse(f"{HOME}/{assessment_id}/hasil", 303)
    if not shown.takeable:
        return pages.render(request, "assessments/over.html", status_code=410, card=shown)
    return _form(request, test, {}, {})


@router.post(HOME + "/{assessment_id}")
async def take(
    request: Request, assessment_id: UUID, person: Annotated[Person, may("test.take")], command: PageCommand
) -> Response:
    """Submit all answers; a second submission shows the result of the first."""
    here = f"{HOME}/{assessment_id}"
    async with request.app.state.runtime.sessions() as session:
        test = await test_in_reach(session, reach_of(person, "test.own"), assessment_id)
    letters = {item: command.text(item) for item in test.items}
    if test.state == "open" and (missing := unanswered(questions(test), letters)):
        return _form(request, test, letters, missing)

    async def effect(session: AsyncSession) -> str:
        await answer(session, test, letters, today())
        return f"{here}/hasil"

    try:
        return await command.redirect(effect)
    except Problem as problem:
        if problem.type in {"assessment-already-scored", "assessment-closed"}:
            return RedirectResponse(here, 303)
        raise


@router.get(HOME + "/{assessment_id}/hasil")
async def result(request: Request, assessment_id: UUID, person: Taker) -> Response:
    """What did the test show?"""
    async with request.app.state.runtime.sessions() as session:
        test = await test_in_reach(session, reach_of(person, "test.own"), assessment_id)
        if test.state != "scored":
            return RedirectResponse(f"{HOME}/{assessment_id}", 303)
        siblings = await store.load_of_enrollment(session, test.enrollment_id)
        results = await profiles.load_results_of(session, assessment_id)
        run = (await load_runs(session, {test.run_id}))[test.run_id]
        required = await profiles.load_required(session, test.asn_id, today())
    return pages.render(
        request,
        "assessments/result.html",
        shown=outcome(test, siblings, results, run.pass_score, today()),
        required=required,
        receipt=receipt(assessment_id),
        rules=rules_on(test.opened_on),
        competency_name=competency_name,
    )


def _form(
    request: Request, test: Assessment, letters: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    values: dict[str, Any] = {"letters": letters, "errors": errors}
    return pages.render(
        request,
        "assessments/test.html",
        status_code=422 if errors else 200,
        card=card(test, today()),
        questions=questions(test),
        **values,
    )


def _id(person: Person) -> UUID:
    if person.person_id is None:
        raise not_found()
    return person.person_id
