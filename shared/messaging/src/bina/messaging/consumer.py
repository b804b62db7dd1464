"""The one module that knows FastStream: a batch subscriber per service, set so that no message is lost."""

import asyncio
import gc
import logging
import random
import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from .database import is_transient
from .intake import Intake, Taken, TopicFailingError
from .metrics import Metrics
from .records import Message
from .service import subscription
from .settings import Settings

TRIES = 6
LONGEST_SLEEP = 20.0
PAUSE_SECONDS = 60.0
log = logging.getLogger(__name__)


class Consumer:
    """Feeds one service's intake from Kafka; offsets follow the database's commit."""

    def __init__(
        self, name: str, settings: Settings, intake: Intake, metrics: Metrics, topics: set[str]
    ) -> None:
        self.name = name
        self.gap = ""
        self.resting_until = 0.0
        self.on_taken: Callable[[Taken], None] = lambda _: None
        self._settings = settings
        self._intake = intake
        self._metrics = metrics
        self._paused: dict[str, float] = {}
        self._checked: set[TopicPartition] = set()
        self._broker = KafkaBroker(
            settings.kafka,
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
        subscriber.get_msg = self._fetch  # type: ignore[method-assign] # the one behaviour replaced
        subscriber(self._take)
        return subscriber

    async def start(self) -> None:
        """Join the group; raises while the broker is away."""
        _calm_collector()
        await self._broker.start()

    async def stop(self) -> None:
        """Finish the batch in hand, then leave."""
        await self._broker.stop()

    @property
    def kafka(self) -> AIOKafkaConsumer | None:
        """The client underneath, while it runs."""
        found: AIOKafkaConsumer | None = self._subscriber.consumer
        return found

    async def _fetch(self, consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord[Any, Any], ...]:
        self._resume(consumer)
        await self._check_offsets(consumer)
        if self.gap:
            await asyncio.sleep(1)
            return ()
        found = await consumer.getmany(timeout_ms=1000, max_records=self._settings.max_records)
        return tuple(chain.from_iterable(found.values()))

    async def _check_offsets(self, consumer: AIOKafkaConsumer) -> None:
        """A committed offset that the log no longer has would be passed over in silence; stop and name it."""
        new = set(consumer.assignment()) - self._checked
        if not new:
            return
        first, last = await consumer.beginning_offsets(list(new)), await consumer.end_offsets(list(new))
        for partition in new:
            committed = await consumer.committed(partition)
            if committed is not None and not first[partition] <= committed <= last[partition]:
                self._report_gap(partition, committed, first[partition], last[partition])
        self._checked = set(consumer.assignment())

    def _report_gap(self, partition: TopicPartition, committed: int, first: int, last: int) -> None:
        self.gap = (
            f"{partition.topic}[{partition.partition}]: committed offset {committed} lies outside the log "
            f"({first} to {last}); messages are missing, restore or reset the group's offset"
        )
        log.critical("consumer stopped: %s", self.gap)

    async def _parse(self, records: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaAckableMessage:
        assert self.kafka is not None
        return KafkaAckableMessage(
            raw_message=records, body=b"", message_id=f"{records[0].offset}", consumer=self.kafka
        )

    async def _take(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Apply a batch; FastStream commits the offsets when this returns, and seeks back when it raises."""
        started = time.perf_counter()
        messages = [_message(record) for record in records]
        taken = await self._persist(messages)
        self._measure(records, taken, time.perf_counter() - started)
        self.on_taken(taken)

    async def _persist(self, messages: list[Message]) -> Taken:
        """Try the same batch again while the database is away, then let it be fetched anew."""
        for attempt in range(TRIES):
            try:
                return await self._intake.take(messages)
            except TopicFailingError as failing:
                messages = self._pause(failing.topic, messages)
            except Exception as error:
                if not is_transient(error) or attempt == TRIES - 1:
                    log.exception("batch of %d not taken", len(messages))
                    raise
                await self._rest(attempt, error)
        raise ConnectionError("batch not taken")

    async def _rest(self, attempt: int, error: Exception) -> None:
        seconds = min(LONGEST_SLEEP, 0.2 * 3**attempt) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        log.warning("batch again in %.1f s: %s", seconds, error)
        self._metrics.retries.inc()
        self.resting_until = time.monotonic() + seconds
        await asyncio.sleep(seconds)

    def _pause(self, topic: str, messages: list[Message]) -> list[Message]:
        """Take a failing topic out of the batch and leave it on the broker for a while."""
        log.error("topic %s pauses: its messages fail one after the other", topic)
        assert self.kafka is not None
        for partition in _partitions(self.kafka, topic):
            offsets = [m.offset for m in messages if (m.topic, m.partition) == partition]
            if offsets:
                self.kafka.seek(partition, min(offsets))
            self.kafka.pause(partition)
        self._paused[topic] = time.monotonic() + PAUSE_SECONDS
        return [m for m in messages if m.topic != topic]

    def _resume(self, consumer: AIOKafkaConsumer) -> None:
        for topic in [t for t, until in self._paused.items() if until < time.monotonic()]:
            del self._paused[topic]
            consumer.resume(*_partitions(consumer, topic))

    @property
    def paused(self) -> list[str]:
        """Topics that wait because their messages fail."""
        return sorted(self._paused)

    def _measure(self, records: Sequence[ConsumerRecord[Any, Any]], taken: Taken, seconds: float) -> None:
        for outcome in ("applied", "repeated", "ignored", "parked", "waiting"):
            self._metrics.messages.labels(outcome).inc(getattr(taken, outcome))
        self._metrics.batch.observe(len(records))
        self._metrics.batch_seconds.observe(seconds)
        self._metrics.effect_seconds.observe(max(0.0, time.time() - records[0].timestamp / 1000))

    async def positions(self) -> dict[TopicPartition, tuple[int, int]]:
        """Per partition: where reading stands, and where the log ends."""
        if self.kafka is None:
            return {}
        partitions = list(self.kafka.assignment())
        try:
            ends = await self.kafka.end_offsets(partitions) if partitions else {}
            return {p: (await self.kafka.position(p), ends[p]) for p in partitions}
        except (KafkaError, IllegalStateError):
            return {}


def _calm_collector() -> None:
    """A batch makes and drops tens of thousands of objects; by default each thousand of them has Python search all
    that a service ever loaded for garbage, a third of the time of a batch."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    return [p for p in consumer.assignment() if p.topic == topic]


def _message(record: ConsumerRecord[Any, Any]) -> Message:
    return Message(
        record.topic, record.partition, record.offset, record.key, tuple(record.headers), record.value
    )


async def _raw(message: Any) -> Any:
    return message.raw_message
