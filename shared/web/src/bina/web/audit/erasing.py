"""People are erased; what was done stays provable."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnErased
from bina.messaging import Handlers
from bina.messaging.database import Session
from bina.messaging.held import ERASED
from bina.web.audit import store
from bina.web.audit.trail import Actor, Trail, open_in

handlers = Handlers()
"""For every service that hears of an erasure; the one that erases calls `erase` in its command."""


# Of this very transaction.
_GIVEN_UP = """SELECT count(*) AS messages FROM messaging.held WHERE topic = $1 AND key = ANY ($2::text[])
    AND discard_reason = $3 AND discarded_at = now()"""


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Erase what names the people, and say how many messages of theirs were given up, which their tombstones passed."""
    assert isinstance(session, Session)
    ids = [str(event.asn_id) for event in events]
    gone = (await session.fetch(_GIVEN_UP, AsnErased.topic, ids, ERASED))[0]["messages"]
    people = [event.asn_id for event in events]
    await erase(session, people, because=events[0].event_id, discarded=gone)
    return []


async def erase(
    session: AsyncSession, people: Sequence[UUID], *, because: str = "", discarded: int = 0
) -> None:
    """Remove every personal value of people, with its salt; the command's entry says so, or one of its own."""
    ids = sorted(set(people))
    await store.forget(session, ids)
    trail = open_in(session) or Trail("erasure", "AsnErased", Actor("service"), _told(because, discarded))
    trail.erased += ids
    trail.note_about(*ids)
    if trail is not open_in(session):
        await store.add(session, trail)


def _told(because: str, discarded: int) -> dict[str, object]:
    reason = {"discarded": discarded, "reason": ERASED} if discarded else {}
    return {"event": because} | reason
