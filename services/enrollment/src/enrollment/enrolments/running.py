"""What happens to a run after it was announced, and to those enrolled in it."""

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.agency import Problem as Told
from bina.events.agency import RequestAnswered
from bina.events.enrollment import TrainingCancelled, TrainingConcluded
from bina.messaging import clock, due, emit
from bina.web import audit
from bina.web.editions import WHATEVER, Seen
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.admission import RELEASE
from enrollment.catalogue.announcing import (
    held_fault,
    plan_releases,
    words_of_audience,
    words_of_strange,
    words_of_unknown,
)
from enrollment.catalogue.bodies import RunChange
from enrollment.catalogue.domain import Run
from enrollment.catalogue.finding import edition_of_run
from enrollment.catalogue.scheduling import check_still_inside, set_sessions
from enrollment.enrolments import store
from enrollment.enrolments.applying import apply, fill_seats, note
from enrollment.enrolments.awaiting import UNANSWERED, refuse
from enrollment.enrolments.store.awaiting import open_of_run
from enrollment.partners import store as partners
from enrollment.register import store as register

_TUPLES = {"open_to", "job_levels", "required_programmes"}
_CLEARED = {"pass_score", "opens_at", "closes_at", "partner_id"}
NO_SEAT = "Kursi tidak tersedia sampai angkatan selesai."
CANCELLED = "Angkatan ini dibatalkan penyelenggara: {reason}. Pilih angkatan lain di katalog."


async def hold(session: AsyncSession, run: Run) -> Run:
    """The run as it stands once its seats are held."""
    await store.lock_runs(session, [run.run_id])
    return (await catalogue.load_runs(session, [run.run_id]))[run.run_id]


async def change(session: AsyncSession, run: Run, wanted: RunChange, seen: Seen = WHATEVER) -> Run:
    """Change a run and tell its whole new state; more seats move the waiting list up. 412 where it is no longer what
    its editor has seen."""
    await due.planned(
        session, RELEASE, [run.run_id]
    )  # in due work's order: what is due, then the run's seats
    run = await hold(session, run)
    seen.check(await edition_of_run(session, run))
    _refuse_cancelled(run)
    changed = replace(run, **_given(wanted))
    await _check(session, changed, wanted)
    await _check_audience(session, changed, {*changed.open_to} - {*run.open_to})
    if wanted.sessions is not None:
        await set_sessions(session, [("sessions", changed, wanted.sessions)])
    elif (changed.starts_on, changed.ends_on) != (run.starts_on, run.ends_on):
        await check_still_inside(session, changed)
    if changed == run:
        return run
    await catalogue.change_run(session, changed)
    await plan_releases(session, [changed])
    audit.changed(session, "run", run.run_id, run, changed)
    told: list[Event] = [changed.changed()]
    await emit(session, [*told, *(await fill_seats(session, [run.run_id], clock.today()))])
    return (await catalogue.load_runs(session, [run.run_id]))[run.run_id]


async def cancel(session: AsyncSession, run: Run, reason: str) -> dict[str, Any]:
    """Cancel a run; those enrolled hear of it from the run's own fact, agencies whose requests wait in an answer."""
    run = await hold(session, run)
    if run.concluded_on:
        raise Problem("run-concluded", 409, _("Angkatan ini sudah selesai, tidak dapat dibatalkan."))
    if run.status != "cancelled":
        await catalogue.mark_cancelled(session, run.run_id, reason)
        audit.changed(session, "run", run.run_id, run, replace(run, status="cancelled"), why=reason)
        answers = await _answers_to_waiting(session, run, reason)
        words = CANCELLED.format(reason=reason.rstrip(". "))
        asking = await refuse(session, await open_of_run(session, run.run_id), "run.cancelled", words)
        await emit(session, [TrainingCancelled(run_id=run.run_id, reason=reason), *answers, *asking])
    return {"id": run.run_id, "status": "cancelled"}


