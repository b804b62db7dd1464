"""What a merge means here: one reader, who is told everything once."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnMerged
from bina.messaging import Handlers, due, merged
from notification.deliveries.store import contacts
from notification.merging import store
from notification.notices.domain import MATCH

handlers = Handlers()


@handlers.on(AsnMerged)
async def on_asn_merged(events: list[AsnMerged], session: AsyncSession) -> list[Event]:
    """Move what was told and will be told; the address of the record that stays comes by its own topic."""
    pairs = await merged.remember(session, events)
    await due.cancel(session, MATCH, pairs["gone"])
    await contacts.forget_people(session, pairs["gone"])
    await store.move(session, pairs)
    return []
