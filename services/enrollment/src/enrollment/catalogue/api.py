"""Machine interface of the catalogue."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.commands import ApiCommand
from bina.web.permissions import check_runs, may, reach_of
from enrollment.catalogue import announcing, store
from enrollment.catalogue.admission import AGENCY, Admission
from enrollment.catalogue.bodies import ProgrammeRows, RunRows
from enrollment.catalogue.domain import Programme, Run, RunSession
from enrollment.catalogue.finding import edition_of_run, run_of
from enrollment.paging import PageQuery, page

router = APIRouter(tags=["catalogue"])


class RunQuery(PageQuery):
    """Which runs: `agency` it is open to or organised by."""

    agency: str | None = None
    organiser: str | None = None


Reader = Annotated[Person, may("catalogue.read")]


@router.post("/programmes", status_code=201)
async def record_programmes(
    body: ProgrammeRows, person: Annotated[Person, may("programme.record")], command: ApiCommand
) -> Response:
    """Record up to 1,000 programmes; those of another agency are refused."""
    agency = reach_of(person, "programme.record").agency_code

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await announcing.record_programmes(session, body.items, agency)

    return await command.answer(effect, status=201)


@router.post("/runs", status_code=201)
async def announce_runs(
    body: RunRows, person: Annotated[Person, may("run.announce")], command: ApiCommand
) -> Response:
    """Announce up to 1,000 runs; a code that is known stays as it is."""
    check_runs(person, "run.announce", {row.organiser for row in body.items})

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await announcing.announce_runs(session, body.items)

    return await command.answer(effect, status=201)


@router.get("/programmes")
async def list_programmes(request: Request, _person: Reader) -> dict[str, Any]:
    """The catalogue's programmes."""
    async with request.app.state.runtime.sessions() as session:
        programmes = await store.load_programmes(session)
    return {"items": [_programme(p) for p in programmes.values()], "next": None}


@router.get("/runs")
async def list_runs(
    request: Request,
    _person: Reader,
    asked: Annotated[RunQuery, Query()],
) -> dict[str, Any]:
    """Runs by their start."""
    which = store.RunFilter(agency=asked.agency, organiser=asked.organiser)
    async with request.app.state.runtime.sessions() as session:
        runs = await store.page_of_runs(session, which, after=asked.cursor, limit=asked.limit)
    return page([shown(run) for run in runs], asked.limit)


@router.get("/runs/{reference}")
async def show_run(request: Request, response: Response, reference: str, _person: Reader) -> dict[str, Any]:
    """One run, by its id or its code; by its `ETag` an edit says what its editor saw."""
    async with request.app.state.runtime.sessions() as session:
        run = await run_of(session, reference)
        sessions = (await store.load_sessions(session, [run.run_id]))[run.run_id]
        response.headers["ETag"] = await edition_of_run(session, run)
    return {**shown(run), "sessions": [shown_session(one) for one in sessions]}


def shown(run: Run) -> dict[str, Any]:
    """A run as the interface shows it; `status` as of the business day."""
    names = ("code", "programme_code", "programme_name", "organiser", "open_to", "jp", "starts_on", "ends_on")
    more = ("seats", "taken", "waiting", "mode", "location", "job_levels", "concluded_on")
    rule = (
        "attendance_percent",
        "report_required",
        "programme_version",
        "opens_at",
        "closes_at",
        "cost_per_seat",
        "required_programmes",
    )
    return {
        "id": run.run_id,
        **{name: getattr(run, name) for name in names + more + rule},
        "required_levels": [target.model_dump() for target in run.required_levels],
        "pass_score": None if run.pass_score is None else float(run.pass_score),
        "status": run.status_on(clock.today()),
        "admission": _admission(run.admission),
        "audience": run.audience._asdict() if run.audience else None,
    }


def _admission(admission: Admission) -> dict[str, Any]:
    """As `AdmissionRow` takes it."""
    held = [
        {"agency": group.removeprefix(AGENCY), "seats": seats}
        if group.startswith(AGENCY)
        else {"group": group, "seats": seats}
        for group, seats in admission.held
    ]
    return {
        "approval": admission.approval,
        "held": held,
        "held_until": admission.held_until,
        "substitutes_until": admission.substitutes_until,
    }


def shown_session(one: RunSession) -> dict[str, Any]:
    """A session as the interface shows it; who teaches it is not said."""
    names = ("starts_at", "ends_at", "title", "place", "link")
    return {"id": one.session_id, **{name: getattr(one, name) for name in names}}


def _programme(programme: Programme) -> dict[str, Any]:
    names = (
        "code",
        "version",
        "name",
        "jp",
        "kind",
        "kind_id",
        "mode",
        "job_levels",
        "quota",
        "positions",
        "agencies",
        "audience_binds",
    )
    competencies = [c.model_dump() for c in programme.competencies]
    return {name: getattr(programme, name) for name in names} | {
        "competencies": competencies,
        "mix": asdict(programme.mix),
    }
