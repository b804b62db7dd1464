"""Which version of each key a compacted topic ends with, read without a consumer group."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError

from .cluster import Cluster
from .records import LAST_VERSION

PATIENCE = 30
"""Empty polls of a second each after which the broker counts as away."""


class TopicLog:
    """A topic from its beginning to an end; remembers versions, not contents."""

    def __init__(self, consumer: "AIOKafkaConsumer | None" = None) -> None:
        self._consumer = consumer
        self._last: dict[str, int] = {}
        self._overtaken: dict[str, int] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, cluster: Cluster, topic: str) -> AsyncIterator["TopicLog"]:
        """A log to `catch_up` with. Raises KafkaError where the topic is unknown or the broker away."""
        consumer = AIOKafkaConsumer(topic, **cluster.client(), group_id=None, auto_offset_reset="earliest")
        try:
            await consumer.start()
            yield cls(consumer)
        finally:
            await consumer.stop()

    async def catch_up(self) -> None:
        """Read on to where the topic ends now."""
        assert self._consumer is not None
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        idle = 0
        while [p for p, end in ends.items() if await self._consumer.position(p) < end]:
            found = await self._consumer.getmany(timeout_ms=1000, max_records=2000)
            idle = 0 if found else idle + 1
            if idle == PATIENCE:
                raise KafkaTimeoutError
            for records in found.values():
                for record in records:
                    self.note((record.key or b"").decode("utf-8", "replace"), version_in(record.headers))

    def note(self, key: str, version: int) -> None:
        """A record follows; one that is older than those before it stands in their way."""
        highest = self.highest(key)
        self._last[key] = version
        if version < highest:
            self._overtaken[key] = highest
        else:
            self._overtaken.pop(key, None)

    def highest(self, key: str) -> int:
        """Highest version seen of a key; 0 without any."""
        return max(self._last.get(key, 0), self._overtaken.get(key, 0))

    def ends_with(self, key: str, version: int) -> bool:
        """Whether this version is both the last and the highest of the key."""
        return self._last.get(key) == version and key not in self._overtaken

    def __contains__(self, key: str) -> bool:
        return key in self._last

    def __len__(self) -> int:
        return len(self._last)


def version_in(headers: Any) -> int:
    """The version in a record's headers; 0 where none can be read: such a record is older than all that we tell."""
    text = next((value for name, value in headers if name == "ce_aggregateversion"), b"")
    try:
        version = int(text or b"0")
    except ValueError:
        return 0
    return version if 0 <= version <= LAST_VERSION else 0
