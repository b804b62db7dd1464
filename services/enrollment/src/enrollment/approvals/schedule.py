"""What time makes of requests that nobody answered."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, Schedule
from enrollment.approvals.deciding import time_passed
from enrollment.enrolments.domain.awaiting import WAITING

schedule = Schedule()


@schedule.on(WAITING)
async def pass_requests_on(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """To the agency, or away with their run."""
    return await time_passed(session, items)
