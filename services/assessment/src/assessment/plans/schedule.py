"""Recommendations after a change of runs: all people who lack a competency, page by page."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.plans import store
from assessment.plans.domain import told_recommended
from bina.events import Event
from bina.events.assessment import TrainingRecommended
from bina.messaging import DueItem, Schedule, due
from bina.messaging.clock import now, today

schedule = Schedule()
RECOMMEND = "recommend"
PEOPLE_A_CHUNK = 5000


def scan(code: str, cause: Event, at: datetime) -> DueItem:
    """Work: look again at everyone who lacks a competency. Called for twice, it starts over."""
    return DueItem(RECOMMEND, code, at, {"after": str(UUID(int=0))}, cause.envelope)


@schedule.on(RECOMMEND)
async def recommend(items: list[DueItem], session: AsyncSession) -> list[TrainingRecommended]:
    """Recommend to the next people of each competency; where a page was full, the rest is due at once."""
    await store.lock_alone(session)
    page = max(1, PEOPLE_A_CHUNK // len(items))
    people: set[UUID] = set()
    for item in items:  # one query a competency, of which there are a handful
        found = await store.find_with_gap(session, item.key, UUID(item.payload["after"]), page)
        people.update(found)
        if len(found) == page:
            rest = DueItem(RECOMMEND, item.key, now(), {"after": str(found[-1])}, item.cause)
            await due.add(session, [rest])
    causes = {item.key: item.cause for item in items}
    told = await store.refresh(session, people, today())
    return [told_recommended(r).because(causes.get(r.code)) for r in told]
