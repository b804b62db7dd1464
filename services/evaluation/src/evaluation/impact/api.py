"""Machine interface: what a run changed, within the reader's scope."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel

from bina.web.access import Person
from bina.web.permissions import may, reach_of
from bina.web.problems import not_found

from . import domain, store
from .domain import Lane, Mean, Outcome

router = APIRouter(tags=["impact"])


class MeanView(BaseModel):
    """A mean of n; null below the minimum that may be shown."""

    n: int
    mean: float | None


class LaneView(BaseModel):
    """What was asked of one role by one instrument."""

    level: str
    method: str
    role: str
    instrument_code: str
    baseline: bool
    asked: int
    answered: int
    waiting: int
    without_respondent: int
    response_rate: float | None
    score: MeanView
    change: MeanView


class OutcomeView(BaseModel):
    """A run's figures as of now; scores 0-100, means 1-4."""

    run_id: UUID
    run_code: str
    programme_name: str
    organiser: str
    ends_on: date
    trained: int
    pre: MeanView
    post: MeanView
    gain: float | None
    gain_band: str | None
    verdict_level: str
    verdict: str
    lanes: list[LaneView]


@router.get("/runs/{run_id}/outcome")
async def outcome(
    request: Request, run_id: UUID, person: Annotated[Person, may("impact.read")]
) -> OutcomeView:
    """What a run changed: all of it for its organiser, its own people for an employer."""
    async with request.app.state.runtime.sessions() as session:
        found = await store.load_outcomes(session, reach_of(person, "impact.read"), [run_id])
    if not found:
        raise not_found()
    return _view(found[0])


def _view(found: Outcome) -> OutcomeView:
    level, verdict = domain.verdict(found)
    return OutcomeView(
        **{name: getattr(found, name) for name in ("run_id", "run_code", "programme_name", "organiser")},
        ends_on=found.ends_on,
        trained=found.trained,
        pre=_mean(found.pre),
        post=_mean(found.post),
        gain=found.gain,
        gain_band=domain.band_of(found.gain),
        verdict_level=level,
        verdict=verdict,
        lanes=[_lane(lane) for lane in found.lanes],
    )


def _lane(lane: Lane) -> LaneView:
    same = ("level", "method", "role", "instrument_code", "baseline", "asked", "answered", "waiting")
    return LaneView(
        **{name: getattr(lane, name) for name in same},
        without_respondent=lane.without,
        response_rate=lane.rate,
        score=_mean(lane.score),
        change=_mean(lane.change),
    )


def _mean(mean: Mean) -> MeanView:
    return MeanView(n=mean.n, mean=mean.shown)
