"""Machine interface of enrolments, attendance, results and the life of runs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.editions import IfMatch
from bina.web.masking import nip_for
from bina.web.permissions import Reach, check_runs, may, out_of_scope, reach_of
from enrollment.catalogue.bodies import Cancellation, Conclusion, RunChange
from enrollment.catalogue.domain import Run
from enrollment.catalogue.finding import run_of
from enrollment.enrolments import commands, running, store, substituting
from enrollment.enrolments.asking import Wish, ask_for, turns_of
from enrollment.enrolments.bodies import (
    AttendanceBody,
    CorrectionBody,
    EnrolmentBody,
    SubstituteBody,
    WithdrawalBody,
)
from enrollment.enrolments.completing import Correction
from enrollment.enrolments.domain import Decision, Enrolment
from enrollment.enrolments.store import EnrolmentFilter, Listed
from enrollment.enrolments.within import check_both, check_employee, check_subject
from enrollment.paging import PageQuery, page

router = APIRouter(tags=["enrolments"])


class EnrolmentQuery(PageQuery):
    """Which enrolments."""

    run: str | None = None
    agency: str | None = None
    asn: UUID | None = None
    state: str | None = None


Organiser = Annotated[Person, may("run.change")]


@router.post("/enrolments", status_code=201)
async def request_seat(
    request: Request,
    body: EnrolmentBody,
    person: Annotated[Person, may("enrolment.request")],
    command: ApiCommand,
) -> Response:
    """Request a seat for oneself, or as a clerk for an employee."""
    wish = Wish(person, body.run, body.nip, body.note)

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await check_employee(session, person, body.nip)
        return _decided(await ask_for(session, *wish))

    turns = turns_of(request).sharing(wish, _decided) if wish.is_shared else None
    return await command.answer(effect, status=201, sharing=turns)


@router.post("/enrolments/{enrollment_id}/withdraw")
async def give_seat_back(
    enrollment_id: UUID,
    body: WithdrawalBody,
    person: Annotated[Person, may("enrolment.withdraw")],
    command: ApiCommand,
) -> Response:
    """Give a seat back; the first of the waiting list moves up."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await check_subject(session, person, enrollment_id)
        return _decided(await commands.give_back(session, person, enrollment_id, body.reason))

    return await command.answer(effect)


@router.post("/enrolments/{enrollment_id}/substitute")
async def substitute(
    enrollment_id: UUID,
    body: SubstituteBody,
    person: Annotated[Person, may("enrolment.substitute")],
    command: ApiCommand,
) -> Response:
    """Give a participant's seat to another employee of the same agency, before the run starts."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await check_both(session, person, enrollment_id, body.nip)
        return _decided(await substituting.substitute(session, person, enrollment_id, body.nip))

    return await command.answer(effect)


@router.post("/attendance")
async def record_attendance(
    body: AttendanceBody, person: Annotated[Person, may("attendance.settle")], command: ApiCommand
) -> Response:
    """Record who met their run's attendance, up to 1,000; repeating it changes nothing."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        present, absent = sorted(set(body.enrollments)), sorted(set(body.absent))
        return dict(await commands.record_attendance(session, person, present, absent, body.met_on))

    return await command.answer(effect)


@router.post("/results/{enrollment_id}/correct")
async def correct_result(
    enrollment_id: UUID,
    body: CorrectionBody,
    person: Annotated[Person, may("result.correct")],
    command: ApiCommand,
) -> Response:
    """Replace a recorded result; the JP ledger follows."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        correction = Correction(**body.model_dump())
        return _result(await commands.correct_result(session, person, enrollment_id, correction))

    return await command.answer(effect)


@router.post("/runs/{reference}/change")
async def change_run(
    reference: str, body: RunChange, person: Organiser, command: ApiCommand, seen: IfMatch
) -> Response:
    """Change a run; what is left out stays. `If-Match` with the run's `ETag`: not if it was changed meanwhile."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        run = await running.change(session, await _own_run(session, person, reference), body, seen)
        return {"id": run.run_id, "seats": run.seats, "taken": run.taken, "waiting": run.waiting}

    return await command.answer(effect)


@router.post("/runs/{reference}/cancel")
async def cancel_run(reference: str, body: Cancellation, person: Organiser, command: ApiCommand) -> Response:
    """Cancel a run."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await running.cancel(session, await _own_run(session, person, reference), body.reason)

    return await command.answer(effect)


@router.post("/runs/{reference}/conclude")
async def conclude_run(reference: str, body: Conclusion, person: Organiser, command: ApiCommand) -> Response:
    """Conclude a run."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        run = await _own_run(session, person, reference)
        return await running.conclude(session, run, body.concluded_on or clock.today())

    return await command.answer(effect)


@router.get("/enrolments")
async def list_enrolments(
    request: Request,
    person: Annotated[Person, may("enrolment.list")],
    asked: Annotated[EnrolmentQuery, Query()],
    reads: OthersRecords,
) -> dict[str, Any]:
    """Enrolments of own people and of own runs; an ASN sees their own. `run` is an id or a code.

    403 for an `agency` or person of whom nothing can be in reach.
    """
    run, limit = asked.run, asked.limit
    reach = reach_of(person, "enrolment.list")
    _check_asked(asked, reach)
    async with request.app.state.runtime.sessions() as session:
        run_id = (await run_of(session, run)).run_id if run else None
        which = EnrolmentFilter(run_id, asked.asn, asked.agency, asked.state)
        rows = await store.page_of_enrolments(session, reach, which, after=asked.cursor, limit=limit)
    await reads.of([row.enrolment.asn_id for row in rows], asked.model_dump())
    return page([_listed(row, person) for row in rows], limit)


async def _own_run(session: AsyncSession, person: Person, reference: str) -> Run:
    run = await run_of(session, reference)
    check_runs(person, "run.change", {run.organiser})
    return run


def _check_asked(asked: EnrolmentQuery, reach: Reach) -> None:
    if reach.everything or reach.organiser:
        return
    foreign = asked.agency not in (None, reach.agency_code) and reach.agency_code
    if foreign or (reach.agency_code is None and asked.asn not in (None, reach.own)):
        raise out_of_scope()


def _listed(row: Listed, reader: Person) -> dict[str, Any]:
    one = row.enrolment
    nip = nip_for(reader, row.nip, one.asn_id, one.agency_code, row.unit_path)
    return {**_result(one), "run_code": row.run_code, "nip": nip}


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "enrollment_id": decision.enrolment.enrollment_id if decision.enrolment else None,
        "position": decision.position,
        "approval_id": decision.awaiting.approval_id if decision.awaiting else None,
        "problems": [problem.model_dump() for problem in decision.problems],
    }


def _result(enrolment: Enrolment) -> dict[str, Any]:
    names = ("run_id", "asn_id", "agency_code", "state", "requested_at", "met_on", "completed_on", "reason")
    more = ("jp", "certificate_number", "revision")
    scores = {
        name: None if (value := getattr(enrolment, name)) is None else float(value)
        for name in ("pre_score", "post_score")
    }
    shown = {name: getattr(enrolment, name) for name in names + more}
    return {"id": enrolment.enrollment_id, **shown, **scores}
