"""How a service is doing, in numbers."""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from . import clock
from .database import statement

_COUNTS = statement(
    """SELECT
    (SELECT count(*) FROM messaging.outbox WHERE published_at IS NULL) AS depth,
    (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)
        FROM messaging.outbox WHERE published_at IS NULL) AS age,
    (SELECT count(*) FROM messaging.held WHERE state = 'parked') AS parked,
    (SELECT count(*) FROM messaging.held WHERE state IN ('waiting', 'behind')) AS waiting,
    (SELECT coalesce(extract(epoch FROM now() - min(first_seen)), 0)
        FROM messaging.held WHERE state = 'waiting') AS oldest_wait,
    (SELECT count(*) FROM messaging.due WHERE due_at <= :now) AS due""",
    "now",
)


@dataclass
class Status:
    """One service at one moment; ages in seconds, memory in bytes (resident set)."""

    service: str
    ready: bool
    healthy: bool
    problem: str
    version: str
    lag: dict[str, int] = field(default_factory=dict)
    group_lag: dict[str, int] = field(default_factory=dict)
    outbox: dict[str, float] = field(default_factory=dict)
    parked: int = 0
    waiting: int = 0
    oldest_wait_seconds: float = 0.0
    due: int = 0
    paused: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    """What broker and database were found to tell differently in the last days, newest first."""
    relay_leading: bool = False
    memory_bytes: int = 0
    business_time: str = ""
    messages: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Backlog:
    """Work that a service has taken on: facts not yet published, messages set aside, work that is due."""

    outbox: int
    parked: int
    waiting: int
    due: int
    business_time: str


async def count_backlog(session: AsyncSession) -> Backlog:
    """Read it in one statement, so that the figures belong together."""
    row = (await session.execute(_COUNTS, {"now": clock.now()})).one()
    return Backlog(row.depth, row.parked, row.waiting, row.due, clock.now().isoformat())


async def count(session: AsyncSession, status: Status) -> None:
    """Fill in what the database knows."""
    row = (await session.execute(_COUNTS, {"now": clock.now()})).one()
    status.outbox = {"depth": row.depth, "age_seconds": round(float(row.age), 3)}
    status.parked, status.waiting, status.due = row.parked, row.waiting, row.due
    status.oldest_wait_seconds = float(row.oldest_wait)


def resident_bytes() -> int:
    """Memory of this process."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
