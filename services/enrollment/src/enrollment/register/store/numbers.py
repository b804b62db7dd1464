"""NIPs that people had before. A NIP is not forever: a new appointment or contract brings another, and old lists go on
naming the old one. Somebody's NIP of now always goes before somebody else's earlier one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock

EARLIER = """FROM earlier_nips AS e JOIN asn USING (asn_id)
    WHERE NOT EXISTS (SELECT FROM asn AS now WHERE now.nip = e.nip)
        AND NOT EXISTS (SELECT FROM earlier_nips AS other WHERE other.nip = e.nip AND other.asn_id <> e.asn_id)"""
"""SQL: earlier NIPs that name one person (`e`, `asn`): nobody has them now, nobody else had them"""
_KEEP = text(
    """INSERT INTO earlier_nips (nip, asn_id, until)
    SELECT nip, asn_id, CAST(:until AS timestamptz) FROM unnest(CAST(:nips AS text[]), CAST(:ids AS uuid[])) AS n (nip, asn_id)
    ORDER BY 1, 2 ON CONFLICT (nip, asn_id) DO UPDATE SET until = excluded.until"""
)
_LOAD = text(
    """SELECT e.nip, e.until FROM earlier_nips AS e JOIN asn USING (asn_id)
    WHERE e.asn_id = :id AND e.nip <> asn.nip ORDER BY e.until DESC, e.nip"""
)
_NOW = text(f"SELECT e.nip AS earlier, asn.nip {EARLIER} AND e.nip = ANY (CAST(:nips AS text[]))")
_HAD = text(
    """SELECT DISTINCT e.nip FROM earlier_nips AS e JOIN unnest(CAST(:nips AS text[]), CAST(:ids AS uuid[])) AS n (nip, asn_id)
    ON n.nip = e.nip AND n.asn_id <> e.asn_id"""
)
_CURRENT = text("SELECT asn_id FROM asn WHERE nip = :nip")


class EarlierNip(NamedTuple):
    """A NIP that somebody had, and when the register heard of the next one."""

    nip: str
    until: datetime


async def keep_earlier(session: AsyncSession, numbers: Iterable[tuple[UUID, str]]) -> None:
    """From now on these people (id, NIP) had these NIPs before; lists that name them find the people all the same."""
    kept = sorted(set(numbers))
    if kept:
        values = {"ids": [one[0] for one in kept], "nips": [one[1] for one in kept], "until": clock.now()}
        await session.execute(_KEEP, values)


async def load_earlier(session: AsyncSession, asn_id: UUID) -> list[EarlierNip]:
    """NIPs that somebody had before, the last one first."""
    return [EarlierNip(*row) for row in await session.execute(_LOAD, {"id": asn_id})]


async def current_nips(session: AsyncSession, nips: Iterable[str]) -> dict[str, str]:
    """Of these NIPs those that are earlier ones, each with the NIP that its person has now."""
    rows = await session.execute(_NOW, {"nips": sorted(set(nips))})
    return {row.earlier: row.nip for row in rows}


async def had_by_others(session: AsyncSession, numbers: Sequence[tuple[UUID, str]]) -> list[str]:
    """NIPs among these (id, NIP) that somebody else had before, sorted."""
    values = {"ids": [one[0] for one in numbers], "nips": [one[1] for one in numbers]}
    return sorted(await session.scalars(_HAD, values))


async def find_current(session: AsyncSession, nip: str) -> UUID | None:
    """Who has a NIP now. An earlier one opens nobody's account: where it was a mistake, it is somebody else's."""
    found: UUID | None = await session.scalar(_CURRENT, {"nip": nip})
    return found
