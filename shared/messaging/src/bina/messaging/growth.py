"""Partitions that came to a topic later: kept back until what lay before them is applied.

With more partitions a key moves. What was written of it before lies in its old partition, perhaps still unread; read
side by side, the newer fact would be applied first. So a new partition is left alone until every producer must have
heard of it (from then on nobody writes a moved key to its old partition), and then until all that the older
partitions held at that moment is applied, by whichever worker. Guaranteed, then: a key keeps its order across the
growth, as long as its producer renews its metadata within the time given here and, as our relay does, sends a key's
next fact only with the same map or after the acknowledgement of the one before.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from . import positions
from .reading import Reached

log = logging.getLogger(__name__)
ASK_SECONDS = 1.0


@dataclass
class Growth:
    """One consumer's new partitions. `seconds`: the longest that a producer goes by an old map."""

    make: async_sessionmaker[AsyncSession]
    seconds: float
    _since: dict[TopicPartition, float] = field(default_factory=dict)
    _ends: dict[str, Mapping[TopicPartition, int]] = field(default_factory=dict)
    _asked: float = 0.0

    @property
    def held(self) -> set[TopicPartition]:
        """Partitions that are kept back."""
        return set(self._since)

    def hold(self, consumer: AIOKafkaConsumer, grown: Iterable[TopicPartition]) -> None:
        """Keep these back, and forget those that are another worker's now."""
        self._since = {p: self._since.get(p, time.monotonic()) for p in grown}
        self._ends = {}
        if self._since:
            log.warning("new partitions wait for the older ones: %s", sorted(self._since))
            consumer.pause(*self._since)

    async def release(self, consumer: AIOKafkaConsumer) -> None:
        """Let partitions go whose time has come. Raises KafkaError and what is transient of the database."""
        now = time.monotonic()
        due = {p for p, since in self._since.items() if now - since >= self.seconds}
        if not due or now - self._asked < ASK_SECONDS:
            return
        self._asked = now
        async with self.make() as session, session.begin():
            known = await positions.load(session, {p.topic for p in due})
            ready = [p for p in due if await self._caught_up(consumer, p.topic, known)]
            first = await consumer.beginning_offsets(ready) if ready else {}
            await positions.write(session, {(p.topic, p.partition): (at, -1) for p, at in first.items()})
        for partition, offset in first.items():
            del self._since[partition]
            consumer.seek(partition, offset)
            consumer.resume(partition)
            log.warning("new partition %s is read from %d on", partition, offset)

    async def _caught_up(self, consumer: AIOKafkaConsumer, topic: str, known: Reached) -> bool:
        """Whether the older partitions are applied up to where they ended when the new one's time had come."""
        older = [TopicPartition(topic, number) for name, number in known if name == topic]
        if topic not in self._ends:
            self._ends[topic] = await consumer.end_offsets(older)
        ends = self._ends[topic]
        first = await consumer.beginning_offsets(older)
        return all(max(known[p.topic, p.partition][0], first[p]) >= end for p, end in ends.items())
