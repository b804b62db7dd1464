"""Erasure reaches free text."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnErased
from bina.messaging import Handlers

from . import store

handlers = Handlers()


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget what the person wrote and what was written about them."""
    await store.forget_people(session, [event.asn_id for event in events])
    return []
