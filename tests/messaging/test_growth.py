"""Topics that have grown, read from their beginning; and how long new partitions wait."""

import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.structs import OffsetAndTimestamp
from sqlalchemy import text

from bina.events import Envelope, Event
from bina.messaging import Runtime, clock, new_id
from bina.messaging.cluster import Cluster
from bina.messaging.growth import Growth, later
from bina.messaging.logreader import reader
from bina.messaging.merging import merged
from bina.messaging.records import message_of
from bina.messaging.replay import replay
from bina.messaging.testing import ServiceUnderTest
from messaging import toy
from messaging.facts import accepted, met
from messaging.test_pasts import made_anew
from messaging.watching import Start, seats, until

TOPIC = "enrollment.enrollments"
HOUR = 3_600_000
PEOPLE = 300


def nothing(*_: object) -> None:
    """Nobody looks."""


async def send(producer: AIOKafkaProducer, ago: int, *events: Event) -> None:
    """Facts of so many ms ago."""
    at = int(time.time() * 1000) - ago
    for event in events:
        envelope = Envelope(id=str(new_id()), source="test", type=event.type, time=clock.now(), version=1)
        said = message_of(event.travelled(envelope))
        await producer.send(
            said.topic, said.value, key=said.record_key, headers=list(said.headers), timestamp_ms=at
        )
    await producer.flush()


async def grow(producer: AIOKafkaProducer, broker: Cluster, partitions: int) -> None:
    admin = AIOKafkaAdminClient(**broker.client())
    await admin.start()
    await admin.create_partitions({TOPIC: NewPartitions(partitions)})
    await admin.close()

    async def known() -> bool:
        await producer.client.force_metadata_update()
        return len(await producer.partitions_for(TOPIC)) == partitions

    await until(known)


@pytest_asyncio.fixture(scope="module")
async def people(broker: Cluster) -> AsyncIterator[list[UUID]]:
    """Who were accepted before the topic grew, and met after it, and once more after it grew again."""
    await made_anew(broker)
    events = [accepted() for _ in range(PEOPLE)]
    ids = [event.enrollment_id for event in events]
    async with AIOKafkaProducer(**broker.client()) as producer:
        await send(producer, 5 * HOUR, *events)
        await grow(producer, broker, 6)
        await send(producer, 3 * HOUR, *map(met, ids))
        await grow(producer, broker, 12)
        await send(producer, HOUR, *map(met, ids))
    yield ids
    await made_anew(broker)


async def histories(runtime: Runtime, ids: list[UUID]) -> set[str]:
    return set((await seats(runtime, *ids)).values())


@pytest.mark.kafka
async def test_a_new_service_reads_a_grown_topic_in_its_keys_order(start: Start, people: list[UUID]):
    runtime = await start(max_records=20)

    async def all_in() -> bool:
        found = await histories(runtime, people)
        assert found <= {"a", "am", "amm"}
        return found == {"amm"} and len(await seats(runtime, *people)) == PEOPLE

    await until(all_in, 60)
    assert runtime.consumer.paused == []


@pytest.mark.kafka
async def test_a_replay_reads_a_grown_topic_in_its_keys_order(broker: Cluster, people: list[UUID], migrated):
    url = await migrated(toy.service)
    await replay(toy.service, url, broker, nothing)
    made = ServiceUnderTest(toy.service, url)
    try:
        rows = await made.rows("SELECT enrollment_id, history FROM seats")
    finally:
        await made.close()
    found = {row.enrollment_id: row.history for row in rows}
    assert {found[person] for person in people} == {"amm"}


@pytest.mark.kafka
async def test_spans_are_merged_up_to_their_ends_in_chunks(broker: Cluster, people: list[UUID], monkeypatch):
    monkeypatch.setattr("bina.messaging.merging.CHUNK", 7)
    monkeypatch.setattr("bina.messaging.merging.FULL", 3)
    partitions = [TopicPartition(TOPIC, number) for number in range(12)]
    async with reader(broker) as consumer:
        ends = {p: end - 1 for p, end in (await consumer.end_offsets(partitions)).items()}
    found: list[ConsumerRecord] = []
    async for chunk in merged(broker, dict.fromkeys(partitions, 2), ends):
        assert 0 < len(chunk) <= 7
        found += chunk
    for partition, end in ends.items():
        assert [r.offset for r in found if r.partition == partition.partition] == list(range(2, end))
    assert [r.timestamp for r in found] == sorted(r.timestamp for r in found)


