"""Contacts come and go."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnErased, ContactErased, ContactRecorded
from bina.messaging import Handlers
from notification.deliveries.store import contacts as store

handlers = Handlers()


@handlers.on(ContactRecorded)
async def on_contact_recorded(events: list[ContactRecorded], session: AsyncSession) -> list[Event]:
    """Mails can go there from now on."""
    await store.put_contacts(session, events)
    return []


@handlers.on(ContactErased)
async def on_contact_erased(events: list[ContactErased], session: AsyncSession) -> list[Event]:
    """Forget where a person could be reached."""
    await store.forget_contacts(session, [e.asn_id for e in events])
    return []


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget the contact with the person, whichever topic is read first."""
    await store.forget_people(session, [e.asn_id for e in events])
    return []
