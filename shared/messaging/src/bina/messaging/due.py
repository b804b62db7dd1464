"""Work that has a time: rows, claimed with SKIP LOCKED in chunks, each chunk its own transaction."""

import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.events import Envelope, Event

from . import clock, telemetry
from .database import is_transient, statement
from .outbox import emit

CHUNK = 2000
POLL = timedelta(seconds=5)
"""How long due work waits at most for what nobody in this process announced: days are the field's unit."""
log = logging.getLogger(__name__)


@dataclass
class DueItem:
    """One piece of work. `key` is unique within `kind`: adding it again moves its time."""

    kind: str
    key: str
    due_at: datetime
    payload: dict[str, Any] = field(default_factory=dict)
    cause: Envelope | None = None
    id: int = 0


DueHandler = Callable[[list[DueItem], AsyncSession], Awaitable[Sequence[Event]]]


class Schedule:
    """What one capability does when time comes."""

    def __init__(self) -> None:
        self.handlers: dict[str, DueHandler] = {}

    def on(self, kind: str) -> Callable[[DueHandler], DueHandler]:
        """Handle due work of a kind, a chunk at a time; what it returns is told. It must be set-based."""

        def register(handler: DueHandler) -> DueHandler:
            self.handlers[kind] = handler
            return handler

        return register


# What is called for already is only locked, so that it waits for this transaction; to write it anew for each of a
# window's many tasks would cost more than the tasks.
_INSERT = """INSERT INTO messaging.due (kind, key, due_at, payload, cause)
    SELECT * FROM unnest(CAST(:kind AS text[]), CAST(:key AS text[]), CAST(:due_at AS timestamptz[]),
        CAST(:payload AS jsonb[]), CAST(:cause AS jsonb[])) ORDER BY 1, 2
    ON CONFLICT (kind, key) DO UPDATE SET"""
_ADD = text(
    f"""{_INSERT} due_at = excluded.due_at, payload = excluded.payload,
        cause = excluded.cause, attempts = 0, not_before = now()
    WHERE (due.due_at, due.payload, due.cause, due.attempts)
        IS DISTINCT FROM (excluded.due_at, excluded.payload, excluded.cause, 0)"""
)
_ADD_TO = text(
    f"{_INSERT} due_at = greatest(due.due_at, excluded.due_at), payload = due.payload || excluded.payload"
)
_PLANNED = text(
    """SELECT key, due_at FROM messaging.due WHERE kind = :kind AND key = ANY (CAST(:keys AS text[]))
    ORDER BY key FOR UPDATE"""
)
_CANCEL = text("DELETE FROM messaging.due WHERE kind = :kind AND key = ANY (CAST(:keys AS text[]))")
_CANCEL_IDLE = text(
    """DELETE FROM messaging.due WHERE id = ANY (ARRAY(SELECT id FROM messaging.due
        WHERE kind = :kind AND key = ANY (CAST(:keys AS text[])) ORDER BY key FOR UPDATE SKIP LOCKED))"""
)
# Only a failure makes it wait, and never longer than an hour: what seems to wait longer was written before the
# server's clock was put back.
_CLAIM = statement(
    """SELECT id, kind, key, due_at, payload, cause FROM messaging.due
    WHERE due_at <= :now AND kind = ANY (CAST(:kinds AS text[]))
        AND (attempts = 0 OR not_before NOT BETWEEN now() AND now() + interval '1 hour')
    ORDER BY due_at, id LIMIT :chunk FOR UPDATE SKIP LOCKED""",
    "now",
)
_NEXT = statement(
    """SELECT min(due_at) FROM messaging.due
    WHERE due_at > :now AND due_at < CAST(:now AS timestamptz) + :poll AND kind = ANY (CAST(:kinds AS text[]))""",
    "now",
)
_DONE = text("DELETE FROM messaging.due WHERE id = ANY (CAST(:ids AS bigint[]))")
_FAILED = text(
    """UPDATE messaging.due SET attempts = attempts + 1, error = :error,
        not_before = now() + least(interval '1 hour', interval '2 seconds' * power(2, least(attempts, 12)))
    WHERE id = :id"""
)


async def add(session: AsyncSession, items: Iterable[DueItem]) -> None:
    """Schedule work in the transaction that calls for it; what is due soon is begun in time when that has committed."""
    await _put(session, _ADD, {(item.kind, item.key): item for item in items}.values())


