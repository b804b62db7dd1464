"""Keeps profiles in step with people's jobs; results come in with the tests themselves (`assessments.taking`)."""

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.profiles import store
from assessment.profiles.domain import told_changed
from bina.events import Event
from bina.events.assessment import CompetencyProfileChanged
from bina.events.enrollment import AsnErased, AsnRecorded
from bina.messaging import Handlers

handlers = Handlers()


@handlers.on(AsnRecorded)
async def on_asn_recorded(people: list[AsnRecorded], session: AsyncSession) -> list[CompetencyProfileChanged]:
    """Another job requires other levels: compute the profiles of assessed people anew."""
    changed = await store.refresh(session, {e.asn_id for e in people})
    return [told_changed(e.asn_id, changed[e.asn_id]).because(e) for e in people if e.asn_id in changed]


@handlers.on(AsnErased)
async def on_asn_erased(people: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget a person's results and profile."""
    await store.erase(session, {e.asn_id for e in people})
    return []
