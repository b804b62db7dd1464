"""Table `recommendations`: the one training that stands for each person now."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from assessment.plans.domain import Recommendation

_LOCK_NAME = 7100
# Whoever computes for persons shares the lock; whoever computes for a new run holds it alone, so that neither
# overlooks what the other is about to commit.
_SHARE = text("SELECT pg_advisory_xact_lock_shared(:name)")
_ALONE = text("SELECT pg_advisory_xact_lock(:name)")

# The largest gap first; for it a run still to come, the level nearest to the need, the earliest run.
_BEST = """best AS (
    SELECT DISTINCT ON (e.asn_id) e.asn_id, e.code, e.gap, r.programme_code, r.programme_name,
        CASE WHEN r.starts_on > :today THEN r.run_id END AS run_id
    FROM profile_entries e
    JOIN people p USING (asn_id)
    JOIN run_targets t ON t.code = e.code AND t.level >= e.standard
    JOIN runs r ON r.run_id = t.run_id AND r.cancelled_at IS NULL
        AND (p.agency_code = r.organiser OR p.agency_code = ANY (r.open_to))
        AND (r.job_levels = '{}' OR p.job_level = ANY (r.job_levels))
    WHERE e.asn_id = ANY (CAST(:ids AS uuid[])) AND e.gap > 0
        AND NOT EXISTS (SELECT FROM enrollments taken JOIN runs its ON its.run_id = taken.run_id
            WHERE taken.asn_id = e.asn_id AND taken.state IN ('accepted', 'completed')
                AND its.cancelled_at IS NULL AND its.programme_code = r.programme_code)
    ORDER BY e.asn_id, e.gap DESC, (r.starts_on > :today) DESC, t.level, e.code,
        CASE WHEN r.starts_on > :today THEN r.starts_on END, r.programme_code, r.starts_on DESC, r.run_id)"""
_DROP = text(
    f"""WITH {_BEST}
    DELETE FROM recommendations WHERE asn_id = ANY (CAST(:ids AS uuid[]))
        AND NOT EXISTS (SELECT FROM best WHERE best.asn_id = recommendations.asn_id)"""  # noqa: S608 - our own text
)
# Told once for a competency and programme, and again when a run of it is scheduled after there was none ahead.
_PUT = text(
    f"""WITH {_BEST}, put AS (
        INSERT INTO recommendations AS standing (asn_id, code, gap, programme_code, programme_name, run_id)
        SELECT * FROM best ORDER BY asn_id
        ON CONFLICT (asn_id) DO UPDATE SET code = excluded.code, gap = excluded.gap,
            programme_code = excluded.programme_code, programme_name = excluded.programme_name,
            run_id = excluded.run_id
        WHERE standing IS DISTINCT FROM excluded
        RETURNING new.asn_id, new.code, new.gap, new.programme_code, new.programme_name, new.run_id,
            old.code AS old_code, old.programme_code AS old_programme, old.run_id AS old_run)
    SELECT put.asn_id, put.code, gap, put.programme_code, put.programme_name, put.run_id
    FROM put LEFT JOIN runs before ON before.run_id = old_run
    WHERE old_code IS DISTINCT FROM put.code OR old_programme IS DISTINCT FROM put.programme_code
        OR put.run_id IS NOT NULL AND (old_run IS NULL OR before.cancelled_at IS NOT NULL
            OR before.starts_on <= :today)
    ORDER BY put.asn_id"""  # noqa: S608 - our own text
)
_WITH_GAP = text(
    """SELECT asn_id FROM profile_entries WHERE code = :code AND gap > 0 AND asn_id > CAST(:after AS uuid)
    ORDER BY asn_id LIMIT :many"""
)
_CODES = text("SELECT DISTINCT code FROM run_targets WHERE run_id = ANY (CAST(:ids AS uuid[])) ORDER BY code")
_CONCERNED = text(
    """SELECT asn_id FROM people WHERE asn_id = ANY (CAST(:ids AS uuid[])) AND (
        EXISTS (SELECT FROM profile_entries e WHERE e.asn_id = people.asn_id AND gap > 0)
        OR EXISTS (SELECT FROM recommendations r WHERE r.asn_id = people.asn_id))"""
)
_ERASE = text("DELETE FROM recommendations WHERE asn_id = ANY (CAST(:ids AS uuid[]))")
_STANDING = text(
    """SELECT c.asn_id, c.code, c.gap, c.programme_code, c.programme_name, r.run_code, r.run_id, r.starts_on,
        r.ends_on
    FROM recommendations c
    LEFT JOIN runs r ON r.run_id = c.run_id AND r.starts_on > :today AND r.cancelled_at IS NULL
    WHERE c.asn_id = :asn_id"""
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A recommendation as it stands, with its run where that is still ahead."""

    asn_id: UUID
    code: str
    gap: int
    programme_code: str
    programme_name: str
    run_code: str | None
    run_id: UUID | None
    starts_on: date | None
    ends_on: date | None


async def refresh(session: AsyncSession, asn_ids: Collection[UUID], today: date) -> list[Recommendation]:
    """Find people's trainings anew; returns those to be told."""
    await session.execute(_SHARE, {"name": _LOCK_NAME})
    concerned = list(await session.scalars(_CONCERNED, {"ids": list(asn_ids)}))
    if not concerned:
        return []
    values = {"ids": concerned, "today": today}
    await session.execute(_DROP, values)
    rows = await session.execute(_PUT, values)
    return [Recommendation(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def lock_alone(session: AsyncSession) -> None:
    """Wait for everyone who computes for persons, and keep them waiting until this transaction ends."""
    await session.execute(_ALONE, {"name": _LOCK_NAME})


async def find_with_gap(session: AsyncSession, code: str, after: UUID, many: int) -> list[UUID]:
    """The next people, by id, who lack a competency."""
    rows = await session.scalars(_WITH_GAP, {"code": code, "after": after, "many": many})
    return list(rows)


async def find_codes(session: AsyncSession, run_ids: Iterable[UUID]) -> list[str]:
    """What runs develop."""
    rows = await session.scalars(_CODES, {"ids": sorted(run_ids)})
    return list(rows)


async def find_standing(session: AsyncSession, asn_id: UUID, today: date) -> Standing | None:
    """A person's recommendation as it stands."""
    row: Any = (await session.execute(_STANDING, {"asn_id": asn_id, "today": today})).one_or_none()
    return Standing(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name


async def erase(session: AsyncSession, asn_ids: Iterable[UUID]) -> None:
    """Forget people's recommendations, those of a scan under way included."""
    await session.execute(_SHARE, {"name": _LOCK_NAME})
    await session.execute(_ERASE, {"ids": sorted(asn_ids)})