async def add_to(session: AsyncSession, items: Iterable[DueItem]) -> None:
    """Schedule work, or add to the payload of what is scheduled already, to be done at the later of both times."""
    rows: dict[tuple[str, str], DueItem] = {}
    for item in items:
        known = rows.setdefault((item.kind, item.key), item)
        if known is not item:
            known.payload |= item.payload
            known.due_at = max(known.due_at, item.due_at)
    await _put(session, _ADD_TO, rows.values())


async def planned(session: AsyncSession, kind: str, keys: Iterable[object]) -> dict[str, datetime]:
    """When work is due, by key, of what is still to be done; from here on it waits for this transaction."""
    wanted = [str(key) for key in keys]
    if not wanted:
        return {}
    rows = await session.execute(_PLANNED, {"kind": kind, "keys": wanted})
    return {row.key: row.due_at for row in rows}


async def cancel(session: AsyncSession, kind: str, keys: Iterable[object]) -> None:
    """Take work back that is no longer called for."""
    await session.execute(_CANCEL, {"kind": kind, "keys": [str(key) for key in keys]})


async def cancel_idle(session: AsyncSession, kind: str, keys: Iterable[object]) -> None:
    """The same, but never waiting: work that is being done right now is left, and its handler has to see for itself that
    it is not called for. For whoever holds what that work may wait for."""
    await session.execute(_CANCEL_IDLE, {"kind": kind, "keys": [str(key) for key in keys]})


async def _put(session: AsyncSession, how: TextClause, rows: Collection[DueItem]) -> None:
    if rows:
        if min(item.due_at for item in rows) <= clock.now() + POLL:
            session.info["due"] = True
        await session.execute(
            how,
            {
                "kind": [item.kind for item in rows],
                "key": [item.key for item in rows],
                "due_at": [item.due_at for item in rows],
                "payload": [json.dumps(item.payload, default=str) for item in rows],
                "cause": [_cause_json(item.cause) for item in rows],
            },
        )


class DueWork:
    """Does a service's due work."""

    def __init__(self, make: async_sessionmaker[AsyncSession], schedules: Iterable[Schedule]) -> None:
        self._make = make
        self._handlers = {kind: h for schedule in schedules for kind, h in schedule.handlers.items()}

    async def run(self) -> int:
        """Do one chunk; returns how many rows it claimed."""
        if not self._handlers:
            return 0
        async with self._make() as session, session.begin():
            items = await self._claim(session)
            by_kind: dict[str, list[DueItem]] = {}
            for item in items:
                by_kind.setdefault(item.kind, []).append(item)
            for kind, group in by_kind.items():
                with telemetry.doing(kind, group):
                    await self._attempt(session, kind, group)
        return len(items)

    async def wait_seconds(self) -> float:
        """How long until the next work is due, or to look again."""
        async with self._make() as session:
            now = clock.now()
            found = await session.scalar(_NEXT, {"now": now, "poll": POLL, "kinds": list(self._handlers)})
        return ((found or now + POLL) - now).total_seconds()

    async def _claim(self, session: AsyncSession) -> list[DueItem]:
        found = await session.execute(
            _CLAIM, {"now": clock.now(), "kinds": list(self._handlers), "chunk": CHUNK}
        )
        return [_item(row) for row in found]

    async def _attempt(self, session: AsyncSession, kind: str, group: list[DueItem]) -> None:
        """Do a group, halving it on failure until the culprits stand alone; those are tried again later."""
        try:
            async with session.begin_nested():
                # Taken off first: the handler may schedule the same key anew.
                await session.execute(_DONE, {"ids": [item.id for item in group]})
                await emit(session, await self._handlers[kind](group, session))
        except Exception as error:
            if is_transient(error):
                raise
            if len(group) == 1:
                log.exception("due work %s %s failed", kind, group[0].key)
                await session.execute(_FAILED, {"id": group[0].id, "error": str(error)[:2000]})
                return
            middle = len(group) // 2
            await self._attempt(session, kind, group[:middle])
            await self._attempt(session, kind, group[middle:])


def _item(row: Any) -> DueItem:
    payload = json.loads(row.payload) if isinstance(row.payload, str) else row.payload
    cause = json.loads(row.cause) if isinstance(row.cause, str) else row.cause
    return DueItem(row.kind, row.key, row.due_at, payload, _cause_of(cause), row.id)


def _cause_json(cause: Envelope | None) -> str | None:
    return json.dumps({**cause._asdict(), "time": cause.time.isoformat()}) if cause else None


def _cause_of(stored: dict[str, Any] | None) -> Envelope | None:
    return Envelope(**{**stored, "time": datetime.fromisoformat(stored["time"])}) if stored else None
