"""Where broker and database were found to disagree: told in the log, kept for the operator."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

log = logging.getLogger(__name__)
DAYS = 7
"""How long a status shows them; the table keeps them."""
MOST = 20

_ADD = text(
    """INSERT INTO messaging.disagreements (kind, topic, "partition", detail)
    VALUES (:kind, :topic, :partition, :detail)"""
)
_KEEP = """INSERT INTO messaging.disagreements (kind, topic, "partition", detail) VALUES ($1, $2, $3, $4)"""
_LATELY = text(
    """SELECT found_at, kind, topic, "partition", detail FROM messaging.disagreements
    WHERE found_at > now() - make_interval(days => :days) ORDER BY id DESC LIMIT :most"""
)
LACKING = "states.lacking"
"""Kind of a loss that the reconcile has yet to mend, whoever leads by then; it becomes `states.told`."""
_LACKING = text("SELECT coalesce(max(id), 0) FROM messaging.disagreements WHERE kind = :kind")
_MENDED = text("UPDATE messaging.disagreements SET kind = 'states.told' WHERE kind = :kind AND id <= :upto")


@dataclass(frozen=True)
class Disagreement:
    """`kind` is a stable code; `detail` names the offsets or facts, what was done and what is left to do."""

    kind: str
    topic: str
    partition: int | None
    detail: str
    found_at: datetime | None = None

    def __str__(self) -> str:
        where = self.topic if self.partition is None else f"{self.topic}[{self.partition}]"
        return f"{where}: {self.detail} ({self.kind})"


async def report(session: AsyncSession, *found: Disagreement) -> None:
    """Keep and log what was found, with the transaction that repairs it."""
    for one in found:
        log.error("broker and database disagree: %s", one)
        values = {"kind": one.kind, "topic": one.topic, "partition": one.partition, "detail": one.detail}
        await session.execute(_ADD, values)


async def keep(connection: "asyncpg.Connection[Any]", *found: Disagreement) -> None:
    """The same over a connection of its own."""
    for one in found:
        log.error("broker and database disagree: %s", one)
        await connection.execute(_KEEP, one.kind, one.topic, one.partition, one.detail)


async def lacking(session: AsyncSession) -> int:
    """The newest loss of states that no reconcile has mended; 0 if there is none."""
    return int(await session.scalar(_LACKING, {"kind": LACKING}) or 0)


async def mended(session: AsyncSession, upto: int) -> None:
    """The states lost up to then have been told anew."""
    await session.execute(_MENDED, {"kind": LACKING, "upto": upto})


async def lately(session: AsyncSession) -> list[Disagreement]:
    """The newest of the last days, newest first."""
    rows = await session.execute(_LATELY, {"days": DAYS, "most": MOST})
    return [Disagreement(row.kind, row.topic, row.partition, row.detail, row.found_at) for row in rows]
