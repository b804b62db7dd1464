"""The broker as a relay sees it: records are under way, taken or lost, and so are the answers."""

import asyncio
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError
from aiokafka.structs import RecordMetadata

Stream = tuple[str, str]
PARTITIONS = 2


@dataclass(eq=False)
class Sent:
    """One record on its way, and the answer its sender waits for."""

    stream: Stream
    event_id: str
    version: int
    value: bytes | None
    answer: asyncio.Future[RecordMetadata]
    offset: int = -1

    @property
    def partition(self) -> TopicPartition:
        return TopicPartition(self.stream[0], sum(self.stream[1].encode()) % PARTITIONS)

    @property
    def metadata(self) -> RecordMetadata:
        return RecordMetadata(
            *self.partition, self.partition, self.offset, 1_795_000_000_000 + self.offset, 0, 0
        )


@dataclass
class Log:
    """What the broker keeps for good, by (topic, key), in order, and where each partition ends."""

    records: dict[Stream, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    ends: Counter[TopicPartition] = field(default_factory=Counter)

    def append(self, sent: Sent) -> None:
        sent.offset = self.ends[sent.partition]
        self.ends[sent.partition] += 1
        self.records[sent.stream].append(sent)

    def first(self, stream: Stream) -> list[Sent]:
        """What consumers see of a stream once they drop what they had before."""
        found: dict[str, Sent] = {}
        for record in self.records[stream]:
            found.setdefault(record.event_id, record)
        return list(found.values())


class SimulatedProducer:
    """Takes `send` calls as aiokafka's producer does; what becomes of the records is decided step by step.

    As with any idempotent producer, nothing of a partition is taken after a record of it was lost.
    """

    def __init__(self, log: Log, refuse_after: int | None = None) -> None:
        self.under_way: list[Sent] = []
        self.unanswered: list[Sent] = []
        self.started = asyncio.Event()
        self._log = log
        self._refuse_after = refuse_after

    async def partitions_for(self, topic: str) -> set[int]:
        """What the relay spreads keys over; here each record finds its own partition."""
        return {0}

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        *,
        key: bytes,
        headers: list[tuple[str, bytes]],
        partition: int = 0,
    ) -> "asyncio.Future[RecordMetadata]":
        self.started.set()
        if self._refuse_after is not None:
            self._refuse_after -= 1
            if self._refuse_after < 0:
                self._refuse_after = None
                raise KafkaTimeoutError
        told = {name: text.decode() for name, text in headers}
        answer = asyncio.get_running_loop().create_future()
        sent = Sent((topic, key.decode()), told["ce_id"], int(told["ce_aggregateversion"]), value, answer)
        self.under_way.append(sent)
        return answer

    def take(self, which: int) -> None:
        """The broker takes the first record under way of one partition."""
        if sent := self._next(which):
            self._log.append(sent)
            self.unanswered.append(sent)

    def lose(self, which: int) -> None:
        """The first record under way of one partition is lost, and with it all that follows there."""
        if sent := self._next(which):
            self._fail(sent)
            for later in [s for s in self.under_way if s.partition == sent.partition]:
                self.under_way.remove(later)
                self._fail(later)

    def answer(self, which: int, *, arrives: bool) -> None:
        """One of the answers reaches the sender, or is lost on the way."""
        if self.unanswered:
            sent = self.unanswered.pop(which % len(self.unanswered))
            if not arrives:
                self._fail(sent)
            elif not sent.answer.done():
                sent.answer.set_result(sent.metadata)

    def _next(self, which: int) -> Sent | None:
        partitions = sorted({s.partition for s in self.under_way})
        if not partitions:
            return None
        partition = partitions[which % len(partitions)]
        sent = next(s for s in self.under_way if s.partition == partition)
        self.under_way.remove(sent)
        return sent

    def _fail(self, sent: Sent) -> None:
        if not sent.answer.done():
            sent.answer.set_exception(KafkaConnectionError("no answer"))
            sent.answer.exception()

    def settle(self, arrives: list[bool]) -> None:
        """All that is under way is taken; which answers arrive goes round."""
        while self.under_way:
            self.take(0)
        for arrived in itertools.cycle(arrives):
            if not self.unanswered:
                return
            self.answer(0, arrives=arrived)


class Prompt(SimulatedProducer):
    """A broker on a good day."""

    async def send(self, *args: Any, **named: Any) -> "asyncio.Future[RecordMetadata]":
        answer = await super().send(*args, **named)
        self.settle([True])
        return answer
