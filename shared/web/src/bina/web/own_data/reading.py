"""Asking for what is kept of one person, and who looked at it."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.messaging.database import Session
from bina.web.own_data.holding import Holding

CHUNK = 500
"""Rows that are asked for together."""
# Whoever acts for an agency is told by role and agency, not by name: Pasal 33 protects them, too. Whoever took the audit
# along took what there was of the person by then.
_LOOKS = """SELECT id, at, kind, actor, roles, agency_code, action, (detail -> 'asked')::text AS asked,
        ARRAY(SELECT value FROM audit.personal p WHERE p.entry_id = e.id AND p.person_id = $1::uuid
            AND (p.field = 'why' OR p.field LIKE '%.why')) AS why
    FROM audit.entries e
    WHERE actor_id IS DISTINCT FROM $1::uuid AND kind IN ('command', 'reading') AND id < $2 AND (about @> ARRAY[$1::text]
        OR about @> ARRAY['audit'] AND action ~ '/ops/audit/(ekspor|export)' AND id > (
            SELECT min(id) FROM audit.entries WHERE about @> ARRAY[$1::text] OR actor_id = $1::uuid))
    ORDER BY id DESC LIMIT $3"""
NEWEST = 2**62


@dataclass(frozen=True)
class Look:
    """Somebody else read or changed the person's record."""

    id: int
    at: datetime
    kind: str
    actor: str
    roles: Sequence[str]
    agency_code: str | None
    action: str
    asked: dict[str, Any]
    why: list[str]


async def count(session: AsyncSession, holdings: Sequence[Holding], person: UUID) -> list[int]:
    """How many rows of each are the person's; one question."""
    assert isinstance(session, Session)
    parts = [
        f"SELECT {place} AS place, count(*) AS rows FROM {one.table} t WHERE $1::uuid IS NOT NULL AND ({one.where})"  # noqa: S608 - declared in code
        for place, one in enumerate(holdings)
    ]
    rows = await session.fetch(" UNION ALL ".join(parts) + " ORDER BY place", person)
    return [row["rows"] for row in rows]


async def rows_of(
    make: async_sessionmaker[AsyncSession], holding: Holding, person: UUID
) -> AsyncIterator[list[Any]]:
    """The person's rows of one table, in chunks that are each asked for by themselves."""
    sql = f"""SELECT k, row FROM (SELECT ({holding.key})::text COLLATE "C" AS k, ({holding.asked})::text AS row
        FROM {holding.table} t WHERE $1::uuid IS NOT NULL AND ({holding.where})) f
        WHERE k > $2 ORDER BY k LIMIT $3"""  # noqa: S608 - declared in code
    last = ""
    while True:
        async with make() as session:
            assert isinstance(session, Session)
            chunk = await session.fetch(sql, person, last, CHUNK)
        if chunk:
            yield [json.loads(row["row"]) for row in chunk]
        if len(chunk) < CHUNK:
            return
        last = chunk[-1]["k"]


async def looks(
    session: AsyncSession, person: UUID, *, before: int = NEWEST, limit: int = CHUNK
) -> list[Look]:
    """Who else read or changed the person's record, newest first, with ids below `before`."""
    assert isinstance(session, Session)
    rows = await session.fetch(_LOOKS, person, before, limit)
    return [_look(row) for row in rows]


async def all_looks(make: async_sessionmaker[AsyncSession], person: UUID) -> AsyncIterator[list[Look]]:
    """All of them, in chunks."""
    before = NEWEST
    while True:
        async with make() as session:
            chunk = await looks(session, person, before=before)
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        before = chunk[-1].id


def _look(row: Any) -> Look:
    values = dict(row) | {"asked": json.loads(row["asked"] or "{}")}
    return Look(**values | {"why": [str(json.loads(value)) for value in row["why"]]})
