"""Answers to what people asked: about their own data, and to count what they learned elsewhere."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import DataRequestAnswered, JpCreditAnswered
from notification.notices.domain import Notice
from notification.notices.store.notices import add_notices

from .needs import handlers


@handlers.on(DataRequestAnswered)
async def on_data_request_answered(events: list[DataRequestAnswered], session: AsyncSession) -> list[Event]:
    """Tell the person that there is an answer; it stands on their own page."""
    await add_notices(session, [_answered(e) for e in events])
    return []


@handlers.on(JpCreditAnswered)
async def on_jp_credit_answered(events: list[JpCreditAnswered], session: AsyncSession) -> list[Event]:
    """Tell the person that there is an answer; its reason stands where they handed it in."""
    await add_notices(session, [_counted(e) for e in events])
    return []


def _counted(event: JpCreditAnswered) -> Notice:
    return Notice.of(event, f"jp_credit_{event.outcome}", event.asn_id, about_id=event.credit_id, run_id=None)


def _answered(event: DataRequestAnswered) -> Notice:
    return Notice.of(
        event, f"data_request_{event.outcome}", event.asn_id, about_id=event.request_id, run_id=None
    )
