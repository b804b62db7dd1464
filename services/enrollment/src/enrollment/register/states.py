"""What the register's state topics should hold, for the nightly reconcile."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AgencyRecorded, AsnErased, AsnRecorded, ContactErased, ContactRecorded
from bina.messaging.service import StateLoader
from enrollment.register import store


async def agencies(session: AsyncSession, keys: Sequence[str]) -> list[Event]:
    """The agencies of these codes; none is ever erased."""
    names = await store.load_agencies(session)
    return [AgencyRecorded(agency_code=code, name=names[code]) for code in keys if code in names]


async def people(session: AsyncSession, keys: Sequence[str]) -> list[Event]:
    """The people of these ids, and tombstones for those who were erased."""
    ids = [UUID(key) for key in keys]
    found = {person.asn_id: person for person in await store.load_people(session, ids)}
    return [found[i].recorded() if i in found else AsnErased(asn_id=i) for i in ids]


async def contacts(session: AsyncSession, keys: Sequence[str]) -> list[Event]:
    """The contacts of these people, and tombstones for those that were erased."""
    ids = [UUID(key) for key in keys]
    found = {contact.asn_id: contact for contact in await store.load_contacts(session, ids)}
    return [found[i].recorded() if i in found else ContactErased(asn_id=i) for i in ids]


states: Mapping[str, StateLoader] = {
    AgencyRecorded.topic: agencies,
    AsnRecorded.topic: people,
    ContactRecorded.topic: contacts,
}
