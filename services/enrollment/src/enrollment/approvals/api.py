"""Machine interface of approvals."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.masking import nip_for
from bina.web.permissions import may, out_of_scope, reach_of
from bina.web.text import PlainText
from enrollment.approvals import deciding, store
from enrollment.approvals.store import Listed
from enrollment.approvals.view import noted
from enrollment.paging import PageQuery, page

router = APIRouter(tags=["approvals"])
Decider = Annotated[Person, may("approval.decide")]


class Refusal(BaseModel):
    """Why not; the person reads it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[PlainText, Field(min_length=3, max_length=deciding.REASON)]


@router.get("/approvals")
async def list_approvals(
    request: Request,
    person: Annotated[Person, may("approval.list")],
    asked: Annotated[PageQuery, Query()],
    reads: OthersRecords,
) -> dict[str, Any]:
    """Requests that wait for an approval: of people whom one leads, or of one's agency or unit."""
    reach = reach_of(person, "approval.list")
    async with request.app.state.runtime.sessions() as session:
        rows = await store.page_of_open(session, reach, after=asked.cursor, limit=asked.limit)
    await reads.of([row.awaiting.asn_id for row in rows])
    return page([_shown(row, person) for row in rows], asked.limit)


@router.post("/approvals/{approval_id}/approve")
async def approve(approval_id: UUID, person: Decider, command: ApiCommand) -> Response:
    """Say yes as the supervisor or the agency, whoever it waits for; `outcome` is `awaiting` while the agency's word
    lacks still."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        answer = await deciding.approve(session, person, approval_id)
        return {
            "id": approval_id,
            "outcome": answer.outcome,
            "position": answer.position,
            "reason": answer.why,
        }

    return await command.answer(effect)


@router.post("/approvals/{approval_id}/refuse")
async def refuse(approval_id: UUID, body: Refusal, person: Decider, command: ApiCommand) -> Response:
    """Say no, and why."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await deciding.refuse(session, person, approval_id, body.reason)
        return {"id": approval_id, "outcome": "refused"}

    return await command.answer(effect)


@router.post("/approvals/{approval_id}/withdraw")
async def take_back(
    approval_id: UUID, person: Annotated[Person, may("approval.take_back")], command: ApiCommand
) -> Response:
    """Withdraw one's own request."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if person.person_id is None:
            raise out_of_scope()
        await deciding.take_back(session, person.person_id, approval_id)
        return {"id": approval_id, "outcome": "withdrawn"}

    return await command.answer(effect)


def _shown(row: Listed, reader: Person) -> dict[str, Any]:
    one = row.awaiting
    names = ("run_id", "asn_id", "requested_at", "stage", "then_agency", "until", "supervisor_at")
    return {
        "id": one.approval_id,
        **{name: getattr(one, name) for name in names},
        "run_code": row.run_code,
        "name": row.name,
        "nip": nip_for(reader, row.nip, one.asn_id, row.agency_code, row.unit_path),
        "note": noted(row, reader),
        "times_absent": row.missed,
    }
