"""The broker as a consumer sees it: partitions that keep their order, offsets committed, and batches drawn at will."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from bina.messaging.records import Message

ENROLLMENTS, TRAININGS, PEOPLE = "enrollment.enrollments", "enrollment.trainings", "enrollment.asn"
AGENCIES = ("5571", "5508")
PARTITIONS = [
    TopicPartition(ENROLLMENTS, 0),
    TopicPartition(ENROLLMENTS, 1),
    TopicPartition(TRAININGS, 0),
    TopicPartition(PEOPLE, 0),
    *(TopicPartition(f"agency.enrollments.{code}", number) for code in AGENCIES for number in (0, 1)),
]
Round = list[tuple[int, int]]
"""What one fetch brings: number of a partition, how many of its next records; in this order."""


@dataclass
class Topics:
    """Every partition's records, and how far the group says that it has come."""

    records: dict[TopicPartition, list[Message]] = field(default_factory=lambda: {p: [] for p in PARTITIONS})
    committed: dict[TopicPartition, int] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, 0))
    earlier: dict[TopicPartition, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0]))
    """Offsets that were committed once."""

    def append(self, partition: TopicPartition, message: Message) -> Message:
        """Keep a record at the next offset."""
        log = self.records[partition]
        placed = Message(*partition, len(log), message.record_key, message.headers, message.value)
        log.append(placed)
        return placed

    def go_back(self, which: int) -> None:
        """The group's offsets are lost; each partition is at one that was committed earlier."""
        for partition, offsets in self.earlier.items():
            self.committed[partition] = offsets[which % len(offsets)]


class SimulatedConsumer:
    """One life of a consumer, with the methods of aiokafka's that the intake relies on."""

    def __init__(self, topics: Topics) -> None:
        self.plan: list[Round] = []
        self._topics = topics
        self._at = dict(topics.committed)

    def assignment(self) -> set[TopicPartition]:
        return set(PARTITIONS)

    async def getmany(
        self, *, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        found: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = {}
        left = max_records
        for number, many in self.plan.pop(0) if self.plan else ():
            partition = PARTITIONS[number]
            at = self._at[partition]
            taken = self._topics.records[partition][at : at + min(many, left)]
            self._at[partition] += len(taken)
            left -= len(taken)
            if taken:
                found.setdefault(partition, []).extend(map(_record, taken))
        return found

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._at[partition] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        for partition, offset in offsets.items():
            self._topics.committed[partition] = offset
            self._topics.earlier[partition].append(offset)

    @property
    def behind(self) -> bool:
        return any(self._at[p] < len(log) for p, log in self._topics.records.items())


def _record(message: Message) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=1_795_000_000_000 + message.offset,
        timestamp_type=0,
        key=message.record_key,
        value=message.value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=message.headers,
    )
