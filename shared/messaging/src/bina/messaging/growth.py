"""Partitions that came to a topic later: kept back until what lay before them is applied.

With more partitions a key moves. What was written of it before lies in its old partition, perhaps still unread; read
side by side, the newer fact would be applied first. So a new partition is left alone until every producer must have
heard of it (from then on nobody writes a moved key to its old partition), and then until all that the older
partitions held at that moment is applied, by whichever worker. Since when it waits is kept in the database: neither a
restart nor a handover begins the time anew.

A consumer that begins a topic at its beginning sees by the first records' timestamps which partitions came later, and
in which order: those that begin later than every older one by more than that time, or are still empty by then. They
are read in that order, each generation once all of the one before is applied.

Guaranteed, then: a key keeps its order across growths to a multiple of the partitions (else keys move between old
ones, too; a growth that is none is reported by name), as long as its producer renews its metadata within the time given here and, as our relay does, sends a
key's next fact only with the same map or after the acknowledgement of the one before. A consumer new to the topic
relies on the records' timestamps besides, and does not recognise a growth within that time of the topic's first
record, nor does it wait for producers where it begins within that time of a growth.
"""

import itertools
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from . import disagreements, positions
from .disagreements import Disagreement
from .reading import Reached

log = logging.getLogger(__name__)
ASK_SECONDS = 1.0

_NOTE = text(
    """INSERT INTO messaging.growing (topic, "partition", since)
    SELECT topic, "partition", coalesce(to_timestamp(ms / 1000.0), now()) FROM unnest(CAST(:topics AS text[]),
        CAST(:partitions AS int[]), CAST(:since AS bigint[])) AS n (topic, "partition", ms)
    ORDER BY 1, 2 ON CONFLICT DO NOTHING RETURNING topic"""
)
_WAITING = text(
    """SELECT topic, "partition", since, since <= now() - make_interval(secs => :seconds) AS due
    FROM messaging.growing WHERE topic = ANY (CAST(:topics AS text[]))"""
)
_FORGET = text(
    """DELETE FROM messaging.growing g USING unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]))
        AS n (topic, "partition") WHERE n.topic = g.topic AND n."partition" = g."partition" """
)


@dataclass
class Growth:
    """One consumer's new partitions. `seconds`: the longest that a producer goes by an old map."""

    make: async_sessionmaker[AsyncSession]
    seconds: float
    held: set[TopicPartition] = field(default_factory=set)
    """Partitions that are kept back."""
    _ends: dict[str, Mapping[TopicPartition, int]] = field(default_factory=dict)
    _asked: float = 0.0

    async def hold(self, consumer: AIOKafkaConsumer, grown: Iterable[TopicPartition]) -> None:
        """Keep these back, and forget those that are another worker's now. Raises what is transient."""
        self.held = set(grown)
        self._ends = {}
        if self.held:
            log.warning("new partitions wait for the older ones: %s", sorted(self.held))
            consumer.pause(*self.held)
            async with self.make() as session, session.begin():
                topics = await note(session, dict.fromkeys(self.held))
                known = await positions.load(session, topics)
                sizes = {topic: len(consumer.partitions_for_topic(topic) or ()) for topic in topics}
                await disagreements.report(session, *_uneven(sizes, Counter(topic for topic, _ in known)))

    async def release(self, consumer: AIOKafkaConsumer) -> None:
        """Let partitions go whose time has come. Raises KafkaError and what is transient of the database."""
        now = time.monotonic()
        if not self.held or now - self._asked < ASK_SECONDS:
            return
        self._asked = now
        async with self.make() as session, session.begin():
            known = await positions.load(session, {p.topic for p in self.held})
            due = await self._due(session, consumer, known)
            ready = [p for p in due if await self._caught_up(consumer, p.topic, known)]
            first = await consumer.beginning_offsets(ready) if ready else {}
            await positions.write(session, {(p.topic, p.partition): (at, -1) for p, at in first.items()})
            await session.execute(_FORGET, _columns(first))
        for partition, offset in first.items():
            self.held.discard(partition)
            self._ends.pop(partition.topic, None)
            consumer.seek(partition, offset)
            consumer.resume(partition)
            log.warning("new partition %s is read from %d on", partition, offset)

    async def _due(
        self, session: AsyncSession, consumer: AIOKafkaConsumer, known: Reached
    ) -> list[TopicPartition]:
        """Of each topic only those that wait longest: the others came after them."""
        asked = {"topics": list({p.topic for p in self.held}), "seconds": self.seconds}
        waiting = {
            TopicPartition(row.topic, row.partition): row
            for row in await session.execute(_WAITING, asked)
            if (row.topic, row.partition) not in known
            and row.partition in (consumer.partitions_for_topic(row.topic) or ())
        }
        oldest = {topic: min(r.since for r in waiting.values() if r.topic == topic) for topic, _ in waiting}
        return [
            p for p, row in waiting.items() if p in self.held and row.due and row.since == oldest[p.topic]
        ]

    async def _caught_up(self, consumer: AIOKafkaConsumer, topic: str, known: Reached) -> bool:
        """Whether the older partitions are applied up to where they ended when the new one's time had come."""
        older = [TopicPartition(topic, number) for name, number in known if name == topic]
        if topic not in self._ends:
            self._ends[topic] = await consumer.end_offsets(older)
        ends = self._ends[topic]
        first = await consumer.beginning_offsets(older)
        return all(max(known[p.topic, p.partition][0], first[p]) >= end for p, end in ends.items())


