"""Orders to try parked messages again: rows, worked off at a bounded rate in chunks, each chunk one transaction.

What a chunk did and how far the order has come commit together. So whoever dies leaves the order where its last chunk
ended, another worker goes on there, and each message is tried once per order.
"""

import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from . import held
from .applying import Outcome
from .database import is_transient, statement
from .intake import Intake
from .parked import Choice

CHUNK = 100
"""Most messages of one chunk: batches wait for it."""
PER_SECOND = 50
"""Messages tried a second where an order does not say."""
MOST_CAUSES = 20
"""Of how many causes the report tells; a redrive has few, or the messages are not of one defect."""
log = logging.getLogger(__name__)

# Tried once per order: what was tried, or came, after it was given is not touched.
_CHOSEN = "h.state = 'parked' AND h.last_tried < :asked_at AND {where}"
_ADD = text(
    """INSERT INTO messaging.redrives (choice, per_second, asked_by, asked_at, total)
    VALUES (CAST(:choice AS jsonb), :per_second, :asked_by, now(), :total) RETURNING id"""
)
_NEXT = text(
    """SELECT greatest(0, extract(epoch FROM min(next_at) - clock_timestamp())) FROM messaging.redrives
    WHERE ended_at IS NULL HAVING count(*) > 0"""
)
_DUE = "ended_at IS NULL AND next_at <= coalesce(:at, clock_timestamp())"
_ANY_DUE = statement(f"SELECT EXISTS (SELECT FROM messaging.redrives WHERE {_DUE})", "at")  # noqa: S608 - as above
_CLAIM = statement(
    f"""SELECT *, coalesce(:at, clock_timestamp()) AS started FROM messaging.redrives WHERE {_DUE}
    ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""",  # noqa: S608 - as above
    "at",
)
# A key's messages are tried together, so those of them that the order chooses belong to the chunk of its first.
_CHOOSE = """WITH first AS (
        SELECT h.id, h.topic, h.key, h.blocks FROM messaging.held h WHERE h.id > :last_id AND {chosen}
        ORDER BY h.id LIMIT :size)
    SELECT id, true AS first FROM first UNION ALL
    SELECT h.id, false FROM messaging.held h JOIN (SELECT DISTINCT topic, key FROM first WHERE blocks) k
    USING (topic, key) WHERE h.blocks AND {chosen} AND h.id NOT IN (SELECT id FROM first)"""
_CAUSES = text(
    """SELECT cause, min(code) AS code, messaging.fold(min(error)) AS sentence, count(*) AS n
    FROM messaging.held WHERE id = ANY (CAST(:ids AS bigint[])) GROUP BY cause ORDER BY cause"""
)
_PROGRESS = statement(
    """UPDATE messaging.redrives SET tried = tried + :tried, applied = applied + :applied, failed = failed + :failed,
        queued = queued + :queued, others_applied = others_applied + :others_applied,
        others_failed = others_failed + :others_failed, causes = CAST(:causes AS jsonb), last_id = :last_id,
        chunks = chunks + 1, next_at = :started + make_interval(secs => :rest),
        ended_at = CASE WHEN :last THEN clock_timestamp() END
    WHERE id = :id""",
    "started",
)
_GIVE_UP = text(
    "UPDATE messaging.redrives SET ended_at = now(), error = :error WHERE id = :id AND ended_at IS NULL"
)
_CANCEL = text(
    """UPDATE messaging.redrives SET ended_at = now(), cancelled_by = :by
    WHERE id = :id AND ended_at IS NULL RETURNING id"""
)


@dataclass(frozen=True)
class NewCause:
    """Why messages failed when they were tried again."""

    code: str
    sentence: str
    count: int


@dataclass(frozen=True)
class Redrive:
    """One order and what became of it, in messages.

    `tried` = `applied` + `failed` + `queued` + `dropped`; `queued` stay behind an earlier message of their key, and
    `dropped` turned out to be known already. `others_…` are messages of the same keys that the order did not name:
    followers above all. `causes` are the groups of what failed again.
    """

    id: int
    choice: dict[str, Any]
    per_second: int
    asked_by: str
    asked_at: datetime
    total: int
    tried: int
    applied: int
    failed: int
    queued: int
    others_applied: int
    others_failed: int
    causes: dict[str, NewCause]
    chunks: int
    ended_at: datetime | None
    cancelled_by: str
    error: str

    @property
    def state(self) -> str:
        """`running`, `done`, `cancelled` or `failed` (ended by an error of its own)."""
        if self.ended_at is None:
            return "running"
        return "cancelled" if self.cancelled_by else "failed" if self.error else "done"

    @property
    def dropped(self) -> int:
        """Tried, and found to be known already."""
        return self.tried - self.applied - self.failed - self.queued

    @property
    def seconds_left(self) -> float:
        """How long the rest takes at this rate, at least."""
        return max(0, self.total - self.tried) / self.per_second


async def add(session: AsyncSession, choice: Choice, per_second: int, by: str) -> int | None:
    """Give an order; its id, or None where it would choose nothing."""
    if per_second < 1:
        raise ValueError("a redrive needs a rate of at least one a second")
    chosen = text(f"SELECT count(*) FROM messaging.held h WHERE h.state = 'parked' AND {choice.where}")  # noqa: S608 - names of our own columns
    total = await session.scalar(chosen, choice.values)
    if not total:
        return None
    session.info["redrive"] = True
    row = {"choice": json.dumps(choice.values), "per_second": per_second, "asked_by": by, "total": total}
    return int(await session.scalar(_ADD, row) or 0)


async def load(session: AsyncSession, redrive_id: int) -> Redrive | None:
    """One order, or None."""
    found = await _select(session, "WHERE id = :id", {"id": redrive_id})
    return found[0] if found else None


