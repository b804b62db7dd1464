"""Machine interface: appointing evaluators."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, lock_alone, together
from bina.web import audit
from bina.web.access import Person
from bina.web.commands import ApiCommand
from bina.web.language import gettext as _
from bina.web.permissions import may, reach_of
from bina.web.problems import Fault, Problem, not_found
from bina.web.text import Code
from evaluation.roster import store as roster

from . import evaluators, windows

router = APIRouter(tags=["evaluators"])
MOST = 200


class Appointment(BaseModel):
    """Evaluators of a run (`run_id`, by its organiser) or of an agency's people (`agency_code`); by NIP, in turn.

    An empty list takes the appointment back.
    """

    run_id: UUID | None = None
    agency_code: Code | None = None
    evaluators: Annotated[list[Annotated[str, Field(pattern="^[0-9]{18}$")]], Field(max_length=MOST)]

    @model_validator(mode="after")
    def one_scope(self) -> Self:
        """Refuse both scopes, or none."""
        if (self.run_id is None) == (self.agency_code is None):
            raise ValueError("run_id or agency_code")
        return self


class Appointed(BaseModel):
    """How many evaluators are appointed, and how many waiting windows open now."""

    evaluators: int
    windows: int


@router.post("/evaluators", response_model=Appointed, status_code=201)
async def post_evaluators(
    body: Appointment,
    person: Annotated[Person, may("evaluator.appoint")],
    command: ApiCommand,
) -> Response:
    """Appoint who interviews alumni; tasks that wait unassigned go to them at once."""

    async def effect(session: AsyncSession) -> dict[str, int]:
        return (await appoint(session, body, person)).model_dump()

    return await command.answer(effect, status=201)


async def appoint(session: AsyncSession, wanted: Appointment, person: Person) -> Appointed:
    """Appoint within the person's scope; 404 outside it, 422 for people who are not known."""
    await lock_alone(session)
    scope, key = await _scope(session, wanted, person)
    known = await roster.find_by_nip(session, wanted.evaluators)
    missing = [nip for nip in wanted.evaluators if nip not in known]
    if missing:
        raise Problem(
            "evaluator-unknown",
            422,
            _("Evaluator tidak dikenal."),
            mend=_("Periksa NIP; evaluator harus ASN yang terdaftar."),
            errors=[Fault("evaluators", nip) for nip in missing],
        )
    ids = list(dict.fromkeys(known[nip] for nip in wanted.evaluators))
    (before,) = await together(session, evaluators.pools_asked([key], [key]))
    found = await evaluators.appoint(session, scope, key, ids, by=person.person_id, on=clock.today())
    old = {"evaluators": before.get((scope, key), [])}
    audit.changed(session, f"evaluators of {scope}", key, old, {"evaluators": ids})
    await windows.schedule_openings(session, found)
    return Appointed(evaluators=len(ids), windows=len(found))


async def _scope(session: AsyncSession, wanted: Appointment, person: Person) -> tuple[evaluators.Scope, str]:
    """An agency appoints for its own people and for the runs it organises."""
    reach = reach_of(person, "evaluator.appoint")
    if wanted.run_id is not None:
        (runs,) = await together(session, roster.runs_asked([wanted.run_id]))
        run = runs.get(wanted.run_id)
        if run is None or not reach.covers_run(run.organiser):
            raise not_found()
        return "run", str(wanted.run_id)
    assert wanted.agency_code is not None
    if not reach.covers_place(wanted.agency_code):
        raise not_found()
    return "agency", wanted.agency_code
