"""Broker and database tell different pasts: groups reset, databases of yesterday, logs cut."""

import dataclasses

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from sqlalchemy import text

from bina.events.enrollment import EnrollmentAccepted
from bina.messaging import Runtime, positions
from bina.messaging.cluster import Cluster
from bina.messaging.resume import Resumer
from messaging import toy
from messaging.facts import accepted, met
from messaging.watching import Start, seats, send, true, until

pytestmark = pytest.mark.kafka
TOPIC = "enrollment.enrollments"


async def has(runtime: Runtime, enrollment_id, history: str) -> bool:
    return (await seats(runtime, enrollment_id)).get(enrollment_id) == history


async def told(runtime: Runtime) -> set[str]:
    async with runtime.sessions() as session:
        return set(await session.scalars(text("SELECT kind FROM messaging.disagreements")))


async def copied(fresh_database, runtime: Runtime) -> str:
    """A backup of a stopped runtime's database, restored elsewhere."""
    return await fresh_database("toy", template=runtime.settings.database_url.rsplit("/", 1)[1])


async def reset(broker: Cluster, group: str) -> None:
    """Have a group begin anew."""
    async with AIOKafkaConsumer(**broker.client(), group_id=group, enable_auto_commit=False) as consumer:
        partitions = [TopicPartition(TOPIC, n) for n in range(3)]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, 0))


async def cut(broker: Cluster) -> None:
    """Retention takes all that is there."""
    admin = AIOKafkaAdminClient(**broker.client())
    await admin.start()
    partitions = [TopicPartition(TOPIC, n) for n in range(3)]
    await admin.delete_records({p: RecordsToDelete(before_offset=-1) for p in partitions})
    await admin.close()


async def seated(runtime: Runtime, producer) -> EnrollmentAccepted:
    """Somebody whose acceptance it has applied."""
    seat = accepted()
    await send(producer, seat)
    await until(lambda: has(runtime, seat.enrollment_id, "a"))
    return seat


async def gone_ahead(
    name: str, start: Start, producer, fresh_database
) -> tuple[Runtime, str, EnrollmentAccepted]:
    """A group that has applied, and then stopped; its database of before the last fact; whose fact that is."""
    first = await start(name)
    seat = await seated(first, producer)
    await first.stop()
    yesterday = await copied(fresh_database, first)
    second = await start(name, url=first.settings.database_url)
    await send(producer, met(seat.enrollment_id))
    await until(lambda: has(second, seat.enrollment_id, "am"))
    await second.stop()
    return second, yesterday, seat


@pytest.mark.parametrize("how", ["reset", "deleted"])
async def test_after_a_group_is_reset_the_database_says_where_to_go_on(
    start: Start, producer, broker: Cluster, how: str
):
    first = await start(f"toy-before-{how}")
    seat = await seated(first, producer)
    await first.stop()
    if how == "reset":
        await reset(broker, f"toy-{how}")
    await send(producer, met(seat.enrollment_id))
    second = await start(f"toy-{how}", url=first.settings.database_url)
    await until(lambda: has(second, seat.enrollment_id, "am"))
    assert (await second.status()).messages["repeated"] == 0
    assert await told(second) == set()


async def test_a_log_read_from_the_beginning_again_acts_once(start: Start, producer):
    first = await start("toy-again")
    seat = await seated(first, producer)
    await first.stop()
    async with first.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM messaging.positions"))
        await session.execute(text("INSERT INTO messaging.positions VALUES ('other', 0, 1)"))
    await first.engine.dispose()
    await send(producer, met(seat.enrollment_id))
    second = await start("toy-again", url=first.settings.database_url)
    await until(lambda: has(second, seat.enrollment_id, "am"))
    assert (await second.status()).messages["repeated"] > 0


async def test_a_database_of_yesterday_reads_again_what_it_lacks(
    start: Start, producer, fresh_database, broker: Cluster
):
    _, yesterday, seat = await gone_ahead("toy-yesterday", start, producer, fresh_database)
    third = await start("toy-yesterday", url=yesterday)
    await until(lambda: has(third, seat.enrollment_id, "am"))
    assert await told(third) == {"database.behind"}


async def test_a_batch_that_another_worker_ends_just_now_is_no_disagreement(
    start: Start, producer, broker: Cluster, monkeypatch
):
    runtime = await start("toy-ends")
    await seated(runtime, producer)
    applied = {
        p: position for p, (position, _) in (await runtime.consumer.positions()).items() if p.topic == TOPIC
    }
    await runtime.stop()
    load = positions.load

    async with AIOKafkaConsumer(
        **broker.client(), group_id="toy-ends-elsewhere", enable_auto_commit=False
    ) as consumer:
        consumer.assign(list(applied))

        async def end_a_batch(session, topics):
            found = await load(session, topics)
            await consumer.commit({p: position + 1 for p, position in applied.items()})
            return found

        monkeypatch.setattr(positions, "load", end_a_batch)
        await Resumer(runtime.sessions, broker).resume(consumer, list(applied))
    assert await told(runtime) == set()
    await runtime.engine.dispose()


async def test_what_retention_took_before_it_was_applied_stops_the_consumer(
    start: Start, producer, fresh_database, broker: Cluster
):
    second, yesterday, seat = await gone_ahead("toy-gap", start, producer, fresh_database)
    await cut(broker)
    settings = second.settings.model_copy(update={"database_url": yesterday})
    third = Runtime(dataclasses.replace(toy.service, name="toy-gap"), settings)
    await third.start()
    try:
        await until(lambda: true(third.consumer.gap))
        assert TOPIC in third.consumer.gap
        assert "never applied" in (await third.status()).problem
        assert not third.ready()
    finally:
        await third.stop()
    later = accepted()
    await send(producer, later)
    fourth = await start("toy-gap", url=yesterday, accept_gaps=True)
    await until(lambda: has(fourth, later.enrollment_id, "a"))
    assert await seats(fourth, seat.enrollment_id) == {seat.enrollment_id: "a"}
    await fourth.stop()
    fifth = await start("toy-gap", url=yesterday)
    assert fifth.ready()


async def test_a_fresh_database_reads_all_though_its_group_was_there_before(start: Start, producer):
    first = await start("toy-fresh")
    seat = await seated(first, producer)
    await first.stop()
    second = await start("toy-fresh")
    await until(lambda: has(second, seat.enrollment_id, "a"))
    await second.stop()
    later = accepted()
    await send(producer, later)
    third = await start("toy-fresh", url=second.settings.database_url)
    await until(lambda: has(third, later.enrollment_id, "a"))


async def test_a_database_older_than_positions_goes_by_its_group(start: Start, producer):
    first = await start("toy-late")
    seat = await seated(first, producer)
    await first.stop()
    async with first.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM messaging.positions"))
    await first.engine.dispose()
    await send(producer, met(seat.enrollment_id))
    second = await start("toy-late", url=first.settings.database_url)
    await until(lambda: has(second, seat.enrollment_id, "am"))
    assert (await second.status()).messages["repeated"] == 0
