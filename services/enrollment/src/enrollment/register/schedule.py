"""Telling anew the people whose unit was renamed or moved."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, Schedule
from enrollment.register import store

UNIT_CHANGED = "register.unit-changed"
schedule = Schedule()


@schedule.on(UNIT_CHANGED)
async def tell_people_anew(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Everyone in or below the changed units carries its name and path in their own record."""
    people = await store.people_of_units(session, [UUID(item.key) for item in items])
    return [person.recorded() for person in people]
