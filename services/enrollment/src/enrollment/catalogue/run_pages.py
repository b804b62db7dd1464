"""Forms of organisers: announce a run of a programme, change one."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import Reading
from bina.web.commands import Effect, FormCommand, PageCommand
from bina.web.editions import CHANGED, Seen
from bina.web.language import gettext as _
from bina.web.permissions import check_runs, may, reach_of
from bina.web.problems import Problem, not_found
from enrollment.catalogue import admission_form, announcing, run_form, store
from enrollment.catalogue.bodies import RunChange, RunRow
from enrollment.catalogue.domain import Programme, Run
from enrollment.catalogue.finding import edition_of_run, run_of
from enrollment.catalogue.view import ways
from enrollment.enrolments import running
from enrollment.imports import run_code
from enrollment.partners import store as partners
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()


class Shown(NamedTuple):
    """A form as it was filled in, of a programme's new run or of one that is there, whose edition was seen."""

    programme: Programme
    run: Run | None
    form: Mapping[str, Any]
    edition: str = ""


NEW, EDIT = "/enrollment/program/{code}/angkatan", "/enrollment/angkatan/{reference}/ubah"
READ = "run.form"
Reader = Annotated[Person, may(READ)]


@router.get(NEW)
async def new(request: Request, code: str, person: Reader) -> Response:
    """An empty form with what the programme says."""
    programme = await _programme(request, code)
    form = {
        "organiser": person.agency_code or "",
        "seats": announcing.DEFAULT_SEATS if programme.quota is None else programme.quota,
        "mode": programme.mode,
        "job_levels": ", ".join(programme.job_levels),
        "attendance_percent": 100,
        "sessions": [],
    }
    return await _form(request, person, Shown(programme, None, form), {})


@router.post(NEW)
async def announce(
    request: Request, code: str, person: Annotated[Person, may("run.announce")], command: PageCommand
) -> Response:
    """Announce a run in the programme's version in force."""
    programme, form = await _programme(request, code), run_form.given(command)
    form["organiser"] = form["organiser"] or person.agency_code or ""
    more = {"programme": code} | ({} if form["open_to"] else {"open_to": None})
    row, wrong = run_form.read(RunRow, form, more)
    if row is None:
        return await _form(request, person, Shown(programme, None, form), wrong)
    check_runs(person, "run.announce", {row.organiser})

    async def effect(session: AsyncSession) -> str:
        await store.hold_catalogue(session)
        if run_code(row.code) in await store.load_runs_by_code(session, [run_code(row.code)]):
            raise Problem("run-known", 409, _("Kode angkatan ini sudah dipakai."), mend=_("Pakai kode lain."))
        await announcing.announce_runs(session, [row])
        return f"/enrollment/angkatan/{run_code(row.code)}"

    return await _sent(request, person, command, effect, Shown(programme, None, form))


@router.get(EDIT)
async def edit(request: Request, reference: str, person: Reader) -> Response:
    """The form with what the run is."""
    run, programme = await _run(request, person, reference)
    async with request.app.state.runtime.sessions() as session:
        sessions = (await store.load_sessions(session, [run.run_id]))[run.run_id]
        edition = await edition_of_run(session, run)
    return await _form(request, person, Shown(programme, run, run_form.filled(run, sessions), edition), {})


@router.post(EDIT)
async def change(
    request: Request, reference: str, person: Annotated[Person, may("run.change")], command: PageCommand
) -> Response:
    """Change it; everybody who has to know is told."""
    run, programme = await _run(request, person, reference)
    form, edition = run_form.given(command), command.text("edition")
    form |= {"code": run.code, "organiser": run.organiser}
    wanted, wrong = run_form.read(RunChange, form, {})
    if wanted is None:
        return await _form(request, person, Shown(programme, run, form, edition), wrong)
    check_runs(person, "run.change", {run.organiser})

    async def effect(session: AsyncSession) -> str:
        trained = await _with_trainers(session, run.run_id, wanted)
        await running.change(session, run, trained, Seen(edition))
        return f"/enrollment/angkatan/{run.code}"

    return await _sent(request, person, command, effect, Shown(programme, run, form, edition))


async def _with_trainers(session: AsyncSession, run_id: UUID, wanted: RunChange) -> RunChange:
    """Sessions for which no trainer was typed keep theirs."""
    known = {one.session_id: one.trainer_id for one in (await store.load_sessions(session, [run_id]))[run_id]}
    people = await register.load_people(session, [trainer for trainer in known.values() if trainer])
    nips = {person.asn_id: person.nip for person in people}
    rows = [
        row.model_copy(update={"trainer": nips.get(trainer)})
        if row.trainer is None and row.id and (trainer := known.get(row.id))
        else row
        for row in wanted.sessions or []
    ]
    return wanted.model_copy(update={"sessions": rows})


async def _sent(
    request: Request, person: Person, command: FormCommand, effect: Effect, shown: Shown
) -> Response:
    done = _("Angkatan diubah.") if shown.run else _("Angkatan diumumkan.")
    try:
        return await command.redirect(effect, done=done)
    except Problem as problem:
        if problem.type == CHANGED and shown.run:
            return await _changed(request, person, shown, shown.run)
        if problem.type != "invalid-input":
            raise
        wrong = {run_form.field_of(fault.where): fault.what for fault in problem.errors}
        return await _form(request, person, shown, wrong)


async def _changed(request: Request, person: Person, shown: Shown, run: Run) -> Response:
    """The form as it was filled in, over what the run is by now: sent again, it is meant so."""
    async with request.app.state.runtime.sessions() as session:
        edition = await edition_of_run(session, await run_of(session, run.code))
    return await _form(request, person, shown._replace(edition=edition), {}, changed=True)


async def _form(
    request: Request, person: Person, shown: Shown, wrong: Mapping[str, str], *, changed: bool = False
) -> Response:
    programme, run, form, edition = shown
    async with request.app.state.runtime.sessions() as session:
        agencies = await register.load_agencies(session)
        institutions = await partners.load_choices(session, "partners")
        speakers = await partners.load_choices(session, "speakers")
        noted = await partners.load_speakers_to_note(session)
    await Reading(request).of(noted)
    reach = reach_of(person, READ)
    rows = [*form["sessions"], *({} for _row in range(run_form.BLANK))][: run_form.MOST]
    return pages.render(
        request,
        "catalogue/run_form.html",
        status_code=412 if changed else 422 if wrong else 200,
        programme=programme,
        run=run,
        edition=edition,
        changed=changed,
        given=form,
        errors=wrong,
        rows=list(enumerate(rows)),
        organisers=[(code, name) for code, name in agencies.items() if reach.covers_run(code)],
        institutions=institutions,
        speakers=speakers,
        ways=ways(str(form.get("mode", ""))),
        approvals=admission_form.approvals(),
        back=f"/enrollment/angkatan/{run.code}" if run else f"/enrollment/program/{programme.code}",
    )


async def _programme(request: Request, code: str) -> Programme:
    async with request.app.state.runtime.sessions() as session:
        found = (await store.load_programmes(session, [code])).get(code)
    if found is None:
        raise not_found(_("Program ini belum ada di katalog, atau belum disetujui."))
    return found


async def _run(request: Request, person: Person, reference: str) -> tuple[Run, Programme]:
    """A run in the reader's reach, and its programme."""
    async with request.app.state.runtime.sessions() as session:
        run = await run_of(session, reference)
        check_runs(person, READ, {run.organiser})
        programme = (await store.load_programmes(session, [run.programme_code]))[run.programme_code]
    return run, programme
