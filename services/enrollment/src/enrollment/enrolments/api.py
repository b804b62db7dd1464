"""Machine interface of enrolments, attendance, results and the life of runs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person, SignedIn, require
from bina.web.commands import ApiCommand
from bina.web.problems import not_found
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.bodies import Cancellation, Conclusion, RunChange
from enrollment.catalogue.domain import Run
from enrollment.enrolments import commands, running, store
from enrollment.enrolments.bodies import AttendanceBody, CorrectionBody, EnrolmentBody, WithdrawalBody
from enrollment.enrolments.completing import Correction
from enrollment.enrolments.domain import Decision, Enrolment
from enrollment.enrolments.store import EnrolmentFilter
from enrollment.enrolments.within import check_employee, check_subject
from enrollment.paging import PageQuery, page
from enrollment.scope import Reach, check_writes, reach_of

router = APIRouter(tags=["enrolments"])


class EnrolmentQuery(PageQuery):
    """Which enrolments."""

    run: str | None = None
    agency: str | None = None
    asn: UUID | None = None
    state: str | None = None


Clerk = Annotated[Person, require("operator", "bkd", "platform")]


@router.post("/enrolments", status_code=201)
async def request_seat(body: EnrolmentBody, person: SignedIn, command: ApiCommand) -> Response:
    """Request a seat for oneself, or as a clerk for an employee."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await check_employee(session, person, body.nip)
        return _decided(await commands.ask_for(session, person, body.run, body.nip, body.note))

    return await command.answer(effect, status=201)


@router.post("/enrolments/{enrollment_id}/withdraw")
async def give_seat_back(
    enrollment_id: UUID, body: WithdrawalBody, person: SignedIn, command: ApiCommand
) -> Response:
    """Give a seat back; the first of the waiting list moves up."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await check_subject(session, person, enrollment_id)
        return _decided(await commands.give_back(session, person, enrollment_id, body.reason))

    return await command.answer(effect)


@router.post("/attendance")
async def record_attendance(body: AttendanceBody, person: Clerk, command: ApiCommand) -> Response:
    """Record who met their run's attendance, up to 1,000; repeating it changes nothing."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        present, absent = sorted(set(body.enrollments)), sorted(set(body.absent))
        return dict(await commands.record_attendance(session, person, present, absent, body.met_on))

    return await command.answer(effect)


@router.post("/results/{enrollment_id}/correct")
async def correct_result(
    enrollment_id: UUID, body: CorrectionBody, person: Clerk, command: ApiCommand
) -> Response:
    """Replace a recorded result; the JP ledger follows."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        correction = Correction(**body.model_dump())
        return _result(await commands.correct_result(session, person, enrollment_id, correction))

    return await command.answer(effect)


@router.post("/runs/{reference}/change")
async def change_run(reference: str, body: RunChange, person: Clerk, command: ApiCommand) -> Response:
    """Change a run; what is left out stays."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        run = await running.change(session, await _own_run(session, person, reference), body)
        return {"id": run.run_id, "seats": run.seats, "taken": run.taken, "waiting": run.waiting}

    return await command.answer(effect)


@router.post("/runs/{reference}/cancel")
async def cancel_run(reference: str, body: Cancellation, person: Clerk, command: ApiCommand) -> Response:
    """Cancel a run."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await running.cancel(session, await _own_run(session, person, reference), body.reason)

    return await command.answer(effect)


@router.post("/runs/{reference}/conclude")
async def conclude_run(reference: str, body: Conclusion, person: Clerk, command: ApiCommand) -> Response:
    """Conclude a run."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        run = await _own_run(session, person, reference)
        return await running.conclude(session, run, body.concluded_on or clock.today())

    return await command.answer(effect)


@router.get("/enrolments")
async def list_enrolments(
    request: Request,
    person: SignedIn,
    asked: Annotated[EnrolmentQuery, Query()],
) -> dict[str, Any]:
    """Enrolments of own people and of own runs; an ASN sees their own. `run` is an id or a code."""
    run, limit = asked.run, asked.limit
    own = asked.asn is not None and asked.asn == person.person_id
    reach = Reach(None) if own else reach_of(person)
    async with request.app.state.runtime.sessions() as session:
        found = await catalogue.find_run(session, run) if run else None
        if run and found is None:
            raise not_found()
        run_id = found.run_id if found else None
        which = EnrolmentFilter(
            reach.agency_code, reach.unit_id, run_id, asked.asn, asked.agency, asked.state
        )
        rows = await store.page_of_enrolments(session, which, after=asked.cursor, limit=limit)
    return page([{**_result(row.enrolment), "run_code": row.run_code, "nip": row.nip} for row in rows], limit)


async def _own_run(session: AsyncSession, person: Person, reference: str) -> Run:
    run = await catalogue.find_run(session, reference)
    if run is None:
        raise not_found()
    check_writes(person, {run.organiser})
    return run


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "enrollment_id": decision.enrolment.enrollment_id if decision.enrolment else None,
        "position": decision.position,
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
