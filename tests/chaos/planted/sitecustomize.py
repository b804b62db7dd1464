"""Plants one defect into a service at its start. Python imports this by itself where its folder is on PYTHONPATH."""

import asyncio
import os
import random
from typing import Any

from bina.messaging import applying, consumer, handlers, held, inbox, outbox, positions, relay

claim, persist = inbox.claim, consumer.Consumer._persist
NEXT_AFTER = relay._NEXT.replace("WHERE published_at IS NULL", "WHERE id > $2")
LAST = "SELECT coalesce(max(id), 0) FROM messaging.outbox WHERE published_at IS NOT NULL"


def no_inbox() -> None:
    """Whatever comes again is applied again."""

    async def claim_all(session: Any, batch: Any, reached: Any = None) -> inbox.Claimed:
        claimed = await claim(session, batch, reached)
        conflicts = {id(found.message) for found in claimed.conflicts}
        return inbox.Claimed([a for a in batch if id(a.message) not in conflicts], claimed.conflicts, 0)

    inbox.claim = claim_all


def offset_before_commit() -> None:
    """Broker and database note that a batch is applied before it is."""

    async def commit_first(self: Any, batch: Any) -> Any:
        async with self._intake._make() as session, session.begin():
            await positions.write(session, batch.read.reached)
        self._ahead.done(batch)
        await self._ahead.commit(self.kafka, every=0)
        return await persist(self, batch)

    consumer.Consumer._persist = commit_first


def outbox_by_cursor() -> None:
    """The relay reads on from the last id it saw: who drew an earlier one and commits later, as under load, is
    passed over."""
    cursors: dict[int, int] = {}

    async def publish_after(connection: Any, producer: Any, source: str, metrics: Any) -> int:
        here = id(connection)
        if here not in cursors:
            cursors[here] = await connection.fetchval(LAST)
        rows = await connection.fetch(NEXT_AFTER, relay.CHUNK, cursors[here])
        if rows:
            await publish(connection, producer, source, rows)
            cursors[here] = rows[-1]["id"]
        return len(rows)

    relay.publish_once = publish_after
    outbox._tell, outbox._copy = late(outbox._tell), late(outbox._copy)


def marked_before_sent() -> None:
    """The outbox forgets a fact before the broker, slow as under load, has it."""

    async def mark_first(connection: Any, producer: Any, source: str, metrics: Any) -> int:
        rows = await connection.fetch(relay._NEXT, relay.CHUNK)
        await mark(connection, rows)
        if rows:
            await asyncio.sleep(0.5)
            await relay._send(producer, rows, source)
        return len(rows)

    relay.publish_once = mark_first


def not_sought_back() -> None:
    """A batch that failed is left behind; the next one's offsets pass over it."""
    consumer._Ending.seek = lambda *_, **__: None


def key_not_blocked() -> None:
    """What follows a parked event of its key is applied as if nothing were missing."""

    async def none_blocked(session: Any, streams: Any) -> set[Any]:
        return set()

    held.blocked = none_blocked
    applying._stops = lambda _: {}


def topics_in_order() -> None:
    """A fact of another topic is taken to have come before what relies on it."""
    handlers.Reactions.needs = lambda *_: []


def late(told: Any) -> Any:
    """One transaction in twenty commits a little after it drew its ids."""

    async def tell_and_linger(*given: Any) -> None:
        await told(*given)
        if random.random() < 0.05:
            await asyncio.sleep(0.2)

    return tell_and_linger


async def publish(connection: Any, producer: Any, source: str, rows: Any) -> None:
    results = await relay._send(producer, rows, source)
    if failed := next((result for result in results if isinstance(result, BaseException)), None):
        raise relay.RelayError(repr(failed))
    await mark(connection, rows)


async def mark(connection: Any, rows: Any) -> None:
    await connection.execute(relay._MARK, [r["id"] for r in rows], [r["created_at"] for r in rows])


MUTATIONS = {
    planted.__name__: planted
    for planted in (
        no_inbox,
        offset_before_commit,
        outbox_by_cursor,
        marked_before_sent,
        not_sought_back,
        key_not_blocked,
        topics_in_order,
    )
}
if name := os.environ.get("BINA_CHAOS_MUTATION"):
    MUTATIONS[name]()
if release := os.environ.get("BINA_CHAOS_RELEASE"):
    from release import plant as plant_release

    plant_release(release)
