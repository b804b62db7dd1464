"""A command sent twice acts once: its answer is stored in the transaction of its effect."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class CommandConflictError(Exception):
    """The key was used before with another body."""


class CommandInProgressError(Exception):
    """The same command is being worked on right now."""


@dataclass(frozen=True)
class StoredAnswer:
    """What the first sending was answered."""

    status: int
    body: dict[str, Any]


_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 7002))")
_FIND = text(
    "SELECT digest, status, body FROM messaging.commands WHERE principal = :principal AND key = :key"
)
_REMEMBER = text(
    """INSERT INTO messaging.commands (principal, key, digest, status, body)
    VALUES (:principal, :key, :digest, :status, CAST(:body AS jsonb))"""
)


async def claim(session: AsyncSession, principal: str, key: str, digest: bytes) -> StoredAnswer | None:
    """None: act now, then `remember`. An answer: it acted before. The claim ends with the transaction."""
    if not await session.scalar(_TRY_LOCK, {"name": f"{principal}\n{key}"}):
        raise CommandInProgressError
    row = (await session.execute(_FIND, {"principal": principal, "key": key})).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise CommandConflictError
    return StoredAnswer(row.status, json.loads(row.body) if isinstance(row.body, str) else row.body)


async def remember(
    session: AsyncSession, principal: str, key: str, digest: bytes, answer: StoredAnswer
) -> None:
    """Store the answer beside the effect; both commit or neither."""
    body = json.dumps(answer.body, default=str)
    row = {"principal": principal, "key": key, "digest": digest, "status": answer.status, "body": body}
    await session.execute(_REMEMBER, row)
