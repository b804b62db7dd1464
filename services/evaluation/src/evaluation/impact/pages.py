"""The pages of heads of agencies: what changed, and how sure that is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from bina.web.access import Person
from bina.web.permissions import can, may, reach_of
from bina.web.problems import not_found
from evaluation.site import pages

from . import domain, store, view

router = APIRouter()


@router.get("/evaluation/dampak")
async def impact(request: Request, person: Annotated[Person, may("impact.read")]) -> Response:
    """Which trainings changed something?"""
    async with request.app.state.runtime.sessions() as session:
        outcomes = await store.load_outcomes(session, reach_of(person, "impact.read"))
    held = [o for o in outcomes if o.trained and not o.cancelled]
    lines = [view.line_of(o) for o in held]
    return pages.render(
        request,
        "impact/list.html",
        lines=lines,
        lead=view.summary(lines),
        trained=sum(o.trained for o in held),
        asked=sum(o.asked for o in held),
        answered=sum(o.answered for o in held),
        chart=view.scores(held),
        upcoming=len(outcomes) - len(held),
        agency=person.agency_code,
    )


@router.get("/evaluation/dampak/{run_id}")
async def training(request: Request, run_id: UUID, person: Annotated[Person, may("impact.read")]) -> Response:
    """What changed, level by level, and who did not answer?"""
    async with request.app.state.runtime.sessions() as session:
        found = await store.load_outcomes(session, reach_of(person, "impact.read"), [run_id])
    if not found:
        raise not_found()
    outcome = found[0]
    return pages.render(
        request,
        "impact/training.html",
        outcome=outcome,
        line=view.line_of(outcome),
        levels=view.levels(outcome),
        funnel=view.response_funnel(outcome),
        scores=view.scores([outcome]),
        behaviour=view.behaviour(outcome),
        lanes=view.in_order(outcome.lanes),
        period=view.period(outcome),
        lane_name=view.lane_name,
        lane_mean=view.lane_mean,
        lane_rate=view.lane_rate,
        without=sum(lane.without for lane in outcome.lanes),
        unassigned=sum(lane.without for lane in outcome.lanes if lane.role == "evaluator"),
        own=reach_of(person, "impact.read").covers_run(outcome.organiser),
        may_appoint=can(person, "interview.link"),
        rules=domain.rules(),
    )
