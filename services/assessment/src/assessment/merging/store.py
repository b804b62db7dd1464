"""Every table that names a person, and what becomes of it when two records of one are merged."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import merged

MOVED = (("enrollments", "asn_id"), ("assessments", "asn_id"), ("competency_results", "asn_id"))
"""The other's from now on."""
LEFT = (("people", "asn_id"), ("profile_entries", "asn_id"), ("recommendations", "asn_id"))
"""Goes: the record itself, told by its owner, and what is computed anew of the record that stays."""

# Whoever takes a test holds the person's row, and a profile is computed under it.
_LOCK = text(
    """SELECT FROM people WHERE asn_id = ANY (CAST(:gone AS uuid[]) || CAST(:kept AS uuid[]))
    ORDER BY asn_id FOR UPDATE"""
)
_STEPS = (*(merged.moving(*place) for place in MOVED), *(merged.leaving(*place) for place in LEFT))


async def move(session: AsyncSession, pairs: merged.Pairs) -> None:
    """Give what hangs on records that go to those that stay."""
    await session.execute(_LOCK, pairs)
    for step in _STEPS:
        await session.execute(step, pairs)
