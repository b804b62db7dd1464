"""Where logs begin and end, asked over a connection of its own.

On a consumer's connection a question waits behind the fetch under way: half a second each, as long as nothing comes.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from .cluster import Cluster


class Ends:
    """Connects when first asked. Both questions raise `KafkaError` while the broker is away."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._kafka: AIOKafkaConsumer | None = None
        self._connecting = asyncio.Lock()

    async def last(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset that the next record will have."""
        return await (await self._connected()).end_offsets(partitions) if partitions else {}

    async def first(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset of the oldest record that is kept."""
        return await (await self._connected()).beginning_offsets(partitions) if partitions else {}

    async def close(self) -> None:
        """Let go of the connection; a later question makes another one."""
        async with self._connecting:  # one under way would be left behind
            kafka, self._kafka = self._kafka, None
            if kafka is not None:
                await kafka.stop()

    async def _connected(self) -> AIOKafkaConsumer:
        async with self._connecting:
            if self._kafka is None:
                kafka = AIOKafkaConsumer(**self._cluster.client())
                try:
                    await kafka.start()
                except BaseException:
                    await kafka.stop()
                    raise
                self._kafka = kafka
            return self._kafka
