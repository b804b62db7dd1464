"""Trainings recommended for people's gaps."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns

NAMES = (
    "asn_id",
    "competency_code",
    "competency_name",
    "gap",
    "programme_code",
    "programme_name",
    "run_id",
    "recommended_at",
)
# Nobody who was erased, or is being erased, is remembered.
_ADD = text(
    f"""INSERT INTO recommendations AS r ({", ".join(NAMES)})
    SELECT n.* FROM unnest(CAST(:asn_id AS uuid[]), CAST(:competency_code AS text[]),
        CAST(:competency_name AS text[]), CAST(:gap AS int[]), CAST(:programme_code AS text[]),
        CAST(:programme_name AS text[]), CAST(:run_id AS uuid[]), CAST(:recommended_at AS timestamptz[]))
        AS n ({", ".join(NAMES)}) JOIN asn USING (asn_id) ORDER BY 1, 2 FOR KEY SHARE OF asn
    ON CONFLICT (asn_id, competency_code) DO UPDATE SET competency_name = excluded.competency_name,
        gap = excluded.gap, programme_code = excluded.programme_code,
        programme_name = excluded.programme_name, run_id = excluded.run_id,
        recommended_at = excluded.recommended_at, recorded_at = now()"""  # noqa: S608 - fixed names
)
_DROP_CLOSED = text(
    """DELETE FROM recommendations AS r WHERE r.asn_id = ANY (CAST(:people AS uuid[]))
    AND NOT EXISTS (SELECT FROM unnest(CAST(:asn_id AS uuid[]), CAST(:code AS text[])) AS gap (asn_id, code)
        WHERE gap.asn_id = r.asn_id AND gap.code = r.competency_code)"""
)
_LOAD = text(
    f"""SELECT {", ".join(NAMES)} FROM recommendations AS r WHERE asn_id = :asn
    AND NOT EXISTS (SELECT FROM enrolments AS e JOIN runs USING (run_id)
        WHERE e.asn_id = r.asn_id AND runs.programme_code = r.programme_code
        AND e.state IN ('accepted', 'waitlisted', 'completed'))
    ORDER BY gap DESC, recommended_at DESC, competency_code LIMIT 3"""  # noqa: S608 - fixed names
)


class Recommendation(NamedTuple):
    """A training that closes a person's gap (levels below the job's standard)."""

    asn_id: UUID
    competency_code: str
    competency_name: str
    gap: int
    programme_code: str
    programme_name: str
    run_id: UUID | None
    recommended_at: datetime


async def add_recommendations(session: AsyncSession, found: Sequence[Recommendation]) -> None:
    """Keep the newest recommendation per registered person and competency."""
    await session.execute(_ADD, columns(found, *NAMES))


async def drop_closed(
    session: AsyncSession, people: Sequence[UUID], gaps: Sequence[tuple[UUID, str]]
) -> None:
    """Forget recommendations of people for competencies that are not among their gaps, (asn_id, code)."""
    codes = {"asn_id": [asn_id for asn_id, _ in gaps], "code": [code for _, code in gaps]}
    await session.execute(_DROP_CLOSED, {"people": list(people), **codes})


async def load_recommendations(session: AsyncSession, asn_id: UUID) -> list[Recommendation]:
    """At most three for programmes the person is not in yet, the largest gap first."""
    return [Recommendation(*row) for row in await session.execute(_LOAD, {"asn": asn_id})]
