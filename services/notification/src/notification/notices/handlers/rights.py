"""Answers to what people asked of their own data."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import DataRequestAnswered
from notification.notices.domain import Notice
from notification.notices.store.notices import add_notices

from .needs import handlers


@handlers.on(DataRequestAnswered)
async def on_data_request_answered(events: list[DataRequestAnswered], session: AsyncSession) -> list[Event]:
    """Tell the person that there is an answer; it stands on their own page."""
    await add_notices(session, [_answered(e) for e in events])
    return []


def _answered(event: DataRequestAnswered) -> Notice:
    return Notice.of(
        event, f"data_request_{event.outcome}", event.asn_id, about_id=event.request_id, run_id=None
    )
