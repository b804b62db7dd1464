"""The one module that knows FastStream: a batch subscriber per service, set so that no message is lost."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence, Set
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.security import BaseSecurity, SASLScram512
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from . import telemetry
from .ahead import COMMIT_SECONDS, Ahead, Batch
from .cluster import Cluster
from .collector import calm_collector
from .database import is_transient
from .ends import Ends
from .growth import Growth
from .intake import Intake, Taken, TopicFailingError
from .metrics import OUTCOMES, Metrics
from .resume import Resumer
from .service import subscription
from .settings import Settings

TRIES = 6
LONGEST_SLEEP = 20.0
PAUSE_SECONDS = 60.0
POSITIONS_SECONDS = 3.0
COMMIT_LIMIT_SECONDS = 3.0
log = logging.getLogger(__name__)


class Consumer:
    """Feeds one service's intake from Kafka; offsets follow the database's commit."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        intake: Intake,
        metrics: Metrics,
        topics: set[str],
        *,
        make: async_sessionmaker[AsyncSession],
    ) -> None:
        self.name = name
        self.gap = ""
        self.resting_until = 0.0
        self.on_taken: Callable[[Taken], None] = lambda _: None
        self._settings = settings
        self._intake = intake
        self._metrics = metrics
        self._starting = self._stopping = False
        self._leaving: bool | None = None
        """Whether for good, once it is to join no more."""
        self._paused: dict[str, float] = {}
        self._assigned: Set[TopicPartition] | None = None
        self.ends = Ends(settings.cluster)
        self._resumer = Resumer(make, settings.cluster, settings.accept_gaps, settings.growth_seconds)
        self._growth = Growth(make, settings.growth_seconds)
        self._ahead = Ahead(intake.read, settings.max_records)
        self._broker = KafkaBroker(
            settings.cluster.servers,
            security=_security(settings.cluster),
            apply_types=False,
            logger=None,
            allow_auto_create_topics=False,
            metadata_max_age_ms=30_000,
            graceful_timeout=30,
            consumer_only=True,
        )
        self._subscriber = self._subscribe(topics)

    def _subscribe(self, topics: set[str]) -> Any:
        literals, pattern = subscription(topics)
        subscriber = self._broker.subscriber(
            *literals,
            pattern=pattern,
            batch=True,
            max_records=self._settings.max_records,
            group_id=self.name,
            group_instance_id=f"{self.name}-{self._settings.worker}",
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            session_timeout_ms=45_000,
            heartbeat_interval_ms=3_000,
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=2 * 1024 * 1024,
            parser=self._parse,
            decoder=_raw,
        )
        # FastStream sleeps once more after an empty poll; getmany has waited already.
        subscriber.get_msg = self._fetch  # type: ignore[assignment,method-assign] # the one behaviour replaced
        subscriber(self._take)
        return subscriber

    async def start(self) -> None:
        """Join the group, unless told to drain; raises while the broker is away."""
        if self._leaving is not None:
            return
        calm_collector()
        self._starting, self._stopping = True, False
        try:
            await self._broker.start()
        finally:
            self._starting = False
        if self._leaving is not None:
            await self.stop(for_good=self._leaving)

    async def drain(self, *, for_good: bool = False) -> None:
        """Stop as `stop` does, and join no more: whoever still waits for the broker would take partitions later."""
        self._leaving = for_good
        if (
            not self._starting
        ):  # else it stops once it has joined: a client stopped in its start would go on joining
            await self.stop(for_good=for_good)

    async def stop(self, *, for_good: bool = False) -> None:
        """Finish the batch in hand, then stop. Its partitions wait for its return, unless it stops for good."""
        if for_good and self.kafka is not None:
            # A member with a name of its own never tells the broker that it leaves; one without does.
            self.kafka._coordinator._group_instance_id = None  # noqa: SLF001 - no other way
        try:
            if not self._stopping:  # a client that is being closed would try for ever
                self._stopping = True
                await self._commit(every=0)
        finally:
            await self._broker.stop()
            self._ahead.drop()

    @property
    def kafka(self) -> AIOKafkaConsumer | None:
        """The client underneath, while it runs."""
        found: AIOKafkaConsumer | None = self._subscriber.consumer
        return found

    async def _fetch(self, consumer: AIOKafkaConsumer) -> Batch | None:
        self._resume(consumer)
        if not await self._went_on(consumer):
            await asyncio.sleep(1)
            return None
        await self._commit()
        batch = await self._ahead.next(consumer)
        # What a new assignment brought before it was looked at may come from the wrong place.
        return batch if consumer.assignment() is self._assigned else None

    async def _commit(self, *, every: float = COMMIT_SECONDS) -> None:
        """Tell the broker what is applied; later, if that fails now: the database knows."""
        if self.kafka is None:
            return
        try:
            async with asyncio.timeout(COMMIT_LIMIT_SECONDS):  # without a broker the client tries for ever
                await self._ahead.commit(self.kafka, every=every)
        except Exception as error:  # noqa: BLE001 - none is worth the end of the loop that calls this
            log.warning("offsets are committed later: %r", error)

    async def _went_on(self, consumer: AIOKafkaConsumer) -> bool:
        """Whether every partition is read from where the database stands; false while that must wait."""
        try:
            await self._go_on(consumer)
            await self._growth.release(consumer)
        except Exception as error:
            if not (is_transient(error) or isinstance(error, (KafkaError, IllegalStateError))):
                log.exception("positions not compared")
                raise
            log.warning("positions are compared again: %s", error)
            return False
        return not self.gap

    async def _go_on(self, consumer: AIOKafkaConsumer) -> None:
        """After each rebalance: seek to where the database stands. Every assignment is a set of its own."""
        assigned = consumer.assignment()
        if assigned is self._assigned or not assigned:
            return
        self._ahead.forget()
        found = await self._resumer.resume(consumer, assigned)
        await self._growth.hold(consumer, found.grown)
        self.gap = "; ".join(map(str, found.gaps))
        if self.gap:
            log.critical("consumer stopped: %s", self.gap)
        else:
            for partition, offset in found.offsets.items():
                consumer.seek(partition, offset)
            self._ahead.begin(found.offsets)
        self._assigned = assigned

    async def _parse(self, batch: Batch) -> KafkaAckableMessage:
        assert self.kafka is not None
        return KafkaAckableMessage(
            raw_message=tuple(batch.records),
            body=batch,
            message_id=f"{batch.records[0].offset}",
            consumer=_Ending(self, batch),
        )

    async def _take(self, batch: Batch) -> None:
        """Apply a batch; FastStream has it counted as done when this returns, and sought back when it raises."""
        started = time.perf_counter()
        with telemetry.processing(batch.read.arrived, len(batch.records)):
            taken = await self._persist(batch)
        self._measure(batch.records, taken, time.perf_counter() - started)
        self.on_taken(taken)

    async def end(self, batch: Batch) -> None:
        """A batch is applied."""
        self._ahead.done(batch)
        if self._stopping:
            await self._commit(every=0)

    def back(self, partition: TopicPartition, offset: int) -> None:
        """A batch is to be fetched again from here on."""
        assert self.kafka is not None
        self._ahead.rewind(self.kafka, {partition: offset})

    async def _persist(self, batch: Batch) -> Taken:
        """Try the same batch again while the database is away, then let it be fetched anew."""
        for attempt in range(TRIES):
            try:
                return await self._intake.take(batch.read)
            except TopicFailingError as failing:
                self._pause(failing.topic, batch)
            except Exception as error:
                if not is_transient(error) or attempt == TRIES - 1:
                    log.exception("batch of %d not taken", len(batch.records))
                    raise
                await self._rest(attempt, error)
        raise ConnectionError("batch not taken")

    async def _rest(self, attempt: int, error: Exception) -> None:
        seconds = min(LONGEST_SLEEP, 0.2 * 3**attempt) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        log.warning("batch again in %.1f s: %s", seconds, error)
        self._metrics.retries.inc()
        self.resting_until = time.monotonic() + seconds
        await asyncio.sleep(seconds)

    def _pause(self, topic: str, batch: Batch) -> None:
        """Take a failing topic out of the batch and leave it on the broker for a while."""
        log.error("topic %s pauses: its messages fail one after the other", topic)
        assert self.kafka is not None
        self._ahead.rewind(self.kafka, {p: first for p, first in batch.first.items() if p.topic == topic})
        self.kafka.pause(*_partitions(self.kafka, topic))
        self._paused[topic] = time.monotonic() + PAUSE_SECONDS
        batch.leave(topic)

    def _resume(self, consumer: AIOKafkaConsumer) -> None:
        for topic in [t for t, until in self._paused.items() if until < time.monotonic()]:
            del self._paused[topic]
            consumer.resume(*_partitions(consumer, topic) - self._growth.held)

    @property
    def paused(self) -> list[str]:
        """Topics that wait: their messages fail, or a new partition is kept back."""
        return sorted({*self._paused, *(p.topic for p in self._growth.held)})

    def _measure(self, records: Sequence[ConsumerRecord[Any, Any]], taken: Taken, seconds: float) -> None:
        for outcome in OUTCOMES:
            self._metrics.messages.labels(outcome).inc(getattr(taken, outcome))
        self._metrics.batch.observe(len(records))
        self._metrics.batch_seconds.observe(seconds)
        oldest = min(record.timestamp for record in records)
        self._metrics.effect_seconds.observe(max(0.0, time.time() - oldest / 1000))

    async def positions(self) -> dict[TopicPartition, tuple[int, int]]:
        """Per partition: up to where all is applied, and where the log ends."""
        kafka = self.kafka  # gone for others once this worker is told to drain
        if kafka is None:
            return {}
        partitions = list(kafka.assignment())
        try:
            async with asyncio.timeout(POSITIONS_SECONDS):
                ends = await self.ends.last(partitions)
                fetched = {p: await kafka.position(p) for p in partitions}
        except (KafkaError, IllegalStateError, TimeoutError):
            return {}
        applied = {p: self._ahead.unapplied(p) for p in partitions}
        return {p: (fetched[p] if first is None else first, ends[p]) for p, first in applied.items()}


class _Ending:
    """What FastStream calls at a batch's end: it is applied, or all goes back to its start."""

    def __init__(self, consumer: Consumer, batch: Batch) -> None:
        self._consumer, self._batch = consumer, batch

    async def commit(self) -> None:
        await self._consumer.end(self._batch)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._consumer.back(partition, offset)


def _security(cluster: Cluster) -> BaseSecurity:
    """FastStream's own words for what other clients are told."""
    if not cluster.user:
        return BaseSecurity(cluster.ssl_context)
    return SASLScram512(cluster.user, cluster.password, cluster.ssl_context)


def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[TopicPartition]:
    return {p for p in consumer.assignment() if p.topic == topic}


async def _raw(message: Any) -> Any:
    return message.body
