"""Levels of competency as assessment told them last, which runs may ask for."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns

# Nobody who was erased, or is being erased, is remembered.
_REPLACE = text(
    """WITH new AS (SELECT n.* FROM unnest(CAST(:asn_id AS uuid[]), CAST(:competency_code AS text[]),
            CAST(:level AS int[]), CAST(:valid_until AS date[])) AS n (asn_id, competency_code, level, valid_until)),
    gone AS (DELETE FROM competency_levels AS c WHERE asn_id = ANY (CAST(:people AS uuid[]))
        AND NOT EXISTS (SELECT FROM new WHERE new.asn_id = c.asn_id AND new.competency_code = c.competency_code))
    INSERT INTO competency_levels AS c (asn_id, competency_code, level, valid_until)
    SELECT new.* FROM new JOIN asn USING (asn_id) ORDER BY 1, 2 FOR KEY SHARE OF asn
    ON CONFLICT (asn_id, competency_code) DO UPDATE SET level = excluded.level, valid_until = excluded.valid_until,
        recorded_at = now() WHERE (c.level, c.valid_until) IS DISTINCT FROM (excluded.level, excluded.valid_until)"""
)


class CompetencyLevel(NamedTuple):
    """What somebody can, by an assessment or a training; valid without an end where none is told."""

    asn_id: UUID
    competency_code: str
    level: int
    valid_until: date | None


async def replace_levels(
    session: AsyncSession, people: Sequence[UUID], levels: Sequence[CompetencyLevel]
) -> None:
    """Let registered people have these levels and no others."""
    await session.execute(_REPLACE, {"people": list(people), **columns(levels, *CompetencyLevel._fields)})