async def find(session: AsyncSession, *, before: int | None = None, limit: int = 50) -> list[Redrive]:
    """Orders with ids below `before`, newest first."""
    condition = "WHERE id < :before" if before is not None else ""
    values = {"limit": limit} | ({"before": before} if before is not None else {})
    return await _select(session, f"{condition} ORDER BY id DESC LIMIT :limit", values)


async def cancel(session: AsyncSession, redrive_id: int, by: str) -> bool:
    """End an order after the chunk in hand; False if it had ended."""
    return (await session.execute(_CANCEL, {"id": redrive_id, "by": by})).first() is not None


class Redriver:
    """Works off a service's orders; any number of workers may."""

    def __init__(self, make: async_sessionmaker[AsyncSession], intake: Intake) -> None:
        self._make = make
        self._intake = intake

    async def wait_seconds(self) -> float | None:
        """How long until the next chunk is due; None without an order."""
        async with self._make() as session:
            seconds = await session.scalar(_NEXT)
        return None if seconds is None else float(seconds)

    async def step(self, at: datetime | None = None) -> bool:
        """Do the next chunk that is due at a moment, the database's now by default; whether there was one."""
        job: Any = None
        try:
            async with self._make() as session, session.begin():
                if not await session.scalar(_ANY_DUE, {"at": at}):
                    return False
                await held.lock_alone(session)
                job = (await session.execute(_CLAIM, {"at": at})).one_or_none()
                if job is not None:
                    await self._chunk(session, job)
        except Exception as error:
            if job is None or is_transient(error):
                raise
            log.exception("redrive %d ended", job.id)
            await self._give_up(job.id, error)
        return job is not None

    async def _chunk(self, session: AsyncSession, job: Any) -> None:
        size = max(1, min(CHUNK, job.per_second // 2))
        ids, last_id, last = await _choose(session, job, size)
        outcome = await self._intake.redrive_in(session, ids) if ids else Outcome()
        if outcome.later:  # the order goes on there
            last_id, last = min(last_id, outcome.later[0] - 1), False
        counts, failed = _tally(set(ids).difference(outcome.later), outcome)
        causes = _merged(_causes(job.causes), await _causes_of(session, failed))
        rest = (counts["tried"] + counts["others_applied"] + counts["others_failed"]) / job.per_second
        place = {"id": job.id, "last_id": last_id, "last": last, "started": job.started, "rest": rest}
        told = json.dumps({cause: asdict(new) for cause, new in causes.items()})
        await session.execute(_PROGRESS, {**place, **counts, "causes": told})

    async def _give_up(self, redrive_id: int, error: Exception) -> None:
        async with self._make() as session, session.begin():
            await session.execute(
                _GIVE_UP, {"id": redrive_id, "error": f"{type(error).__name__}: {error}"[:2000]}
            )


async def _choose(session: AsyncSession, job: Any, size: int) -> tuple[list[int], int, bool]:
    """The next messages of an order, the last id looked at, and whether nothing is left after them."""
    choice = Choice(**_parsed(job.choice))
    asked = statement(_CHOOSE.format(chosen=_CHOSEN.format(where=choice.where)), "asked_at")
    values = {"asked_at": job.asked_at, "last_id": job.last_id, "size": size, **choice.values}
    rows = list(await session.execute(asked, values))
    first = [row.id for row in rows if row.first]
    return sorted(row.id for row in rows), max([job.last_id, *first]), len(first) < size


def _tally(ids: set[int], outcome: Outcome) -> tuple[dict[str, int], list[int]]:
    """What became of the messages tried and of those that went along; and the ids of all that failed."""
    done = {arrived.held_id for arrived in outcome.done}
    failed = {hold.held_id for hold in outcome.holds if hold.state == "parked" and hold.held_id is not None}
    queued = {hold.held_id for hold in outcome.holds if hold.state != "parked"} | outcome.queued
    counts = {
        "tried": len(ids),
        "applied": len(ids & done),
        "failed": len(ids & failed),
        "queued": len(ids & queued),
    }
    others = {"others_applied": len(done - ids), "others_failed": len(failed - ids)}
    return counts | others, sorted(failed)


async def _causes_of(session: AsyncSession, failed: Sequence[int]) -> dict[str, NewCause]:
    if not failed:
        return {}
    rows = await session.execute(_CAUSES, {"ids": list(failed)})
    return {row.cause: NewCause(row.code, row.sentence, row.n) for row in rows}


def _merged(known: dict[str, NewCause], more: dict[str, NewCause]) -> dict[str, NewCause]:
    counts = Counter({cause: new.count for cause, new in known.items()})
    counts.update({cause: new.count for cause, new in more.items()})
    words = known | more
    return {
        cause: NewCause(words[cause].code, words[cause].sentence, n)
        for cause, n in counts.most_common(MOST_CAUSES)
    }


async def _select(session: AsyncSession, rest: str, values: dict[str, Any]) -> list[Redrive]:
    names = ", ".join(Redrive.__dataclass_fields__)
    rows = await session.execute(text(f"SELECT {names} FROM messaging.redrives {rest}"), values)  # noqa: S608 - our own names
    return [
        Redrive(**{**row, "choice": _parsed(row["choice"]), "causes": _causes(row["causes"])})
        for row in rows.mappings()
    ]


def _causes(stored: Any) -> dict[str, NewCause]:
    return {cause: NewCause(**new) for cause, new in _parsed(stored).items()}


def _parsed(stored: Any) -> dict[str, Any]:
    """The driver gives jsonb as text or read already."""
    return dict(json.loads(stored) if isinstance(stored, str) else stored)
