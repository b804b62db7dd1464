"""Seats that were held back for groups go to who waits, in order, once their day is over."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, Schedule, clock
from enrollment.catalogue.admission import RELEASE
from enrollment.enrolments import store
from enrollment.enrolments.applying import fill_seats

schedule = Schedule()


@schedule.on(RELEASE)
async def release_seats(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Fill the free seats of these runs."""
    ids = [UUID(item.key) for item in items]
    await store.lock_runs(session, ids)
    return await fill_seats(session, ids, clock.today())
