"""Issuing a run's certificates beside whoever asked for them: a chunk, its numbers and facts in one transaction."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, Schedule, clock, due
from enrollment.certificates.domain import ISSUE
from enrollment.certificates.issuing import issue_some

schedule = Schedule()


@schedule.on(ISSUE)
async def issue_certificates(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """The next chunk of one run; the rest, and other runs, are due again at once."""
    first, *others = items
    told, is_more = await issue_some(session, UUID(first.key))
    later = [first, *others] if is_more else others
    await due.add(session, [DueItem(ISSUE, item.key, clock.now(), cause=item.cause) for item in later])
    return told
