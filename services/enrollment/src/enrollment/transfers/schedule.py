"""What time makes of requests that nobody answered."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, Schedule, clock
from enrollment.transfers import store
from enrollment.transfers.domain import EXPIRED

schedule = Schedule()


@schedule.on(EXPIRED)
async def let_go(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """They are over, and whoever asked may ask again."""
    await store.expire(session, [UUID(item.key) for item in items], clock.now())
    return []
