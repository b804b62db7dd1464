"""Values of the audit that are older than their period go; a sealed entry says from before when, and digests stay."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging.database import Session
from bina.web.audit import store
from bina.web.audit.digests import instant
from bina.web.audit.trail import Actor, Trail

ABOUT = "retention"
"""What such entries are found by."""
# Ids grow with time, but for transactions side by side: the oldest values are looked at first, and only they.
_GO = """WITH old AS (SELECT entry_id, field FROM audit.personal ORDER BY entry_id LIMIT $2::int),
    gone AS (DELETE FROM audit.personal p USING old, audit.entries e
        WHERE p.entry_id = old.entry_id AND p.field = old.field AND e.id = p.entry_id AND e.at < $1::timestamptz RETURNING 1)
    SELECT count(*) AS rows FROM gone"""
LATEST = """SELECT max(detail ->> 'expired_before') AS before FROM audit.entries
    WHERE about @> ARRAY['retention'] AND kind = 'erasure'"""
"""Before when values have gone by their age."""


async def expire(session: AsyncSession, before: datetime, most: int) -> int:
    """Remove values of entries from before a moment, at most so many, and say so; how many."""
    assert isinstance(session, Session)
    gone: int = (await session.fetch(_GO, before, most))[0]["rows"]
    if gone:
        told = {"expired_before": instant(before), "values": gone}
        trail = Trail("erasure", "Retention", Actor("service"), told)
        trail.note_about(ABOUT)
        await store.add(session, trail)
    return gone
