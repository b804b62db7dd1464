"""Queries for pairs, and the table of those that are two people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from enrollment.duplicates.domain import Dependent
from enrollment.scope import PEOPLE

# A name without titles, marks and case. Two NIPs with at most two differing digits share one of three parts of six.
# Alike NIPs alone say nothing: serial numbers count up among people born and appointed together; so the first name and
# the initials must be the same, too.
_PAIRS = text(
    f"""WITH known AS (
        SELECT asn.asn_id, asn.nip, left(asn.nip, 8) AS born, btrim(regexp_replace(regexp_replace(
            lower(split_part(asn.name, ',', 1)), '\\m(prof|dr|drs|dra|ir|hj|h|kh)\\M\\.?|[^a-z0-9 ]', '', 'g'), ' +', ' ', 'g')) AS name
        FROM asn LEFT JOIN units USING (unit_id) WHERE {PEOPLE}
            AND (CAST(:ids AS uuid[]) IS NULL OR asn_id = ANY (CAST(:ids AS uuid[])))),
    parts AS (SELECT asn_id, nip, split_part(name, ' ', 1) || regexp_replace(name, '([a-z])[a-z]*', '\\1', 'g') AS given, n, substr(nip, 6 * n + 1, 6) AS part
        FROM known, generate_series(0, 2) AS n WHERE name <> ''),
    pairs AS (
        SELECT a.asn_id AS one, b.asn_id AS other, 'name' AS why FROM known AS a
        JOIN known AS b ON b.name = a.name AND b.born = a.born AND b.asn_id > a.asn_id WHERE a.name <> ''
        UNION ALL
        SELECT DISTINCT a.asn_id, b.asn_id, 'nip' FROM parts AS a
        JOIN parts AS b ON b.n = a.n AND b.part = a.part AND b.given = a.given AND b.asn_id > a.asn_id
        WHERE (SELECT count(*) FROM generate_series(1, 18) AS d WHERE substr(a.nip, d, 1) <> substr(b.nip, d, 1)) <= 2)
    SELECT one, other, min(why) AS why FROM pairs
    WHERE NOT EXISTS (SELECT FROM different_people AS d WHERE d.asn_id = one AND d.other_id = other)
    GROUP BY 1, 2 ORDER BY 1, 2 LIMIT :limit"""  # noqa: S608 - fixed parts
)
_DEPENDENT = text(
    """SELECT asked.id, (SELECT count(*) FROM enrolments WHERE asn_id = asked.id),
        (SELECT count(*) FROM certificates JOIN enrolments USING (enrollment_id) WHERE asn_id = asked.id),
        (SELECT coalesce(sum(minutes), 0) / 45 FROM jp_entries WHERE asn_id = asked.id),
        (SELECT count(*) FROM jp_credits WHERE asn_id = asked.id),
        (SELECT count(*) FROM competency_levels WHERE asn_id = asked.id),
        (SELECT count(*) FROM role_grants WHERE asn_id = asked.id),
        (SELECT count(*) FROM identities WHERE asn_id = asked.id),
        (SELECT count(*) FROM approvals WHERE asn_id = asked.id)
    FROM unnest(CAST(:ids AS uuid[])) AS asked (id)"""
)
_APART = text(
    """INSERT INTO different_people (asn_id, other_id, decided_at, decided_by) VALUES (:one, :other, :at, :by)
    ON CONFLICT DO NOTHING"""
)
_UNDER = text(
    """UPDATE asn SET supervisor_id = CASE WHEN asn_id = :kept THEN NULL ELSE CAST(:kept AS uuid) END, recorded_at = now()
    WHERE supervisor_id = :gone RETURNING asn_id"""
)


async def load_pairs(session: AsyncSession, reach: Reach, limit: int) -> list[tuple[UUID, UUID, str]]:
    """Pairs within reach that nobody has told apart, with why each may be one person."""
    rows = await session.execute(_PAIRS, {**reach.parameters, "ids": None, "limit": limit})
    return [(row.one, row.other, row.why) for row in rows]


async def is_pair(session: AsyncSession, one: UUID, other: UUID) -> bool:
    """Whether two records may be of one person, and nobody has told them apart."""
    values = {**Reach(everything=True).parameters, "ids": [one, other], "limit": 1}
    return bool((await session.execute(_PAIRS, values)).all())


async def load_dependent(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Dependent]:
    """What hangs on records."""
    rows: Any = await session.execute(_DEPENDENT, {"ids": sorted(set(ids))})
    return {row[0]: Dependent(*row[1:]) for row in rows}


async def tell_apart(session: AsyncSession, one: UUID, other: UUID, by: UUID | None, at: datetime) -> None:
    """Remember that a pair, the smaller id first, is two people."""
    await session.execute(_APART, {"one": one, "other": other, "by": by, "at": at})


async def take_over(session: AsyncSession, kept: UUID, gone: UUID) -> list[UUID]:
    """Those whom the one supervised are the other's; gives them."""
    return sorted(await session.scalars(_UNDER, {"kept": kept, "gone": gone}))