async def conclude(session: AsyncSession, run: Run, day: date) -> dict[str, Any]:
    """Conclude a run; whoever still waits is let go."""
    run = await hold(session, run)
    _refuse_cancelled(run)
    if run.concluded_on is None:
        await catalogue.mark_concluded(session, run.run_id, day)
        audit.changed(session, "run", run.run_id, run, replace(run, concluded_on=day, status="closed"))
        released = [c._replace(why=NO_SEAT) for c in await store.release_waiting(session, run.run_id)]
        told = [fact for facts in await apply(session, released) for fact in facts]
        told += await refuse(session, await open_of_run(session, run.run_id), "run.concluded", UNANSWERED)
        await emit(session, [*told, TrainingConcluded(run_id=run.run_id, concluded_on=day)])
    return {"id": run.run_id, "status": "closed", "concluded_on": run.concluded_on or day}


async def _answers_to_waiting(session: AsyncSession, run: Run, reason: str) -> list[RequestAnswered]:
    """The last answer to each request of an agency that still waits for a seat, the longest waiting first."""
    released = await store.release_waiting(session, run.run_id)
    note(session, released)
    waiting = [change.after.enrollment_id for change in released]
    asked = await store.take_waiting_asks(session, waiting)
    problem = Told(
        column="Kode Angkatan",
        code="run.cancelled",
        severity="warning",
        advice=CANCELLED.format(reason=reason.rstrip(". ")),
    )
    return [
        RequestAnswered(
            agency_code=one.agency_code,
            request_id=one.request_id,
            nip=one.nip,
            run_code=one.run_code,
            outcome="withdrawn",
            enrollment_id=str(one.enrollment_id),
            problems=(problem,),
        )
        for enrollment_id in waiting
        if (one := asked.get(enrollment_id))
    ]


def _given(wanted: RunChange) -> dict[str, Any]:
    """What is to be replaced; a pass score, the enrolment's window and the partner may be taken away by null."""
    given = wanted.model_dump(exclude_unset=True, exclude={"sessions", "required_levels", "admission"})
    kept = {name: value for name, value in given.items() if value is not None or name in _CLEARED}
    found = {name: tuple(value) if name in _TUPLES else value for name, value in kept.items()}
    if wanted.required_levels is not None:
        found["required_levels"] = tuple(one.target() for one in wanted.required_levels)
    if wanted.admission:
        found["admission"] = wanted.admission.admission()
    return found


async def _check(session: AsyncSession, changed: Run, wanted: RunChange) -> None:
    """Raise `Problem` (422) for days and moments in the wrong order, and for programmes that there are not."""
    faults = []
    if changed.ends_on < changed.starts_on:
        faults.append(Fault("ends_on", _("Tanggal selesai mendahului tanggal mulai.")))
    if changed.opens_at and changed.closes_at and changed.closes_at <= changed.opens_at:
        faults.append(Fault("closes_at", _("Penutupan pendaftaran mendahului pembukaannya.")))
    if wrong := held_fault(changed):
        faults.append(Fault("admission", wrong))
    asked = wanted.required_programmes or []
    known = await catalogue.load_programmes(session, asked) if asked else {}
    if strange := [code for code in asked if code not in known]:
        faults.append(Fault("required_programmes", words_of_unknown(strange)))
    if wanted.partner_id and not await partners.load_partners(session, [wanted.partner_id]):
        faults.append(Fault("partner_id", _("Mitra ini tidak ada.")))
    if faults:
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=faults)


async def _check_audience(session: AsyncSession, changed: Run, new: set[str]) -> None:
    """Raise `Problem` (422) where a run is opened to agencies that there are not, or that its programme is not for."""
    if not new:
        return
    programme = (await catalogue.load_programmes(session, [changed.programme_code]))[changed.programme_code]
    strange = words_of_strange(new - (await register.load_agencies(session)).keys())
    if words := strange or words_of_audience(programme, new):
        faults = [Fault("open_to", words)]
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=faults)


def _refuse_cancelled(run: Run) -> None:
    if run.status == "cancelled":
        raise Problem("run-cancelled", 409, _("Angkatan ini sudah dibatalkan."), run.reason)
