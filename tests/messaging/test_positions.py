"""What the database says of how far its log is applied."""

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text

from bina.messaging import Runtime
from bina.messaging.reading import Reached
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import accepted, met
from messaging.watching import Start, seats, send, until

TOPIC = "enrollment.enrollments"


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
async def test_what_is_applied_is_where_the_log_ends(start: Start, producer, broker: str):
    runtime = await start(max_records=2)
    events = [accepted() for _ in range(5)]
    for event in events:
        await send(producer, event, met(event.enrollment_id))

    async def all_in() -> bool:
        found = await seats(runtime, *(e.enrollment_id for e in events))
        return list(found.values()) == ["am"] * 5

    await until(all_in)
    async with AIOKafkaConsumer(TOPIC, bootstrap_servers=broker) as consumer:
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
