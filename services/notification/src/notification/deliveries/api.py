"""Deliveries for machines."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.permissions import may, reach_of
from notification.cursors import read_cursor, write_cursor
from notification.deliveries.store import ledger

router = APIRouter(prefix="/deliveries", tags=["deliveries"])
Reader = Annotated[Person, may("delivery.list")]
Clerk = Annotated[Person, may("delivery.retry")]
State = Literal["waiting", "sending", "sent", "failed", "expired", "skipped"]


class DeliveryOut(BaseModel):
    """One notice on one outside channel: how it stands, and why."""

    model_config = ConfigDict(from_attributes=True)

    notice_id: UUID
    recipient_id: UUID
    kind: str
    about_id: UUID
    channel: str
    state: State
    reason_code: str
    reason: str
    attempts: int
    occurred_at: datetime
    send_before: datetime
    ended_at: datetime | None


class DeliveryPage(BaseModel):
    """Deliveries, newest notice first; `next` goes on, null at the end."""

    deliveries: list[DeliveryOut]
    next: str | None


class Retry(BaseModel):
    """Which given-up deliveries to try again; all of the caller's scope where none are named."""

    model_config = ConfigDict(extra="forbid")

    notice_ids: list[UUID] | None = Field(default=None, max_length=5000)


@router.get("")
async def list_deliveries(
    request: Request,
    person: Reader,
    reads: OthersRecords,
    *,
    state: Annotated[list[State] | None, Query()] = None,
    recipient: UUID | None = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveryPage:
    """Deliveries of the caller's agency, or of all for the platform's operators."""
    chosen = ledger.Filter(states=state or (), recipient=recipient)
    async with request.app.state.runtime.transaction() as session:
        rows = await ledger.find_deliveries(
            session, reach_of(person, "delivery.list"), chosen, after=read_cursor(after), limit=limit + 1
        )
    shown = rows[:limit]
    await reads.of([row.recipient_id for row in shown], {"state": ",".join(state or ())})
    more = write_cursor(shown[-1].occurred_at, shown[-1].notice_id) if len(rows) > limit else None
    return DeliveryPage(deliveries=[DeliveryOut.model_validate(row) for row in shown], next=more)


@router.post("/retry", response_model=None)
async def retry(person: Clerk, command: ApiCommand, body: Retry) -> Response:
    """Queue given-up deliveries again; answers `{"queued": n}`."""
    reach = reach_of(person, "delivery.retry")

    async def effect(session: AsyncSession) -> dict[str, Any]:
        queued = await ledger.retry_failed(session, reach, clock.now(), body.notice_ids)
        audit.changed(session, "deliveries", reach.agency_code or "", None, {"queued": queued})
        return {"queued": queued}

    return await command.answer(effect)
