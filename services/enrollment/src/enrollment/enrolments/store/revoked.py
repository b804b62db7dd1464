"""Numbers of certificates that fell: none of them is given again."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ADD = text(
    """INSERT INTO revoked_certificates (number, enrollment_id, organiser)
    VALUES (:number, :enrollment_id, :organiser) ON CONFLICT DO NOTHING"""
)
_REVOKED = text(
    """SELECT asked.organiser, asked.number
    FROM unnest(CAST(:organisers AS text[]), CAST(:numbers AS text[])) AS asked (organiser, number)
    WHERE EXISTS (SELECT FROM revoked_certificates AS r
        WHERE r.organiser = asked.organiser AND lower(r.number) = lower(asked.number))"""
)


async def add_revoked(session: AsyncSession, number: str, enrollment_id: UUID, organiser: str) -> None:
    """Remember that an enrolment's certificate fell."""
    await session.execute(_ADD, {"number": number, "enrollment_id": enrollment_id, "organiser": organiser})


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
