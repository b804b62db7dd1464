"""A service's projections made anew from the topics alone, in a database of their own; the producers need not help.

What handlers tell is discarded, due work is kept but not done, nobody sends mails from there. It reads by assignment,
without a group, so the running service notices nothing. Of a topic that has grown, too, each key's facts come in their
order: see `merging`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text

from bina.events import agency

from . import positions
from .cluster import Cluster
from .database import create_engine, sessions
from .intake import Intake
from .logreader import UNMET, reader
from .merging import merged
from .reading import Reached
from .records import Message
from .service import Service

NO_CAP = 10**9
"""A replay drains what fails into its own `held`: that shows in the differences and harms nobody."""
_DISCARD = text("DELETE FROM messaging.outbox")

Progress = Callable[[int, int], None]
"""Takes messages done and in all."""


@dataclass(frozen=True)
class Replayed:
    """How many messages were read, and where each partition's log begins: above 0, retention took something."""

    messages: int
    begins: Mapping[TopicPartition, int]


async def replay(
    service: Service, url: str, cluster: Cluster, report: Progress, *, upto: Reached | None = None
) -> Replayed:
    """Read on from where this database stands, up to positions or, without any, to where the topics end now.

    `url`: a migrated database without rows, or that of an earlier replay. Raises KafkaError.
    """
    engine = create_engine(url, kept=2)
    try:
        intake = Intake(sessions(engine), service.reactions(demo=False), cap=NO_CAP)
        rebuilding = _Rebuilding(service, intake, report)
        async with sessions(engine)() as session:
            known = await positions.load(
                session, {topic for topic, _ in upto or {}} or service.reactions(demo=False).topics
            )
        ends = {TopicPartition(*place): end for place, (end, _) in upto.items()} if upto is not None else None
        await rebuilding.run(cluster, known, ends)
        while await intake.sweep():  # what it tells is discarded too
            pass
        async with sessions(engine)() as session, session.begin():
            await session.execute(_DISCARD)
        return Replayed(rebuilding.done, rebuilding.begins)
    finally:
        await engine.dispose()


class _Rebuilding:
    """One replay under way."""

    def __init__(self, service: Service, intake: Intake, report: Progress) -> None:
        self._topics = service.reactions(demo=False).topics
        self._intake = intake
        self._report = report
        self.done = 0
        self.begins: dict[TopicPartition, int] = {}

    async def run(self, cluster: Cluster, known: Reached, ends: Mapping[TopicPartition, int] | None) -> None:
        partitions = list(ends) if ends is not None else await self._partitions(cluster)
        async with reader(cluster) as consumer:
            first = await consumer.beginning_offsets(partitions) if partitions else {}
            self.begins = dict(first)
            there = await consumer.end_offsets(partitions) if partitions else {}
            upto = {p: min(there[p], ends[p]) if ends is not None else there[p] for p in partitions}
            begun = {p: max(first[p], known.get((p.topic, p.partition), (0, UNMET))[0]) for p in partitions}
            begun = {p: offset for p, offset in begun.items() if offset < upto[p]}
            in_all = sum(upto[p] - offset for p, offset in begun.items())
            self._report(0, in_all)
            async for records in merged(cluster, begun, upto):
                await self._take(records)
                self._report(min(self.done, in_all), in_all)

    async def _partitions(self, cluster: Cluster) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(**cluster.client())
        try:
            await admin.start()
            found = await admin.describe_topics()
        finally:
            await admin.close()
        return [
            TopicPartition(t["topic"], p["partition"])
            for t in found
            if self._reads(t["topic"])
            for p in t["partitions"]
        ]

    def _reads(self, topic: str) -> bool:
        inbound = agency.INBOUND in self._topics and topic.startswith(f"{agency.INBOUND}.")
        return inbound or topic in self._topics

    async def _take(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        batch = self._intake.read(map(_message, records))
        batch.reached = {(r.topic, r.partition): (r.offset + 1, r.timestamp) for r in records}
        await self._intake.take(batch)
        self.done += len(records)


def _message(record: ConsumerRecord[Any, Any]) -> Message:
    return Message(
        record.topic, record.partition, record.offset, record.key, tuple(record.headers), record.value
    )
