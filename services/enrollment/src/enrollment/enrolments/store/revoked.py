"""Numbers of certificates that fell: none of them is given again."""

from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.enrolments.domain.changes import Change

_ADD = text(
    """INSERT INTO revoked_certificates (number, enrollment_id, organiser)
    SELECT number, enrollment_id, organiser
    FROM unnest(CAST(:numbers AS text[]), CAST(:ids AS uuid[]), CAST(:runs AS uuid[]))
        AS fallen (number, enrollment_id, run_id) JOIN runs USING (run_id)
    ORDER BY 2, 1 ON CONFLICT DO NOTHING"""
)
_REVOKED = text(
    """SELECT asked.organiser, asked.number
    FROM unnest(CAST(:organisers AS text[]), CAST(:numbers AS text[])) AS asked (organiser, number)
    WHERE EXISTS (SELECT FROM revoked_certificates AS r
        WHERE r.organiser = asked.organiser AND lower(r.number) = lower(asked.number))"""
)


async def add_revoked(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Remember which certificates fell by changes of enrolments."""
    values = {
        "numbers": [change.fallen for change in changes],
        "ids": [change.after.enrollment_id for change in changes],
        "runs": [change.after.run_id for change in changes],
    }
    await session.execute(_ADD, values)


async def load_revoked(session: AsyncSession, asked: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (organiser, number) fell there, whoever had them; case does not tell numbers apart."""
    if not asked:
        return set()
    organisers, numbers = zip(*sorted(asked), strict=True)
    rows = await session.execute(_REVOKED, {"organisers": list(organisers), "numbers": list(numbers)})
    return {(row.organiser, row.number) for row in rows}


async def is_revoked(session: AsyncSession, number: str, organiser: str) -> bool:
    """Whether a certificate of this number fell at that organiser."""
    return bool(await load_revoked(session, {(organiser, number)}))
