"""What assessment recommends, kept for Beranda and the catalogue."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.assessment import CompetencyProfileChanged, ProfileEntry, TrainingRecommended
from bina.messaging import Handlers
from enrollment.home import store
from enrollment.home.levels import CompetencyLevel, replace_levels
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


@handlers.on(CompetencyProfileChanged)
async def on_competency_profile_changed(
    events: list[CompetencyProfileChanged], session: AsyncSession
) -> list[Event]:
    """Forget what was recommended for a gap that is closed, by whichever training or assessment; keep the levels, which
    runs may ask for."""
    gaps = [(e.asn_id, entry.code) for e in events for entry in e.entries if _is_gap(entry)]
    await store.drop_closed(session, [e.asn_id for e in events], gaps)
    levels = [
        CompetencyLevel(e.asn_id, entry.code, entry.level, entry.valid_until)
        for e in events
        for entry in e.entries
    ]
    await replace_levels(session, [e.asn_id for e in events], levels)
    return []


def _is_gap(entry: ProfileEntry) -> bool:
    return entry.standard is not None and entry.level < entry.standard
