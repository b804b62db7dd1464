"""State topics against what the database told: what the broker lost, or never got, is told again.

A record can be missing although it was acknowledged (a disk lost its last second), or lie behind an older one (a
frozen relay woke up). A whole state may be told twice, so that is mended here; other topics have no such remedy.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from . import clock, disagreements
from .cluster import Cluster
from .metrics import Metrics
from .outbox import emit
from .service import StateLoader
from .topiclog import TopicLog

CHUNK = 1000
PAGE = 10_000
HOUR = 2
log = logging.getLogger(__name__)

_TOLD = text(
    """SELECT key, version FROM messaging.streams WHERE topic = :topic AND key > :after ORDER BY key LIMIT :page"""
)
_UNPUBLISHED = text(
    """SELECT DISTINCT key FROM messaging.outbox
    WHERE published_at IS NULL AND topic = :topic AND key = ANY (CAST(:keys AS text[]))"""
)
# The lock comes before the state is read: whoever changes it meanwhile tells it after us, with a higher version.
_LOCK = text(
    """SELECT key, version FROM messaging.streams WHERE topic = :topic AND key = ANY (CAST(:keys AS text[]))
    ORDER BY key FOR UPDATE"""
)
_LIFT = text(
    """UPDATE messaging.streams s SET version = n.version
    FROM unnest(CAST(:keys AS text[]), CAST(:versions AS bigint[])) AS n (key, version)
    WHERE s.topic = :topic AND s.key = n.key AND s.version < n.version"""
)


def next_night(now: datetime) -> datetime:
    """The next 02:00 in the field's zone after an aware wall time."""
    local = now.astimezone(clock.ZONE)
    night = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return night if night > local else night + timedelta(days=1)


@dataclass
class Reconciler:
    """Republishes one service's states; several may run at once, none undoes another's work."""

    make: async_sessionmaker[AsyncSession]
    cluster: Cluster
    states: Mapping[str, StateLoader]
    metrics: Metrics

    async def run(self) -> dict[str, int]:
        """Tell anew every key whose newest record is missing, older or unexpectedly newer; how many, by topic.

        A key that this database never told is left alone and logged: a restored backup must not erase people.
        The mark of an erasure that compaction has removed by now counts as missing; telling it again harms nobody.
        Raises KafkaError while the broker is away. Needs about 200 bytes of memory per key of a topic.
        """
        lost = await self.lacking()
        told = {topic: await self._mend(topic) for topic in self.states}
        if lost:
            async with self.make() as session, session.begin():
                await disagreements.mended(session, lost)
        return told

    async def lacking(self) -> int:
        """Whether the broker lost states that were not told anew since; which loss was the last."""
        async with self.make() as session:
            return await disagreements.lacking(session)

    async def _mend(self, topic: str) -> int:
        async with TopicLog.opened(self.cluster, topic) as records:
            await records.catch_up()
            told = await self._differing(topic, records)
            if not told:
                return 0
            # First what is unpublished, then the log's new end: what was told by now is in one of them.
            unpublished = await self._unpublished(topic, list(told))
            await records.catch_up()
        wrong = sorted(k for k, v in told.items() if k not in unpublished and not records.ends_with(k, v))
        mended = 0
        for start in range(0, len(wrong), CHUNK):
            chunk = wrong[start : start + CHUNK]
            mended += await self._tell(topic, {key: told[key] for key in chunk}, records)
        if mended:
            log.warning("%s: %d keys differed and were told anew", topic, mended)
            self.metrics.reconciled.labels(topic).inc(mended)
        return mended

    async def _differing(self, topic: str, records: TopicLog) -> dict[str, int]:
        """Last version told of every key whose newest record is another."""
        different: dict[str, int] = {}
        known = 0
        async for page in self._pages(topic):
            known += sum(key in records for key, _ in page)
            different.update((key, version) for key, version in page if not records.ends_with(key, version))
        if strange := len(records) - known:
            log.warning("%s: %d keys were never told by this database and are left alone", topic, strange)
        return different

    async def _pages(self, topic: str) -> AsyncIterator[Sequence[tuple[str, int]]]:
        after = ""
        while True:
            # A transaction per page: a long one would slow every other reader down.
            async with self.make() as session:
                found = await session.execute(_TOLD, {"topic": topic, "after": after, "page": PAGE})
                page = [(row.key, row.version) for row in found]
            if not page:
                return
            yield page
            after = page[-1][0]

    async def _unpublished(self, topic: str, keys: Sequence[str]) -> set[str]:
        async with self.make() as session:
            return set(await session.scalars(_UNPUBLISHED, {"topic": topic, "keys": keys}))

    async def _tell(self, topic: str, told: Mapping[str, int], records: TopicLog) -> int:
        async with self.make() as session, session.begin():
            locked = await session.execute(_LOCK, {"topic": topic, "keys": list(told)})
            # Told anew since we looked: the newer fact is on its way and carries the whole state.
            keys = [row.key for row in locked if row.version == told[row.key]]
            states = await self.states[topic](session, keys)
            highest = [records.highest(key) for key in keys]
            await session.execute(_LIFT, {"topic": topic, "keys": keys, "versions": highest})
            await emit(session, states)
        return len(states)
