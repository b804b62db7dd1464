"""Numbers of certificates that fell: none of them is given again."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ADD = text(
    """INSERT INTO revoked_certificates (number, enrollment_id, organiser)
    VALUES (:number, :enrollment_id, :organiser) ON CONFLICT DO NOTHING"""
)
_IS_REVOKED = text(
    """SELECT EXISTS (SELECT FROM revoked_certificates
        WHERE organiser = :organiser AND lower(number) = lower(:number))"""
)


async def add_revoked(session: AsyncSession, number: str, enrollment_id: UUID, organiser: str) -> None:
    """Remember that an enrolment's certificate fell."""
    await session.execute(_ADD, {"number": number, "enrollment_id": enrollment_id, "organiser": organiser})


async def is_revoked(session: AsyncSession, number: str, organiser: str) -> bool:
    """Whether a certificate of this number fell at that organiser, whoever had it; case does not tell them apart."""
    return bool(await session.scalar(_IS_REVOKED, {"number": number, "organiser": organiser}))
