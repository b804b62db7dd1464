"""A service's own topics and its database tell different pasts: each of them of yesterday, and topics made anew."""

import json

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from sqlalchemy import text

from bina.events.enrollment import AttendanceMet
from bina.messaging import Runtime, emit
from bina.messaging.cluster import Cluster
from bina_local import topics
from messaging.facts import accepted, met
from messaging.test_disagreements import copied, has, told
from messaging.watching import Start, seats, send, true, until

pytestmark = pytest.mark.kafka
TOPIC = "enrollment.enrollments"


@pytest_asyncio.fixture(scope="module")
async def broker(kafka) -> str:
    await topics.ensure(kafka.cluster, topics.listed())
    return kafka.cluster


async def tell(runtime: Runtime, *events: object) -> None:
    async with runtime.transaction() as session:
        await emit(session, list(events))
    await until(lambda: published(runtime))


async def published(runtime: Runtime) -> bool:
    return not (await runtime.backlog()).outbox


async def log_of(broker: Cluster, key: object) -> list[tuple[int, str]]:
    """(version, event id) of a key's records, in the log's order."""
    found = []
    async with AIOKafkaConsumer(TOPIC, **broker.client(), auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while [p for p, end in ends.items() if await consumer.position(p) < end]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [dict(r.headers) for r in records if r.key == str(key).encode()]
    return [(int(h["ce_aggregateversion"]), h["ce_id"].decode()) for h in found]


async def forgotten(admin: AIOKafkaAdminClient) -> bool:
    return TOPIC not in await admin.list_topics()


async def made_anew(broker: Cluster, partitions: int = 3) -> None:
    """The broker forgets the topic."""
    [listed] = [t for t in topics.listed() if t.name == TOPIC]
    admin = AIOKafkaAdminClient(**broker.client())
    await admin.start()
    await admin.delete_topics([TOPIC])
    await until(lambda: forgotten(admin))
    await admin.close()
    await topics.ensure(broker, [topics.Topic(TOPIC, partitions, listed.replication, listed.config)])


async def test_a_database_of_yesterday_gives_no_version_twice(start: Start, fresh_database, broker: Cluster):
    first = await start("toy-old-a")
    seat = accepted()
    await tell(first, seat)
    await first.stop()
    yesterday = await copied(fresh_database, first)
    second = await start("toy-old-b", url=first.settings.database_url)
    await tell(second, met(seat.enrollment_id), met(seat.enrollment_id))
    await second.stop()
    # Told before the relay has compared: it takes part of the versions that the broker gave away.
    third = await start("toy-old-c", url=yesterday)
    await tell(third, AttendanceMet.model_validate_json(met(seat.enrollment_id).model_dump_json()))
    assert [version for version, _ in await log_of(broker, seat.enrollment_id)] == [1, 2, 3, 4]
    assert "facts.unknown" in await told(third)
    [line] = [d for d in (await third.status()).disagreements if "facts.unknown" in d]
    assert str(seat.enrollment_id) in line
    assert "2 facts" in line


async def test_versions_of_facts_that_wait_rise_too(start: Start, fresh_database, broker: Cluster):
    first = await start("toy-wait-a")
    seat = accepted()
    await tell(first, seat)
    await first.stop()
    yesterday = await copied(fresh_database, first)
    second = await start("toy-wait-b", url=first.settings.database_url)
    await tell(second, met(seat.enrollment_id))
    await second.stop()
    third = Runtime(first.service, first.settings.model_copy(update={"database_url": yesterday}))
    async with third.transaction() as session:
        await emit(session, [met(seat.enrollment_id), met(seat.enrollment_id)])
    await third.engine.dispose()
    fourth = await start("toy-wait-c", url=yesterday)
    await until(lambda: published(fourth))
    assert [version for version, _ in await log_of(broker, seat.enrollment_id)] == [1, 2, 3, 4]
    await tell(fourth, met(seat.enrollment_id))
    assert [version for version, _ in await log_of(broker, seat.enrollment_id)][-1] == 5


async def test_acknowledged_but_unmarked_facts_are_no_strangers(start: Start, broker: Cluster):
    first = await start("toy-crash-a")
    seat = accepted()
    await tell(first, seat, met(seat.enrollment_id))
    await first.stop()
    async with first.sessions() as session, session.begin():
        await session.execute(text("UPDATE messaging.outbox SET published_at = NULL"))
        await session.execute(
            text("UPDATE messaging.published SET next_offset = next_offset - 1, last_timestamp = -1")
        )
    await first.engine.dispose()
    second = await start("toy-crash-b", url=first.settings.database_url)
    await until(lambda: published(second))
    assert {version for version, _ in await log_of(broker, seat.enrollment_id)} == {1, 2}
    assert str(seat.enrollment_id) not in "".join((await second.status()).disagreements)


async def test_what_a_broker_of_yesterday_lacks_is_told_again_with_its_ids(
    start: Start, broker: Cluster, producer
):
    first = await start("toy-lost")
    seat = accepted()
    await tell(first, seat, met(seat.enrollment_id))
    await until(lambda: has(first, seat.enrollment_id, "am"))
    before = await log_of(broker, seat.enrollment_id)
    await first.stop()
    await made_anew(broker)
    await send(producer, accepted())
    second = await start("toy-lost", url=first.settings.database_url)
    await until(lambda: true(second.relay.leading))
    await until(lambda: published(second))
    assert await log_of(broker, seat.enrollment_id) == before
    later = accepted()
    await tell(second, later)
    await until(lambda: has(second, later.enrollment_id, "a"))
    assert await seats(second, seat.enrollment_id) == {seat.enrollment_id: "am"}
    assert await told(second) >= {"broker.behind", "log.other"}


async def test_a_topic_made_anew_with_more_partitions_is_read_from_its_beginning(
    start: Start, broker: Cluster, producer
):
    first = await start("toy-anew")
    known = accepted()
    await send(producer, known)
    await until(lambda: has(first, known.enrollment_id, "a"))
    await first.stop()
    await made_anew(broker, partitions=5)
    try:
        await _read_anew(start, first, producer)
        assert await seats(first, known.enrollment_id) == {known.enrollment_id: "a"}
    finally:
        await made_anew(broker)


async def _read_anew(start: Start, first: Runtime, producer: AIOKafkaProducer) -> None:
    # With the map of before, a key's second fact could go to another partition than its first.
    await until(lambda: grown(producer, 5))
    events = [accepted() for _ in range(20)]
    for event in events:
        await send(producer, event, met(event.enrollment_id))
    # A member known by its name is given what it had, until its map of partitions is 30 s old.
    second = await start("toy-anew-again", url=first.settings.database_url, growth_seconds=0)
    ids = [e.enrollment_id for e in events]

    async def all_in() -> bool:
        return list((await seats(second, *ids)).values()) == ["am"] * 20

    await until(all_in)


async def test_a_key_that_moves_to_a_new_partition_keeps_its_order(start: Start, broker: Cluster):
    # One that never knew the topic that was there before.
    async with AIOKafkaProducer(**broker.client()) as producer:
        await _move_keys(start, broker, producer)


async def _move_keys(start: Start, broker: Cluster, producer: AIOKafkaProducer) -> None:
    first = await start("toy-grown", max_records=1)
    seat = accepted()
    await send(producer, seat)
    await until(lambda: has(first, seat.enrollment_id, "a"))
    await first.stop()
    events = [accepted() for _ in range(12)]
    await send(producer, *events)
    admin = AIOKafkaAdminClient(**broker.client())
    await admin.start()
    await admin.create_partitions({TOPIC: NewPartitions(9)})
    await admin.close()
    await until(lambda: grown(producer, 9))
    await send(producer, *(met(event.enrollment_id) for event in events))
    second = await start("toy-grew", url=first.settings.database_url, max_records=1, growth_seconds=3)
    await until(lambda: true(TOPIC in second.consumer.paused))
    ids = [e.enrollment_id for e in events]

    async def all_in() -> bool:
        found = await seats(second, *ids)
        assert set(found.values()) <= {"a", "am"}, json.dumps({str(k): v for k, v in found.items()})
        return list(found.values()) == ["am"] * 12

    await until(all_in)
    assert second.consumer.paused == []


async def grown(producer: AIOKafkaProducer, partitions: int) -> bool:
    await producer.client.force_metadata_update()
    return len(producer.client.cluster.partitions_for_topic(TOPIC) or ()) == partitions
