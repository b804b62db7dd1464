"""Choices go with their person."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnErased
from bina.messaging import Handlers
from notification.preferences import store

handlers = Handlers()


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Erase what an erased person chose."""
    await store.forget_preferences(session, [e.asn_id for e in events])
    return []
