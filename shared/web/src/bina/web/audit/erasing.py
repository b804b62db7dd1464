"""People are erased; what was done stays provable."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnErased
from bina.messaging import Handlers
from bina.web.audit import store
from bina.web.audit.trail import Actor, Trail, open_in

handlers = Handlers()
"""For every service that hears of an erasure; the one that erases calls `erase` in its command."""


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Erase what names the people."""
    await erase(session, [event.asn_id for event in events], because=events[0].event_id)
    return []


async def erase(session: AsyncSession, people: Sequence[UUID], *, because: str = "") -> None:
    """Remove every personal value of people, with its salt; the command's entry says so, or one of its own."""
    ids = sorted(set(people))
    await store.forget(session, ids)
    trail = open_in(session) or Trail("erasure", "AsnErased", Actor("service"), {"event": because})
    trail.erased += ids
    trail.note_about(*ids)
    if trail is not open_in(session):
        await store.add(session, trail)
