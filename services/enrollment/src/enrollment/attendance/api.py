"""Machine interface of attendance by session."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person, secret_of
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.permissions import may
from bina.web.problems import not_found
from enrollment.attendance import commands, reports, store
from enrollment.attendance.bodies import ReceivedReports, SessionAttendance
from enrollment.attendance.domain import Roll
from enrollment.attendance.store import Attender
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.finding import run_of

router = APIRouter(tags=["attendance"])


@router.get("/sessions/{session_id}/attendance")
async def list_attendance(
    request: Request,
    session_id: UUID,
    person: Annotated[Person, may("attendance.read")],
    reads: OthersRecords,
) -> dict[str, Any]:
    """Everybody with a seat in the session's run, and what is recorded of them."""
    async with request.app.state.runtime.sessions() as session:
        roll = await _roll(session, session_id)
        commands.check_roll(person, "attendance.read", roll)
        people = await store.load_attenders(session, roll.run.run_id, session_id)
    await reads.of([one.enrolment.asn_id for one in people])
    return {"items": [_shown(one) for one in people], "next": None}


@router.post("/sessions/{session_id}/attendance")
async def record_attendance(
    session_id: UUID,
    body: SessionAttendance,
    person: Annotated[Person, may("attendance.record")],
    command: ApiCommand,
) -> Response:
    """Record who came to a session, in place of what was recorded; repeating it changes nothing."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        roll = await _roll(session, session_id)
        recorded = await commands.record(session, person, roll, body.said())
        return {"changed": recorded.changed}

    return await command.answer(effect)


@router.post("/runs/{reference}/attendance/settle")
async def settle(
    request: Request,
    reference: str,
    person: Annotated[Person, may("attendance.settle")],
    command: ApiCommand,
) -> Response:
    """Let the run's rule decide who met its attendance, once every session of everybody is recorded."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        run = await run_of(session, reference)
        return dict(await commands.settle(session, person, run, secret_of(request)))

    return await command.answer(effect)


@router.post("/runs/{reference}/reports")
async def receive_reports(
    reference: str,
    body: ReceivedReports,
    person: Annotated[Person, may("report.receive")],
    command: ApiCommand,
) -> Response:
    """Say whose reports were received; repeating it changes nothing."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        run = await run_of(session, reference)
        on = body.received_on or clock.today()
        return dict(await reports.receive(session, person, run, body.enrollments, on))

    return await command.answer(effect)


async def _roll(session: AsyncSession, session_id: UUID) -> Roll:
    held = await catalogue.find_session(session, session_id)
    if held is None:
        raise not_found()
    return Roll((await catalogue.load_runs(session, [held.run_id]))[held.run_id], held)


def _shown(one: Attender) -> dict[str, Any]:
    return {
        "enrollment_id": one.enrolment.enrollment_id,
        "asn_id": one.enrolment.asn_id,
        "state": one.mark or None,
        "how": one.how or None,
        "at": one.at,
        "late": one.late,
        "shared_device": one.shared,
        "checked": one.checked or None,
    }
