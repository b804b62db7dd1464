"""The next batch is fetched and read while the database works on the one before: reading needs no database, and the
database needs no Python.

What was fetched ahead is not applied yet, so offsets are committed by batch, never by how far fetching has come; and
once a second only, for they are what others see of the lag: where to go on, the database itself says.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from .reading import Read
from .records import Message

FETCHED = 50
"""Records asked for at once."""
READ = 10
"""Records read before others get their turn, some 0.4 ms: the database's short answers hardly wait, and what there is
to read lasts until its long ones."""
WAIT_MS = 1000
COMMIT_SECONDS = 1.0


@dataclass
class Batch:
    """Messages off the broker, as fetched and as read."""

    records: list[ConsumerRecord[Any, Any]] = field(default_factory=list)
    read: Read = field(default_factory=Read)
    first: dict[TopicPartition, int] = field(default_factory=dict)
    """Per partition the offset of its first record."""
    after: dict[TopicPartition, int] = field(default_factory=dict)
    """Per partition the offset after its last record: what is committed once the batch is applied."""

    def add(
        self, partition: TopicPartition, records: list[ConsumerRecord[Any, Any]]
    ) -> list[ConsumerRecord[Any, Any]]:
        """Append a partition's next records; gives them without those that a rebalance brought a second time."""
        new = [r for r in records if r.offset >= self.after.get(partition, 0)]
        if new:
            self.records += new
            self.first.setdefault(partition, new[0].offset)
            self.after[partition] = new[-1].offset + 1
            self.read.reached[partition.topic, partition.partition] = new[-1].offset + 1, new[-1].timestamp
        return new

    def leave(self, topic: str) -> None:
        """Take a topic's messages out: they stay on the broker."""
        self.read = self.read.without(topic)
        for partition in [p for p in self.first if p.topic == topic]:
            del self.first[partition], self.after[partition]


class Ahead:
    """One consumer's batches, in order, of at most `most` records each, one ahead of the one in hand."""

    def __init__(self, read: Callable[[Iterable[Message]], Read], most: int) -> None:
        self._read = read
        self._most = most
        self._batch = Batch()
        self._in_hand = Batch()
        self._filling: asyncio.Task[None] | None = None
        self._applied: dict[TopicPartition, int] = {}
        self._committed = time.monotonic()

    async def next(self, consumer: AIOKafkaConsumer) -> Batch | None:
        """The batch fetched meanwhile; the one after it is begun. None after a second without any.

        Raises what fetching raised; what was fetched ahead is then fetched again.
        """
        filling = self._filling or asyncio.create_task(self._fill(consumer, WAIT_MS))
        try:
            await filling
            await self._fill(consumer, 0)  # what has come since: else it would wait for two batches
        except (
            BaseException
        ):  # whatever it was goes on upwards; only what was fetched must not be passed over
            self.rewind(consumer, {})
            raise
        self._in_hand, self._batch = self._batch, Batch()
        self._filling = asyncio.create_task(self._fill(consumer, WAIT_MS))
        return self._in_hand if self._in_hand.records else None

    async def _fill(self, consumer: AIOKafkaConsumer, wait: int) -> None:
        while room := min(FETCHED, self._most - len(self._batch.records)):
            found = await consumer.getmany(timeout_ms=wait, max_records=room)
            new = [record for p, records in found.items() for record in self._batch.add(p, records)]
            for start in range(0, len(new), READ):
                self._batch.read.extend(self._read(map(_message, new[start : start + READ])))
                await asyncio.sleep(0)
            if sum(map(len, found.values())) < room:
                return
            wait = 0

    def done(self, batch: Batch) -> None:
        """A batch is applied."""
        self._applied = {**self._applied, **batch.after}
        self._in_hand = Batch()

    async def commit(self, consumer: AIOKafkaConsumer, *, every: float = COMMIT_SECONDS) -> None:
        """Tell the broker what is applied, as far as its partitions are still ours, unless it was told just now."""
        if not self._applied or time.monotonic() < self._committed + every:
            return
        assigned = consumer.assignment()
        told, self._committed = self._applied, time.monotonic()
        if offsets := {p: after for p, after in told.items() if p in assigned}:
            await consumer.commit(offsets)
        self._applied = {p: after for p, after in self._applied.items() if told.get(p) != after}

    def rewind(self, consumer: AIOKafkaConsumer, first: Mapping[TopicPartition, int]) -> None:
        """Fetch again from these offsets on, and all that was fetched ahead."""
        self.drop()
        ours = consumer.assignment()
        for partition, offset in {**self._batch.first, **first}.items():
            if partition in ours:
                consumer.seek(partition, offset)
        self._batch = Batch()

    def forget(self) -> None:
        """Begin anew: whoever calls says where to."""
        self.drop()
        self._batch, self._in_hand, self._applied = Batch(), Batch(), {}

    def begin(self, offsets: Mapping[TopicPartition, int]) -> None:
        """All before these is applied; the group may not have heard of it from whoever had the partitions before."""
        self._applied = dict(offsets)

    def drop(self) -> None:
        """Fetch no further."""
        if self._filling is not None:
            self._filling.cancel()
            self._filling = None

    def unapplied(self, partition: TopicPartition) -> int | None:
        """The first offset that was fetched but not applied."""
        return self._in_hand.first.get(partition, self._batch.first.get(partition))


def _message(record: ConsumerRecord[Any, Any]) -> Message:
    return Message(
        record.topic, record.partition, record.offset, record.key, tuple(record.headers), record.value
    )
