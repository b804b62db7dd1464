"""Machine interface of requests for people of other agencies."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.permissions import may, reach_of
from bina.web.text import PlainText
from enrollment.paging import PageQuery, page
from enrollment.register.bodies import Nip
from enrollment.transfers import deciding, store
from enrollment.transfers.domain import REASON
from enrollment.transfers.store import Listed
from enrollment.transfers.view import nip_of, state_of

router = APIRouter(tags=["transfers"])
Asker = Annotated[Person, may("transfer.ask")]
Decider = Annotated[Person, may("transfer.decide")]
Words = Annotated[PlainText, Field(min_length=3, max_length=REASON)]


class Asked(BaseModel):
    """Whom an agency asks for, why and from which day on."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    nip: Nip
    reason: Words
    since: Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31))]


class Refusal(BaseModel):
    """Why not; the agency that asked reads it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Words


class TransferQuery(PageQuery):
    """Requests to answer, or (`asked`) those that one's own agency made, the newest 200."""

    asked: bool = False


@router.get("/transfers")
async def list_transfers(
    request: Request,
    person: Annotated[Person, may("transfer.list")],
    query: Annotated[TransferQuery, Query()],
    reads: OthersRecords,
) -> dict[str, Any]:
    """Open requests for one's own people, or what one's agency asked for."""
    reach = reach_of(person, "transfer.list")
    async with request.app.state.runtime.sessions() as session:
        if query.asked:
            rows = await store.load_asked(session, reach, 200)
            return {"items": [_shown(row, person) for row in rows], "next": None}
        rows = await store.page_to_answer(session, reach, after=query.cursor, limit=query.limit)
    await reads.of([row.one.asn_id for row in rows if row.one.asn_id])
    return page([_shown(row, person) | {"name": row.name} for row in rows], query.limit)


@router.post("/transfers", status_code=201)
async def ask(body: Asked, person: Asker, command: ApiCommand) -> Response:
    """Ask for whoever has a NIP. The answer is the same whether or not anybody has it."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        transfer_id = await deciding.ask(session, person, body.nip, body.reason, body.since)
        return {"id": transfer_id, "state": "open"}

    return await command.answer(effect, status=201)


@router.post("/transfers/{transfer_id}/accept")
async def accept(transfer_id: UUID, person: Decider, command: ApiCommand) -> Response:
    """The person moves to the agency that asked."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await deciding.accept(session, person, transfer_id)
        return {"id": transfer_id, "state": "accepted"}

    return await command.answer(effect)


@router.post("/transfers/{transfer_id}/refuse")
async def refuse(transfer_id: UUID, body: Refusal, person: Decider, command: ApiCommand) -> Response:
    """The person stays, and why."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await deciding.refuse(session, person, transfer_id, body.reason)
        return {"id": transfer_id, "state": "refused"}

    return await command.answer(effect)


@router.post("/transfers/{transfer_id}/withdraw")
async def withdraw(transfer_id: UUID, person: Asker, command: ApiCommand) -> Response:
    """The agency that asked takes it back."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await deciding.withdraw(session, person, transfer_id)
        return {"id": transfer_id, "state": "withdrawn"}

    return await command.answer(effect)


def _shown(row: Listed, reader: Person) -> dict[str, Any]:
    one = row.one
    names = ("agency_code", "since", "reason", "asked_at", "due_at", "decided_at", "answer")
    shown = {name: getattr(one, name) for name in names}
    return {"id": one.transfer_id, "nip": nip_of(row, reader), "state": state_of(one), **shown}
