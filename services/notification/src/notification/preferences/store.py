"""How people want to be told; no row means: in the language of their contact, by e-mail too."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import lock_alone

_LOAD = text(
    """SELECT coalesce(f.language, c.language, 'id') AS language, coalesce(f.email, true) AS email,
        coalesce(c.email, '') AS address
    FROM (SELECT CAST(:asn_id AS uuid) AS asn_id) AS a
    LEFT JOIN preferences f USING (asn_id) LEFT JOIN contacts c USING (asn_id)"""
)
_PUT = text(
    """INSERT INTO preferences (asn_id, language, email)
    SELECT CAST(:asn_id AS uuid), :language, :email
    WHERE NOT EXISTS (SELECT FROM forgotten WHERE asn_id = CAST(:asn_id AS uuid))
    ON CONFLICT (asn_id) DO UPDATE SET language = excluded.language, email = excluded.email, recorded_at = now()"""
)
_FORGET = text("DELETE FROM preferences WHERE asn_id = ANY (CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class Preference:
    """One person's choices; `address` is the e-mail address enrollment recorded, empty if none."""

    language: str
    email: bool
    address: str


async def load_preference(session: AsyncSession, asn_id: UUID) -> Preference:
    """A person's choices, or what holds without any."""
    row = (await session.execute(_LOAD, {"asn_id": asn_id})).one()
    return Preference(row.language, row.email, row.address)


async def put_preference(session: AsyncSession, asn_id: UUID, language: str, *, email: bool) -> None:
    """Keep a person's choices, unless the person was erased; no batch erases anybody meanwhile."""
    await lock_alone(session)
    await session.execute(_PUT, {"asn_id": asn_id, "language": language, "email": email})


async def forget_preferences(session: AsyncSession, asn_ids: Sequence[UUID]) -> None:
    """Erase choices of erased people."""
    await session.execute(_FORGET, {"ids": sorted(asn_ids)})
