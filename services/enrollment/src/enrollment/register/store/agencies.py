"""Agencies, and for whose people each may report."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ADD = text(
    """INSERT INTO agencies (agency_code, name)
    SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[])) ORDER BY 1
    ON CONFLICT (agency_code) DO UPDATE SET name = excluded.name, recorded_at = now()
    WHERE agencies.name <> excluded.name RETURNING agency_code"""
)
_LOCK = text(
    """SELECT FROM agencies WHERE agency_code = ANY (CAST(:codes AS text[])) ORDER BY agency_code
    FOR NO KEY UPDATE"""
)
_SHARE = text(
    "SELECT FROM agencies WHERE agency_code = ANY (CAST(:codes AS text[])) ORDER BY agency_code FOR SHARE"
)
_FORGET_RIGHTS = text("DELETE FROM publisher_rights WHERE publisher = ANY (CAST(:codes AS text[]))")
_GRANT = text(
    """INSERT INTO publisher_rights (publisher, kind, employer)
    SELECT * FROM unnest(CAST(:publishers AS text[]), CAST(:kinds AS text[]), CAST(:employers AS text[]))
    ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING"""
)
_RIGHTS = text(
    "SELECT publisher, employer FROM publisher_rights WHERE kind = :kind AND publisher = ANY (CAST(:codes AS text[]))"
)

Rights = Mapping[str, Mapping[str, Sequence[str]]]
"""employers by kind of report by publisher"""


async def add_agencies(session: AsyncSession, names: Mapping[str, str]) -> set[str]:
    """Record agencies (code → name); returns the codes that are new or renamed."""
    rows = await session.scalars(_ADD, {"codes": list(names), "names": list(names.values())})
    return set(rows)


async def hold_agencies(session: AsyncSession, codes: Iterable[str]) -> None:
    """Let one command at a time write units or revoke certificates of agencies, and none record their people."""
    await session.execute(_LOCK, {"codes": sorted(set(codes))})


async def share_agencies(session: AsyncSession, codes: Iterable[str]) -> None:
    """Let nobody write the units of these agencies until this transaction ends."""
    await session.execute(_SHARE, {"codes": sorted(set(codes))})


async def grant_rights(session: AsyncSession, rights: Rights) -> None:
    """Replace the rights of the named publishers."""
    rows = [
        (publisher, kind, employer)
        for publisher, kinds in rights.items()
        for kind, employers in kinds.items()
        for employer in employers
    ]
    await session.execute(_FORGET_RIGHTS, {"codes": sorted(rights)})
    await session.execute(
        _GRANT,
        {
            "publishers": [row[0] for row in rows],
            "kinds": [row[1] for row in rows],
            "employers": [row[2] for row in rows],
        },
    )


async def load_employers(session: AsyncSession, kind: str, publishers: set[str]) -> dict[str, frozenset[str]]:
    """Per publisher, the employers whose people it may name in reports of a kind."""
    found: dict[str, set[str]] = {publisher: set() for publisher in publishers}
    for row in await session.execute(_RIGHTS, {"kind": kind, "codes": sorted(publishers)}):
        found[row.publisher].add(row.employer)
    return {publisher: frozenset(employers) for publisher, employers in found.items()}


async def load_agencies(session: AsyncSession) -> dict[str, str]:
    """Every agency's name by its code."""
    rows = await session.execute(text("SELECT agency_code, name FROM agencies ORDER BY agency_code"))
    return {row.agency_code: row.name for row in rows}


async def load_rights(session: AsyncSession) -> dict[str, dict[str, list[str]]]:
    """All rights: employers by kind by publisher."""
    found: dict[str, dict[str, list[str]]] = {}
    rows = await session.execute(text("SELECT * FROM publisher_rights ORDER BY publisher, kind, employer"))
    for row in rows:
        found.setdefault(row.publisher, {}).setdefault(row.kind, []).append(row.employer)
    return found


class Counts(NamedTuple):
    """How much is recorded."""

    people: int
    agencies: int
    runs: int


async def count_people(session: AsyncSession) -> Counts:
    """How many ASN, agencies and runs are recorded."""
    sql = "SELECT (SELECT count(*) FROM asn), (SELECT count(*) FROM agencies), (SELECT count(*) FROM runs)"
    return Counts(*(await session.execute(text(sql))).one())
