"""The command line's own dealings with the broker: write durably, read a topic to its end or onwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from bina.messaging.cluster import Cluster

LARGEST_REQUEST = 8 * 1024 * 1024
WAIT_MS = 500


@asynccontextmanager
async def producer(cluster: Cluster) -> AsyncIterator[AIOKafkaProducer]:
    """A producer whose acknowledged records are on the broker's disk, each once."""
    client = AIOKafkaProducer(
        **cluster.client(),
        acks="all",
        enable_idempotence=True,
        max_request_size=LARGEST_REQUEST,  # the broker decides what is too large
        request_timeout_ms=10_000,
    )
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


@asynccontextmanager
async def reader(cluster: Cluster, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without group that stands at the topic's beginning.

    Raises UnknownTopicOrPartitionError when nobody made the topic.
    """
    client = AIOKafkaConsumer(**cluster.client(), auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        await client.start()
        if topic not in await client.topics():
            raise UnknownTopicOrPartitionError(f"Topik {topic} belum ada.")
        partitions = client.partitions_for_topic(topic) or await _partitions(client, topic)
        client.assign([TopicPartition(topic, number) for number in sorted(partitions)])
        await client.seek_to_beginning()
        yield client
    finally:
        await client.stop()


async def _partitions(client: AIOKafkaConsumer, topic: str) -> set[int]:
    await client._client.force_metadata_update()  # noqa: SLF001 no public way to ask for one topic
    return set(client.partitions_for_topic(topic) or ())


async def records_until_end(client: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record up to where the topic ended when this began."""
    ends = await client.end_offsets(list(client.assignment()))
    open_partitions = {part for part, end in ends.items() if end > await client.position(part)}
    while open_partitions:
        batches = await client.getmany(*open_partitions, timeout_ms=WAIT_MS)
        for batch in batches.values():
            for record in batch:
                yield record
        open_partitions = {part for part in open_partitions if await client.position(part) < ends[part]}
