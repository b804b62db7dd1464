"""Every table that names a person, and what becomes of it when two records of one are merged."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import merged

MOVED = (
    ("enrolments", "asn_id"),
    ("tasks", "about_id"),
    ("tasks", "respondent_id"),
    ("people", "supervisor_id"),
    ("evaluators", "evaluator_ids"),
    ("evaluators", "appointed_by"),
)
"""The other's from now on."""
LEFT = (("people", "asn_id"),)
"""Goes: the record itself, told by its owner."""

# Nobody is their own superior.
_NOT_OWN = text(
    """UPDATE people SET supervisor_id = NULL
    WHERE asn_id = supervisor_id AND asn_id = ANY (CAST(:kept AS uuid[]) || CAST(:gone AS uuid[]))"""
)
# In the order of their appointment, each once.
_POOLS = text(
    f"""UPDATE evaluators AS t SET evaluator_ids = ARRAY(
        SELECT coalesce(m.kept, old.id) FROM unnest(t.evaluator_ids) WITH ORDINALITY AS old (id, place)
        LEFT JOIN {merged.MERGES} ON m.gone = old.id GROUP BY 1 ORDER BY min(old.place))
    WHERE t.evaluator_ids && CAST(:gone AS uuid[])"""  # noqa: S608 - our own words
)
_STEPS = (
    *(merged.moving(*place) for place in MOVED if place != ("evaluators", "evaluator_ids")),
    _POOLS,
    *(merged.leaving(*place) for place in LEFT),
    _NOT_OWN,
)


async def move(session: AsyncSession, pairs: merged.Pairs) -> None:
    """Give what hangs on records that go to those that stay."""
    for step in _STEPS:
        await session.execute(step, pairs)
