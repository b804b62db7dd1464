"""A command sent twice acts once: its answer is stored in the transaction of its effect."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from .database import columns


class CommandConflictError(Exception):
    """The key was used before with another body."""


class CommandInProgressError(Exception):
    """The same command is being worked on right now."""


@dataclass(frozen=True)
class StoredAnswer:
    """What the first sending was answered."""

    status: int
    body: dict[str, Any]


class Named(NamedTuple):
    """A command as its sender named it: who sent it, under which key, and the digest of what it asks."""

    principal: str
    key: str
    digest: bytes


_TRY_LOCK = text(
    """SELECT pg_try_advisory_xact_lock(hashtextextended(asked.name, 7002)) AS mine
    FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS asked (name, place) ORDER BY place"""
)
_FIND = text(
    """SELECT principal, key, digest, status, body FROM messaging.commands
    JOIN unnest(CAST(:principal AS text[]), CAST(:key AS text[])) AS asked (principal, key) USING (principal, key)"""
)
_REMEMBER = text(
    """INSERT INTO messaging.commands (principal, key, digest, status, body)
    SELECT principal, key, digest, status, CAST(body AS jsonb) FROM unnest(CAST(:principal AS text[]),
        CAST(:key AS text[]), CAST(:digest AS bytea[]), CAST(:status AS int[]), CAST(:body AS text[]))
        AS n (principal, key, digest, status, body) ORDER BY 1, 2"""
)
Refusal = CommandInProgressError | CommandConflictError


async def claim(session: AsyncSession, principal: str, key: str, digest: bytes) -> StoredAnswer | None:
    """None: act now, then `remember`. An answer: it acted before. The claim ends with the transaction."""
    (found,) = await claim_all(session, [Named(principal, key, digest)])
    if isinstance(found, Exception):
        raise found
    return found


async def claim_all(session: AsyncSession, commands: Sequence[Named]) -> list[StoredAnswer | Refusal | None]:
    """The same for several, no two alike; what one is refused by stands in its place."""
    names = [f"{one.principal}\n{one.key}" for one in commands]
    mine = [row.mine for row in await session.execute(_TRY_LOCK, {"names": names})]
    # Asked once the locks are held: who had one of them before has committed by now.
    rows = await session.execute(_FIND, columns(commands, "principal", "key"))
    known = {(row.principal, row.key): row for row in rows}
    return [
        _found(known.get(one[:2]), one.digest) if held else CommandInProgressError()
        for one, held in zip(commands, mine, strict=True)
    ]


def _found(row: Any, digest: bytes) -> StoredAnswer | Refusal | None:
    if row is None:
        return None
    if row.digest != digest:
        return CommandConflictError()
    return StoredAnswer(row.status, json.loads(row.body) if isinstance(row.body, str) else row.body)


async def remember(
    session: AsyncSession, principal: str, key: str, digest: bytes, answer: StoredAnswer
) -> None:
    """Store the answer beside the effect; both commit or neither."""
    await remember_all(session, [(Named(principal, key, digest), answer)])


async def remember_all(session: AsyncSession, answered: Sequence[tuple[Named, StoredAnswer]]) -> None:
    """Store the answers of several beside their effects."""
    asked = columns([named for named, _ in answered], *Named._fields)
    bodies = [json.dumps(answer.body, default=str) for _, answer in answered]
    await session.execute(_REMEMBER, {**asked, "status": [a.status for _, a in answered], "body": bodies})
