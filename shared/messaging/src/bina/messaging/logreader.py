"""Reading a log without a group: single records, and spans up to a known end."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from .cluster import Cluster

CHUNK = 2000
PATIENCE = 3
"""Empty polls of a second each after which a record that was asked for counts as gone."""
LONG_PATIENCE = 30
"""The same for a span of records, after which the broker counts as away."""
UNMET = -1
"""Timestamp of a position before which no record was met."""


@contextlib.asynccontextmanager
async def reader(
    cluster: Cluster, begun: Mapping[TopicPartition, int] | None = None
) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader without a group, of modest fetches, that stands at these offsets; what retention takes before it comes
    there is passed over. Raises KafkaError while the broker is away."""
    consumer = AIOKafkaConsumer(
        **cluster.client(),
        group_id=None,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_bytes=4 * 1024 * 1024,
        max_partition_fetch_bytes=2 * 1024 * 1024,
    )
    try:
        await consumer.start()
        if begun:
            consumer.assign(list(begun))
            for partition, offset in begun.items():
                consumer.seek(partition, offset)
        yield consumer
    finally:
        await consumer.stop()  # also of a start that failed or was broken off


async def stamps(cluster: Cluster, asked: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """Timestamps of the records at these offsets; without those that compaction has removed."""
    found: dict[TopicPartition, int] = {}
    if not asked:
        return found
    async with reader(cluster, asked) as consumer:
        waiting, idle = set(asked), 0
        while waiting and idle < PATIENCE:
            records = await consumer.getmany(timeout_ms=1000, max_records=1)
            idle = 0 if records else idle + 1
            for partition, [record] in records.items():
                consumer.pause(partition)
                waiting.discard(partition)
                if record.offset == asked[partition]:
                    found[partition] = record.timestamp
    return found


async def between(
    cluster: Cluster,
    begun: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    breathe: Callable[[], Awaitable[None]],
) -> AsyncIterator[list[ConsumerRecord[Any, Any]]]:
    """Records from these offsets up to the ends and perhaps some behind, in chunks; `breathe` is awaited with each.

    Raises KafkaTimeoutError where nothing comes for half a minute.
    """
    if not begun:
        return
    async with reader(cluster, begun) as consumer:
        idle = 0
        while [p for p in begun if await consumer.position(p) < ends[p]]:
            found = await consumer.getmany(timeout_ms=1000, max_records=CHUNK)
            idle = 0 if found else idle + 1
            if idle == LONG_PATIENCE:
                raise KafkaTimeoutError
            await breathe()
            if records := [record for part in found.values() for record in part]:
                yield records


def key_in(record: ConsumerRecord[Any, Any]) -> str:
    """A record's key as text, as messages have it."""
    return (record.key or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")


def id_in(record: ConsumerRecord[Any, Any]) -> UUID | None:
    """The event's id in a record's headers, if it is one of ours."""
    found = next((value for name, value in record.headers if name == "ce_id"), b"") or b""
    try:
        return UUID(found.decode())
    except ValueError:
        return None
