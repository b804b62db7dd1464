"""People and their gaps: whoever is new, or fits anew, hears of the runs that are still ahead."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.assessment import CompetencyProfileChanged
from bina.events.enrollment import AsnErased, AsnRecorded
from bina.messaging import DueItem, due
from notification.notices.domain import MATCH, SETTLE
from notification.notices.store import people as store
from notification.notices.store.trainings import last_start

from .needs import handlers


@handlers.on(AsnRecorded)
async def on_asn_recorded(events: list[AsnRecorded], session: AsyncSession) -> list[Event]:
    """Keep who people are; look for runs that fit them."""
    await store.put_people(session, events)
    await _look_for_runs(session, [(e.asn_id, e.time) for e in events])
    return []


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget who people were; their notices keep ids only."""
    await store.forget_people(session, sorted(e.asn_id for e in events))
    return []


@handlers.on(CompetencyProfileChanged)
async def on_competency_profile_changed(
    events: list[CompetencyProfileChanged], session: AsyncSession
) -> list[Event]:
    """Keep people's gaps; look for runs that close one."""
    await store.put_gaps(session, events)
    await _look_for_runs(session, [(e.asn_id, e.time) for e in events])
    return []


async def _look_for_runs(session: AsyncSession, people: Sequence[tuple[UUID, datetime]]) -> None:
    """Later, so that neighbouring topics catch up; not at all where every known run has begun."""
    last = await last_start(session)
    if last is not None:
        await due.add(
            session,
            [DueItem(MATCH, str(asn_id), at + SETTLE, {"at": at}) for asn_id, at in people if at < last],
        )
