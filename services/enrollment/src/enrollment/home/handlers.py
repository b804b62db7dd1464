"""What assessment recommends, kept for Beranda and the catalogue."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.assessment import TrainingRecommended
from bina.messaging import Handlers
from enrollment.home import store
from enrollment.home.store import Recommendation

handlers = Handlers()


@handlers.on(TrainingRecommended)
async def on_training_recommended(events: list[TrainingRecommended], session: AsyncSession) -> list[Event]:
    """Remember it; a person stands at most once in a batch."""
    found = [
        Recommendation(
            e.asn_id,
            e.competency_code,
            e.competency_name,
            e.gap,
            e.programme_code,
            e.programme_name,
            e.run_id,
            e.time,
        )
        for e in events
    ]
    await store.add_recommendations(session, found)
    return []
