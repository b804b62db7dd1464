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
from .ends import Ends

SECONDS = 3.0
"""A scrape waits no longer for a broker that hangs."""


async def group_lag(
    kafka: AIOKafkaConsumer, ends: Ends, session: AsyncSession, topics: Iterable[str] | None = None
) -> dict[str, int]:
    """Messages that the database has not passed yet, by topic (these, or all that are read); empty while the broker is
    away."""
    topics = kafka.subscription() if topics is None else topics
    passed = {place: offset for place, (offset, _) in (await positions.load(session, topics)).items()}
    try:
        async with asyncio.timeout(SECONDS):
            return await _behind(kafka, ends, topics, passed)
    except (KafkaError, IllegalStateError, TimeoutError):
        return {}


async def _behind(
    kafka: AIOKafkaConsumer, ends: Ends, topics: Iterable[str], passed: dict[tuple[str, int], int]
) -> dict[str, int]:
    partitions = [TopicPartition(t, n) for t in topics for n in kafka.partitions_for_topic(t) or ()]
    if not partitions:
        return {}
    lasts = await ends.last(partitions)
    untouched = [p for p in partitions if (p.topic, p.partition) not in passed]
    firsts = await ends.first(untouched)
    lag = dict.fromkeys(topics, 0)
    for partition in partitions:
        place = (partition.topic, partition.partition)
        first = passed[place] if place in passed else firsts[partition]
        lag[partition.topic] += max(0, lasts[partition] - first)
    return lag
