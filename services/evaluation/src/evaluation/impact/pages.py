"""The pages of heads of agencies: what changed, and how sure that is."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import can, may, reach_of
from bina.web.problems import not_found
from bina.web.tables import Column, Format, Key, Rows, Table, export
from evaluation.site import pages

from . import domain, store, view
from .domain import Outcome
from .view import Line

router = APIRouter()
PATH = "/evaluation/dampak"
PAGE = 50
Reader = Annotated[Person, may("impact.read")]


@router.get(PATH)
async def impact(request: Request, person: Reader) -> Response:
    """Which trainings changed something?"""
    table = _table()
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        outcomes = await store.load_outcomes(session, reach_of(person, "impact.read"))
        held = _held(outcomes)
        lines = [view.line_of(o) for o in held]
        page = await asked.page(session, Rows(lines), PAGE)
    return pages.render(
        request,
        "impact/list.html",
        lines=lines,
        list=table.shown(request, asked, page, files=PATH),
        lead=view.summary(lines),
        trained=sum(o.trained for o in held),
        asked=sum(o.asked for o in held),
        answered=sum(o.answered for o in held),
        chart=view.scores(held),
        upcoming=len(outcomes) - len(held),
        agency=person.agency_code,
    )


@router.get(PATH + ".{form}")
async def impact_file(request: Request, person: Reader, form: Format) -> Response:
    """The same trainings as a file, with the same means left out."""
    async with request.app.state.runtime.sessions() as session:
        outcomes = await store.load_outcomes(session, reach_of(person, "impact.read"))
    return await export(request, _table(), Rows([view.line_of(o) for o in _held(outcomes)]), form)


def _held(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [o for o in outcomes if o.trained and not o.cancelled]


def _table() -> Table[Line]:
    """Trainings, summed up on the page and so few enough to be sorted there."""
    ends = Key("outcome.ends_on", "date")
    columns: list[Column[Line]] = [
        Column("pelatihan", _("Pelatihan"), lambda line: line.outcome.programme_name, [Key("outcome.programme_name", "text"), ends]),
        Column("kode", _("Kode angkatan"), lambda line: line.outcome.run_code, on_page=False),
        Column("selesai", _("Selesai"), lambda line: line.outcome.ends_on, [ends], number=True, descending=True),
        Column("dilatih", _("Dilatih"), lambda line: line.outcome.trained, [Key("outcome.trained", "bigint")], number=True, descending=True),
        Column("sebelum", _("Sebelum"), lambda line: _rounded(line.outcome.paired_pre.shown), [Key("outcome.paired_pre.shown", "float8", nullable=True)], number=True),
        Column("sesudah", _("Sesudah"), lambda line: _rounded(line.outcome.paired_post.shown), [Key("outcome.paired_post.shown", "float8", nullable=True)], number=True),
        Column("dijawab", _("Dijawab"), lambda line: line.outcome.answered, number=True),
        Column("diminta", _("Diminta"), lambda line: line.outcome.asked, on_page=False),
        Column("tingkat", _("Tingkat jawaban"), lambda line: _rounded(line.rate, 4), [Key("rate", "float8", nullable=True)], number=True),
        Column("hasil", _("Hasil"), lambda line: line.tag, [Key("verdict", "text"), ends]),
    ]  # fmt: skip
    return Table("dampak-pelatihan", columns, id=Key("outcome.run_code", "text"), default="selesai")


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


@router.get(PATH + "/{run_id}")
async def training(request: Request, run_id: UUID, person: Reader) -> Response:
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
