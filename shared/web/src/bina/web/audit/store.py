"""Writing an entry, in the transaction of what it tells."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging.database import Session, driver, silence
from bina.web.audit.trail import Personal, Trail

_VALUES = """INSERT INTO audit.personal (entry_id, field, person_id, salt, value, label)
    SELECT entry.id, n.* FROM entry, unnest($13::text[], $14::uuid[], $15::bytea[], $16::text[], $17::text[])
        AS n (field, person_id, salt, value, label)
    WHERE NOT EXISTS (SELECT FROM audit.forgotten f WHERE f.person_id = n.person_id)"""
_ADD = f"""WITH entry AS (
        INSERT INTO audit.entries (kind, actor, actor_id, roles, agency_code, unit_id, action, about, on_behalf,
            erased, detail, personal)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id),
    queued AS (INSERT INTO audit.unsealed SELECT id FROM entry) {_VALUES}"""  # noqa: S608 - our own words
_FORGET = """WITH gone AS (
        INSERT INTO audit.forgotten (person_id) SELECT unnest($1::uuid[]) ORDER BY 1 ON CONFLICT DO NOTHING)
    DELETE FROM audit.personal WHERE person_id = ANY ($1::uuid[])"""
_LATE = """DELETE FROM audit.personal p USING audit.forgotten f
    WHERE f.since > now() - interval '1 day' AND p.person_id = f.person_id"""


async def add(session: AsyncSession, trail: Trail) -> None:
    """Write a trail's entry with its personal values; one question, however many things changed."""
    await add_values(session, values_of(trail))


def values_of(trail: Trail) -> list[Any]:
    """What is written of a trail; a long one takes a while."""
    kept = zip(*trail.personal, strict=True) if trail.personal else ([] for _ in Personal._fields)
    return [*trail.row(), *map(list, kept)]


async def add_values(session: AsyncSession, values: Sequence[Any]) -> None:
    """Write the entry of a trail that `values_of` has gone through."""
    assert isinstance(session, Session)
    await session.fetch(_ADD, *values)


async def add_all(session: AsyncSession, trails: Sequence[Trail]) -> None:
    """Write the entries of commands that were decided together, in their order."""
    connection = await driver(session)
    try:
        await connection.executemany(_ADD, [values_of(trail) for trail in trails])
    except asyncpg.PostgresError as error:
        silence(error)
        raise


async def forget(session: AsyncSession, people: list[UUID]) -> None:
    """Remove what names these people, for good; entries keep digests that nobody can undo."""
    assert isinstance(session, Session)
    await session.fetch(_FORGET, sorted(people))


async def forget_late(session: AsyncSession) -> None:
    """Remove what transactions wrote that were under way while their people were erased."""
    assert isinstance(session, Session)
    await session.fetch(_LATE)
