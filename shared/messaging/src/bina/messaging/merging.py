"""Spans of several partitions as one log: each topic's records in the order of their timestamps.

A topic that has grown holds a key's older facts in one partition and its newer ones in another. A partition's own
order stays as it is, and of two records at the same moment the one of the lower partition goes first: a growth to a
multiple moves keys to higher ones only. Guaranteed, then: a key keeps its order, as long as its producer's clock was
not set back between two of its facts around a growth.
"""

import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from .cluster import Cluster
from .logreader import CHUNK, LONG_PATIENCE, reader

Record: TypeAlias = ConsumerRecord[Any, Any]
Line: TypeAlias = deque[Record]
FULL = 500
"""Records of a partition that wait for others before it is fetched no further."""


async def merged(
    cluster: Cluster, begun: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> AsyncIterator[list[Record]]:
    """Records from these offsets up to before the ends, in chunks.

    Raises KafkaTimeoutError where nothing comes for half a minute.
    """
    if not begun:
        return
    async with reader(cluster, begun) as consumer:
        merging, idle = _Merging({p: deque() for p in begun}), 0
        while merging.lines:
            found = await _more(consumer, merging.hungry(), ends)
            idle = 0 if found else idle + 1
            if idle == LONG_PATIENCE:
                raise KafkaTimeoutError
            over = {p for p in merging.lines if await consumer.position(p) >= ends[p]}
            ripe = merging.take(found, over)
            for first in range(0, len(ripe), CHUNK):
                yield ripe[first : first + CHUNK]


async def _more(
    consumer: AIOKafkaConsumer, hungry: Collection[TopicPartition], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, list[Record]]:
    found = await consumer.getmany(*hungry, timeout_ms=1000, max_records=CHUNK)
    return {p: [r for r in records if r.offset < ends[p]] for p, records in found.items()}


class _Merging:
    """Partitions that are not read to their ends yet, with what was fetched of them and waits for others."""

    def __init__(self, lines: dict[TopicPartition, Line]) -> None:
        self.lines = lines
        self._over: Collection[TopicPartition] = ()

    def hungry(self) -> list[TopicPartition]:
        """Which to fetch of: there is always one, for what waits does so for a partition that is empty."""
        return [p for p, line in self.lines.items() if len(line) < FULL and p not in self._over]

    def take(
        self, found: Mapping[TopicPartition, list[Record]], over: Collection[TopicPartition]
    ) -> list[Record]:
        """Add what was fetched; gives what nothing older can come before. `over`: nothing more will come of them."""
        for partition, records in found.items():
            self.lines[partition] += records
        self._over = over
        ripe: list[Record] = []
        for _, topic in itertools.groupby(sorted(self.lines), lambda p: p.topic):
            ripe += _ripe({p: self.lines[p] for p in topic}, over)
        self.lines = {p: line for p, line in self.lines.items() if line or p not in over}
        return ripe


def _ripe(lines: Mapping[TopicPartition, Line], over: Collection[TopicPartition]) -> list[Record]:
    """Take the oldest of one topic's records off their lines, until one is empty that may still bring an older one."""
    if any(not line and p not in over for p, line in lines.items()):
        return []
    heads = [(line[0].timestamp, p) for p, line in lines.items() if line]
    heapq.heapify(heads)
    ripe: list[Record] = []
    while heads:
        _, partition = heapq.heappop(heads)
        line = lines[partition]
        ripe.append(line.popleft())
        if line:
            heapq.heappush(heads, (line[0].timestamp, partition))
        elif partition not in over:
            break
    return ripe