async def note(session: AsyncSession, since: Mapping[TopicPartition, int | None]) -> set[str]:
    """Keep since when partitions wait, in ms of the epoch, None for now; those that wait already go on waiting.

    Gives the topics of those that did not wait before.
    """
    return set(await session.scalars(_NOTE, {**_columns(since), "since": list(since.values())}))


def _uneven(sizes: Mapping[str, int], before: Mapping[str, int]) -> list[Disagreement]:
    """Topics that have grown to no multiple: nobody can tell any more which of a key's facts came first."""
    return [
        Disagreement(
            "topic.uneven",
            topic,
            None,
            f"has grown from {before[topic]} to {size} partitions, no multiple of them: keys moved between the old ones, "
            "too, so that facts of one key told around then may have been applied in another order; grow it to a "
            "multiple, and compare what stands here by a replay",
        )
        for topic, size in sizes.items()
        if before.get(topic) and size % before[topic]
    ]


async def later(
    consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition], seconds: float
) -> dict[TopicPartition, int]:
    """Which of whole topics' partitions came later, as their first records tell, and when (ms; waited for already)."""
    now = int(time.time() * 1000)
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, 0))
    begun = {p: now if first is None else first.timestamp for p, first in sorted(found.items())}
    came: dict[TopicPartition, int] = {}
    for _, topic in itertools.groupby(begun, lambda p: p.topic):
        for generation in _generations(list(topic), begun, seconds * 1000)[1:]:
            first = min(begun[p] for p in generation)
            came |= dict.fromkeys(generation, min(first, now - int(seconds * 1000)))
    return came


def _generations(
    topic: list[TopicPartition], begun: Mapping[TopicPartition, int], margin: float
) -> list[list[TopicPartition]]:
    """A topic's partitions, by number, cut where one begins later than all of its generation by more than `margin` ms."""
    cut: list[list[TopicPartition]] = []
    for partition in topic:
        if cut and begun[partition] - min(begun[p] for p in cut[-1]) <= margin:
            cut[-1].append(partition)
        else:
            cut.append([partition])
    return cut


def _columns(partitions: Iterable[TopicPartition]) -> dict[str, list[str] | list[int]]:
    found = list(partitions)
    return {"topics": [p.topic for p in found], "partitions": [p.partition for p in found]}
