"""What the database says of how far its log is applied."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError
from sqlalchemy import text

from bina.messaging import Runtime, Settings
from bina.messaging.cluster import Cluster
from bina.messaging.consumer import Consumer
from bina.messaging.reading import Reached
from bina.messaging.resume import Resumer
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import accepted, met
from messaging.watching import Start, seats, send, until

TOPIC = "enrollment.enrollments"
SETTINGS = Settings(database_url="postgresql+asyncpg://x@localhost/x", kafka="localhost:1", secret="x" * 32)


async def positions(runtime: "Runtime | ServiceUnderTest") -> Reached:
    async with runtime.sessions() as session:
        rows = await session.execute(text("SELECT * FROM messaging.positions WHERE next_offset > 0"))
        return {(row.topic, row.partition): (row.next_offset, row.last_timestamp) for row in rows}


async def takes(service: ServiceUnderTest, reached: Reached) -> None:
    batch = service.intake.read([service.message(accepted())])
    batch.reached = reached
    await service.intake.take(batch)


async def test_a_batch_writes_how_far_it_reaches(service: ServiceUnderTest):
    await takes(service, {(TOPIC, 0): (5, 1700), (TOPIC, 2): (9, 1800)})
    await takes(service, {(TOPIC, 0): (6, 1701)})
    assert await positions(service) == {(TOPIC, 0): (6, 1701), (TOPIC, 2): (9, 1800)}


async def test_a_worker_that_comes_late_takes_nothing_back(service: ServiceUnderTest):
    await takes(service, {(TOPIC, 0): (6, 1701)})
    await takes(service, {(TOPIC, 0): (5, 1700)})
    assert await positions(service) == {(TOPIC, 0): (6, 1701)}


async def test_a_batch_that_fails_reaches_nothing(service: ServiceUnderTest, monkeypatch):
    async def fail(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(service.intake, "_settle", fail)
    with pytest.raises(ConnectionError):
        await takes(service, {(TOPIC, 0): (5, 1700)})
    assert await positions(service) == {}


@pytest.mark.kafka
async def test_what_is_applied_is_where_the_log_ends(start: Start, producer, broker: Cluster):
    runtime = await start(max_records=2)
    events = [accepted() for _ in range(5)]
    for event in events:
        await send(producer, event, met(event.enrollment_id))

    async def all_in() -> bool:
        found = await seats(runtime, *(e.enrollment_id for e in events))
        return list(found.values()) == ["am"] * 5

    await until(all_in)
    async with AIOKafkaConsumer(TOPIC, **broker.client()) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
    found = await positions(runtime)
    assert {p.partition: end for p, end in ends.items() if end} == {
        n: at for (_, n), (at, _) in found.items()
    }


async def test_a_topic_left_out_of_a_batch_is_left_out_of_what_it_reaches(service: ServiceUnderTest):
    batch = service.intake.read([service.message(accepted())])
    batch.reached = {(TOPIC, 0): (5, 1700), ("enrollment.asn", 1): (3, 1600)}
    await service.intake.take(batch.without(TOPIC))
    assert await positions(service) == {("enrollment.asn", 1): (3, 1600)}


class Meeting:
    """What a resumer asks of the broker; another worker applies a batch before the answer is there."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self._service = service

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0, 1}

    async def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, None]:
        return dict.fromkeys(times)

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        await takes(self._service, {(TOPIC, 0): (5, 1700)})
        return dict.fromkeys(partitions, 0)


async def test_two_workers_that_meet_a_topic_at_once_take_nothing_back(service: ServiceUnderTest):
    known = await Resumer(service.sessions, "")._known(Meeting(service), {TOPIC})
    assert known == {(TOPIC, 0): (5, 1700), (TOPIC, 1): (0, -1)}
    assert await positions(service) == {(TOPIC, 0): (5, 1700)}


class Silent:
    """A consumer that was given a partition just before the broker fell silent."""

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(TOPIC, 0)}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 9)

    async def position(self, partition: TopicPartition) -> int:
        await asyncio.Event().wait()
        return 0


class Leaving(Silent):
    """A consumer that is stopped while it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        self._patch.setattr(Consumer, "kafka", None)
        return await super().end_offsets(partitions)

    async def position(self, partition: TopicPartition) -> int:
        raise IllegalStateError


async def test_a_worker_that_stops_while_it_is_asked_stands_nowhere(service: ServiceUnderTest, monkeypatch):
    monkeypatch.setattr(Consumer, "kafka", Leaving(monkeypatch))
    assert await service.runtime(SETTINGS).consumer.positions() == {}


async def test_where_a_worker_stands_is_not_waited_for_without_end(service: ServiceUnderTest, monkeypatch):
    monkeypatch.setattr("bina.messaging.consumer.POSITIONS_SECONDS", 0.01)
    monkeypatch.setattr(Consumer, "kafka", Silent())
    async with asyncio.timeout(5):
        assert await service.runtime(SETTINGS).consumer.positions() == {}
