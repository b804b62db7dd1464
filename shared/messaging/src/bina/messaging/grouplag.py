"""How far a whole service is behind: over every partition it reads, whoever has it at the moment, or nobody.

A worker's own lag knows of its own partitions only; those of a worker that is away would go unnoticed just when there
is reason to start another one.
"""

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from sqlalchemy.ext.asyncio import AsyncSession

from . import positions

SECONDS = 3.0
"""A scrape waits no longer for a broker that hangs."""


async def group_lag(kafka: AIOKafkaConsumer, session: AsyncSession) -> dict[str, int]:
    """Messages that the database has not passed yet, by topic; empty while the broker is away."""
    topics = kafka.subscription()
    passed = {place: offset for place, (offset, _) in (await positions.load(session, topics)).items()}
    try:
        async with asyncio.timeout(SECONDS):
            return await _behind(kafka, topics, passed)
    except (KafkaError, IllegalStateError, TimeoutError):
        return {}


async def _behind(
    kafka: AIOKafkaConsumer, topics: Iterable[str], passed: dict[tuple[str, int], int]
) -> dict[str, int]:
    partitions = [TopicPartition(t, n) for t in topics for n in kafka.partitions_for_topic(t) or ()]
    if not partitions:
        return {}
    ends = await kafka.end_offsets(partitions)
    untouched = [p for p in partitions if (p.topic, p.partition) not in passed]
    firsts = await kafka.beginning_offsets(untouched) if untouched else {}
    lag = dict.fromkeys(topics, 0)
    for partition in partitions:
        place = (partition.topic, partition.partition)
        first = passed[place] if place in passed else firsts[partition]
        lag[partition.topic] += max(0, ends[partition] - first)
    return lag
