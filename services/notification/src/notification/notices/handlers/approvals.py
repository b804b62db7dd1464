"""Requests for a seat: told to those whose word they wait for, and to nobody whose word is not needed any more."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import ApprovalRequested, ApprovalSettled
from notification.notices.domain import ASKING, Notice
from notification.notices.domain.notice import ZONE
from notification.notices.store.notices import add_notices, drop_asking

from .needs import handlers, run_of


@handlers.on(ApprovalRequested, needs=run_of)
async def on_approval_requested(events: list[ApprovalRequested], session: AsyncSession) -> list[Event]:
    """Tell whose word it is; whoever was asked before is asked no more."""
    await drop_asking(session, events)
    await add_notices(session, [notice for event in events for notice in _notices(event)])
    return []


@handlers.on(ApprovalSettled)
async def on_approval_settled(events: list[ApprovalSettled], session: AsyncSession) -> list[Event]:
    """What has not gone out of a request that waits no more need not go."""
    await drop_asking(session, events)
    return []


def _notices(event: ApprovalRequested) -> list[Notice]:
    return [_notice(event, approver_id) for approver_id in event.approver_ids]


def _notice(event: ApprovalRequested, approver_id: UUID) -> Notice:
    last_day = event.until.astimezone(ZONE).date() if event.until else None
    details: dict[str, Any] = {"stage": event.stage, "asker_id": event.asn_id} | (
        {"due": last_day} if last_day else {}
    )
    return Notice.of(
        event,
        ASKING,
        approver_id,
        about_id=event.approval_id,
        run_id=event.run_id,
        last_day=last_day,
        **details,
    )
