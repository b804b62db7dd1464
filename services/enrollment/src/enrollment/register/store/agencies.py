"""Agencies, and for whose people each may report."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ADD = text(
    """INSERT INTO agencies (agency_code, name, sandbox)
    SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[]), CAST(:sandboxes AS boolean[])) ORDER BY 1
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
# Asked for every batch, so with one question.
_PUBLISHERS = text(
    """SELECT a.agency_code, a.sandbox, array_remove(array_agg(r.employer), NULL) AS employers FROM agencies AS a
    LEFT JOIN publisher_rights AS r ON r.publisher = a.agency_code AND r.kind = :kind
    WHERE a.agency_code = ANY (CAST(:codes AS text[])) GROUP BY a.agency_code, a.sandbox"""
)
_AGENCIES = text(
    "SELECT agency_code, name FROM agencies WHERE :sandboxes OR NOT sandbox ORDER BY agency_code"
)

Rights = Mapping[str, Mapping[str, Sequence[str]]]
"""employers by kind of report by publisher"""


class Publisher(NamedTuple):
    """Whose people somebody may name in reports of a kind; of a sandbox's messages nothing is kept but the answers."""

    employers: frozenset[str]
    sandbox: bool = False


async def add_agencies(
    session: AsyncSession, names: Mapping[str, str], sandboxes: Collection[str] = ()
) -> set[str]:
    """Record agencies (code → name), those of `sandboxes` as such if they are new; returns the codes that are new or
    renamed."""
    flags = [code in sandboxes for code in names]
    values = {"codes": list(names), "names": list(names.values()), "sandboxes": flags}
    rows = await session.scalars(_ADD, values)
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


async def load_publishers(session: AsyncSession, kind: str, publishers: set[str]) -> dict[str, Publisher]:
    """What agencies may report, and which of them only try; none is missing."""
    rows = await session.execute(_PUBLISHERS, {"kind": kind, "codes": sorted(publishers)})
    found = {row.agency_code: Publisher(frozenset(row.employers), row.sandbox) for row in rows}
    return {code: found.get(code, Publisher(frozenset())) for code in publishers}


async def load_agencies(session: AsyncSession, *, sandboxes: bool = False) -> dict[str, str]:
    """Every agency's name by its code; those to try against only for whoever asks for them, so that nothing else takes
    one for an agency."""
    rows = await session.execute(_AGENCIES, {"sandboxes": sandboxes})
    return {row.agency_code: row.name for row in rows}


async def load_sandboxes(session: AsyncSession) -> set[str]:
    """Agencies that are there to try against."""
    return set(await session.scalars(text("SELECT agency_code FROM agencies WHERE sandbox")))


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
    sql = "SELECT (SELECT count(*) FROM asn), (SELECT count(*) FROM agencies WHERE NOT sandbox), (SELECT count(*) FROM runs)"
    return Counts(*(await session.execute(text(sql))).one())
