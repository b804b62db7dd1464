"""What the register's state topics should hold, for the nightly reconcile."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import (
    AgencyRecorded,
    AsnErased,
    AsnMerged,
    AsnRecorded,
    ContactErased,
    ContactRecorded,
)
from bina.messaging import merged
from bina.messaging.service import StateLoader
from enrollment.register import store
from enrollment.register.domain import Asn


async def agencies(session: AsyncSession, keys: Sequence[str]) -> list[Event]:
    """The agencies of these codes; none is ever erased."""
    names = await store.load_agencies(session)
    return [AgencyRecorded(agency_code=code, name=names[code]) for code in keys if code in names]


async def people(session: AsyncSession, keys: Sequence[str]) -> list[Event]:
    """The people of these ids, for records that were merged into which, and tombstones for those who were erased."""
    ids = [UUID(key) for key in keys]
    into = await merged.known(session, ids)
    found = {person.asn_id: person for person in await store.load_people(session, {*ids, *into.values()})}
    return [_state(i, found, into) for i in ids]


def _state(one: UUID, found: Mapping[UUID, Asn], into: Mapping[UUID, UUID]) -> Event:
    if one in found:
        return found[one].recorded()
    kept = into.get(one)
    return AsnMerged(asn_id=one, into_id=kept) if kept in found else AsnErased(asn_id=one)


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