class Log:
    """A topic as a consumer sees it: when its partitions began, as hours ago; None where one is empty."""

    def __init__(self, *begun: int | None) -> None:
        self.begun = begun
        self.read: set[int] = set()

    async def offsets_for_times(self, times: dict) -> dict:
        now = int(time.time() * 1000)
        hours = {p: self.begun[p.partition] for p in times}
        return {p: None if h is None else OffsetAndTimestamp(0, now - h * HOUR) for p, h in hours.items()}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(len(self.begun)))

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 5)

    def pause(self, *partitions: TopicPartition) -> None:
        self.read -= {p.partition for p in partitions}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert offset == 0

    def resume(self, partition: TopicPartition) -> None:
        self.read.add(partition.partition)


@pytest.mark.parametrize(
    ("begun", "generations"),
    [
        ((9, 9, 9), [0, 0, 0]),
        ((None, None, None), [0, 0, 0]),
        ((9, 9, 9, 5, 5, 5), [0, 0, 0, 1, 1, 1]),
        ((9, 9, 5, 5, 3, 3, 3, 3), [0, 0, 1, 1, 2, 2, 2, 2]),
        ((9, 9, 5, None), [0, 0, 1, 2]),
        ((None, 9, 5, 9), [0, 0, 1, 1]),
    ],
)
async def test_generations_are_told_by_their_first_records(begun: tuple, generations: list[int]):
    partitions = [TopicPartition(TOPIC, number) for number in range(len(begun))]
    came = await later(Log(*begun), partitions, 600)
    moments = [0, *sorted(set(came.values()))]
    assert [moments.index(came.get(p, 0)) for p in partitions] == generations
    assert max(moments) <= time.time() * 1000 - 600_000  # nobody waits for what must have happened


async def applied(service: ServiceUnderTest, number: int, offset: int) -> None:
    batch = service.intake.read([service.message(accepted())])
    batch.reached = {(TOPIC, number): (offset, 1)}
    await service.intake.take(batch)


async def age(service: ServiceUnderTest, seconds: int) -> None:
    async with service.sessions() as session, session.begin():
        passed = text("UPDATE messaging.growing SET since = since - make_interval(secs => :seconds)")
        await session.execute(passed, {"seconds": seconds})


async def released(service: ServiceUnderTest, grown: set[int]) -> set[int]:
    """What a worker that was given these new partitions just now reads of them."""
    log, growth = Log(9, 9, 9, 9), Growth(service.sessions, 300)
    await growth.hold(log, {TopicPartition(TOPIC, number) for number in grown})
    await growth.release(log)
    return log.read


async def test_how_long_a_partition_waits_outlives_the_worker(service: ServiceUnderTest):
    await applied(service, 0, 5)
    assert await released(service, {1}) == set()
    await age(service, 200)
    assert await released(service, {1}) == set()
    await age(service, 200)
    assert await released(service, {1}) == {1}
    assert await service.rows("SELECT * FROM messaging.growing") == []


async def test_a_later_generation_waits_for_the_one_before_at_another_worker(service: ServiceUnderTest):
    await applied(service, 0, 5)
    assert await released(service, {1}) == set()
    await age(service, 400)
    assert await released(service, {2}) == set()
    await age(service, 400)
    assert await released(service, {2}) == set()
    assert await released(service, {1}) == {1}
    assert await released(service, {2}) == set()
    await applied(service, 1, 5)
    assert await released(service, {2}) == {2}


@pytest.mark.parametrize(("before", "told"), [(2, []), (3, ["topic.uneven"])])
async def test_a_growth_to_no_multiple_is_reported_once(
    service: ServiceUnderTest, before: int, told: list[str]
):
    for number in range(before):
        await applied(service, number, 5)
    for _ in range(2):
        await released(service, set(range(before, 4)))
    found = await service.rows("SELECT kind, detail FROM messaging.disagreements")
    assert [row.kind for row in found] == told
    assert all("from 3 to 4 partitions" in row.detail for row in found)
