"""What must have become of the records, worked out from the topics and from what operators gave up."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from bina.events import Event
from bina.events.agency import EnrollmentRequested
from bina.messaging.inbox import FOREVER
from bina.messaging.records import Message, message_of

from .topics import PEOPLE, Topics

Position = tuple[str, int, int]
BROKEN = b"{"


@dataclass
class Told:
    """One record as it was told: its place, its event (None: nobody can read it) and its envelope's id and version."""

    message: Message
    event: Event | None
    event_id: str
    version: int

    @property
    def position(self) -> Position:
        return self.message.position


@dataclass
class Model:
    """Every record told, by topic and key, and every one given up."""

    topics: Topics = field(default_factory=Topics)
    told: dict[tuple[str, str], list[Told]] = field(default_factory=lambda: defaultdict(list))
    order: dict[TopicPartition, list[Told]] = field(default_factory=lambda: defaultdict(list))
    given_up: set[Position] = field(default_factory=set)
    conflicts: set[Position] = field(default_factory=set)

    def tell(self, partition: TopicPartition, event: Event, *, readable: bool = True) -> None:
        """Append the record of an event, or one of which only the headers can be read."""
        message = message_of(event, topic=partition.topic)
        if not readable:
            message = Message(*message.position, message.record_key, message.headers, BROKEN)
        self._append(partition, message, event if readable else None, event.event_id, event.envelope.version)

    def repeat(self, partition: TopicPartition, many: int) -> None:
        """The producer missed the answers to its last records and sends them again."""
        for told in self.order[partition][-many:]:
            self._append(partition, told.message, told.event, told.event_id, told.version)

    def _append(
        self, partition: TopicPartition, message: Message, event: Event | None, event_id: str, version: int
    ) -> None:
        told = Told(self.topics.append(partition, message), event, event_id, version)
        self.told[partition.topic, message.key].append(told)
        self.order[partition].append(told)

    def effects(self, topic: str, key: str) -> list[int]:
        """Versions that take effect on a key, in order, once all is mended that can be."""
        seen: set[str] = set()
        found: list[int] = []
        for told in self.told[topic, key]:
            if told.event is None:
                if told.position not in self.given_up:
                    break
            elif told.event_id not in seen:
                seen.add(told.event_id)
                if told.position not in self.given_up:
                    found.append(told.version)
        return found

    def state(self, key: str) -> Told | None:
        """The newest state of a person."""
        return max(self.told[PEOPLE, key], key=rank, default=None)

    def unreadable(self) -> set[Position]:
        return {t.position for log in self.order.values() for t in log if t.event is None}

    def requests(self) -> list[Told]:
        return [t for log in self.order.values() for t in log if isinstance(t.event, EnrollmentRequested)]

    def payloads(self) -> dict[tuple[str, str], set[bytes]]:
        """What each agency said under each of its ids."""
        said: dict[tuple[str, str], set[bytes]] = defaultdict(set)
        for told in self.requests():
            said[told.message.publisher, told.event_id].add(told.message.value or b"")
        return said

    def refusals(self) -> Counter[tuple[str, str]]:
        """How often each agency's event must be answered that it cannot be taken: once per record."""
        foreign = [t for log in self.order.values() for t in log if t.message.foreign]
        return Counter(
            (t.message.publisher, t.event_id)
            for t in foreign
            if t.event is None or t.position in self.conflicts
        )


def rank(told: Told) -> int:
    """A tombstone without a version stands above all."""
    return told.version or FOREVER
