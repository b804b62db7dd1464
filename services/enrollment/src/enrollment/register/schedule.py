"""Telling anew the people whose unit was renamed or moved; forgetting the last of those who were erased."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnRecorded, ContactRecorded
from bina.messaging import DueItem, Schedule, clock, due
from bina.messaging.forgetting import forget
from enrollment.imports.store import rows as imports
from enrollment.register import store
from enrollment.register.domain import ERASED, FORGET_AFTER

UNIT_CHANGED = "register.unit-changed"
schedule = Schedule()


@schedule.on(UNIT_CHANGED)
async def tell_people_anew(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Everyone in or below the changed units carries its name and path in their own record."""
    people = await store.people_of_units(session, [UUID(item.key) for item in items])
    return [person.recorded() for person in people]


@schedule.on(ERASED)
async def forget_people(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Take the NIPs of those erased out of parked bytes, stored answers and facts told; again, until all are told."""
    later = []
    for item in items:
        asn_id, nip, times = item.payload["asn_id"], item.payload["nip"], item.payload["times"]
        await imports.forget_person(session, UUID(asn_id), nip)
        states = [(AsnRecorded.topic, asn_id), (ContactRecorded.topic, asn_id)]
        if not await forget(session, nip, asn_id, states):
            payload = item.payload | {"times": times + 1}
            key = f"{asn_id}#{item.payload.get('place', 0)}/{times + 1}"
            later.append(DueItem(ERASED, key, clock.now() + FORGET_AFTER, payload))
    await due.add(session, later)
    return []
