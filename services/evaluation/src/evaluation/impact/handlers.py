"""A score changes a run's figures, which calls for telling them anew.

So do acceptances and results; theirs goes with the windows of the tasks that they lead to.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.assessment import AssessmentScored
from bina.messaging import Handlers

from . import store

handlers = Handlers()


@handlers.on(AssessmentScored)
async def on_assessment_scored(events: list[AssessmentScored], session: AsyncSession) -> list[Event]:
    """A score came in."""
    await store.schedule_publication(session, (e.run_id for e in events), max(e.time for e in events))
    return []
