"""A running service on a real broker."""

import asyncio
import contextlib
import dataclasses
import uuid

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from bina.events import Event
from bina.messaging import Runtime, Settings, emit, relay
from bina.messaging.cluster import Cluster
from bina.messaging.relay import RelayError
from bina.messaging.runtime import end
from messaging import toy
from messaging.facts import accepted, asn, completed, met, requested, run
from messaging.watching import Start, seats, send, told, true, until

pytestmark = pytest.mark.kafka


async def test_an_event_travels_through_a_service_to_the_next_topic(start: Start, producer, broker: Cluster):
    await start()
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    await send(producer, event, person, training)
    record = await told(broker, "evaluation.tasks", str(event.enrollment_id))
    headers = dict(record.headers)
    assert headers["ce_type"] == b"evaluation.task_closed.v1"
    assert headers["ce_causationid"].decode() == event.event_id
    assert headers["ce_aggregateversion"] == b"1"


async def test_an_agencys_topic_is_taken_and_answered(start: Start, producer, broker: Cluster):
    await start()
    event = requested("198703032010011999")
    await send(producer, event, agency="5571")
    record = await told(broker, "agency.outcomes.5571", event.nip)
    assert event.event_id.encode() in record.value


async def test_broken_records_stop_nothing(start: Start, producer, broker: Cluster):
    runtime = await start()
    good, bad = [accepted() for _ in range(3)], accepted()
    await send(producer, good[0])
    for value, headers in [
        (b"{", [("ce_type", b"enrollment.accepted.v1"), ("ce_id", b"\xff")]),
        (None, []),
        (b"{}", [("ce_type", b"enrollment.accepted.v9")]),
        (b"\x00" * 900_000, [("ce_type", b"enrollment.accepted.v1")]),
        (b"{}", []),
    ]:
        await producer.send_and_wait("enrollment.enrollments", value, key=b"broken", headers=headers)
    await send(producer, *good[1:], bad)

    async def all_in() -> bool:
        return len(await seats(runtime, bad.enrollment_id, *(g.enrollment_id for g in good))) == 4

    await until(all_in)
    status = await runtime.status()
    assert status.parked >= 5
    assert status.healthy


async def test_lost_database_connections_lose_and_repeat_nothing(start: Start, producer, postgres):
    runtime = await start()
    events = [accepted() for _ in range(60)]
    stop = asyncio.Event()

    async def cut() -> None:
        import asyncpg

        dsn = runtime.settings.database_url.replace("+asyncpg", "")
        while not stop.is_set():
            connection = await asyncpg.connect(dsn)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user"
            )
            await connection.close()
            await asyncio.sleep(0.05)

    cutter = asyncio.create_task(cut())
    for event in events:
        await send(producer, event, met(event.enrollment_id))
    stop.set()
    await cutter
    ids = [e.enrollment_id for e in events]

    async def all_in() -> bool:
        return list((await seats(runtime, *ids)).values()) == ["am"] * len(ids)

    await until(all_in, 60)


async def test_a_command_is_told_once_it_is_committed(start: Start, broker: Cluster):
    runtime = await start()
    event = accepted()
    with pytest.raises(ZeroDivisionError):
        await tell_and_fail(runtime, accepted(event.enrollment_id))
    async with runtime.transaction() as session:
        await emit(session, [event, met(event.enrollment_id)])
    record = await told(broker, "enrollment.enrollments", str(event.enrollment_id))
    assert dict(record.headers)["ce_aggregateversion"] == b"1"
    assert record.value == event.model_dump_json().encode()


async def test_what_one_worker_commits_wakes_the_one_that_publishes(start: Start, migrated, monkeypatch):
    url, woken = await migrated(toy.service), asyncio.Event()
    leading = await start(url=url)
    await until(lambda: true(leading.relay.leading))
    standing_by = await start(url=url)
    monkeypatch.setattr(leading.relay, "wake", woken.set)
    async with standing_by.transaction() as session:
        await emit(session, [met()])
    async with asyncio.timeout(30):
        await woken.wait()


async def test_another_relay_takes_over(start: Start, broker: Cluster):
    first = await start("toy-relay-a")
    second = await start("toy-relay-b", url=first.settings.database_url)
    await until(lambda: true(first.relay.leading))
    assert not second.relay.leading
    await first.stop()
    await until(lambda: true(second.relay.leading))
    event = accepted()
    async with second.transaction() as session:
        await emit(session, [event])
    await told(broker, "enrollment.enrollments", str(event.enrollment_id))


async def test_a_restarted_worker_goes_on_where_it_was(start: Start, producer):
    first = await start("toy-restart")
    one = accepted()
    await send(producer, one)

    async def there(runtime: Runtime, event) -> bool:
        return bool(await seats(runtime, event.enrollment_id))

    await until(lambda: there(first, one))
    await first.stop()
    two = accepted()
    await send(producer, two, met(one.enrollment_id))
    second = await start("toy-restart", url=first.settings.database_url)
    await until(lambda: there(second, two))
    await until(lambda: _joined(second, one.enrollment_id))


async def _joined(runtime: Runtime, enrollment_id) -> bool:
    return (await seats(runtime, enrollment_id))[enrollment_id] == "am"


async def test_a_gap_in_the_log_stops_the_consumer_and_is_named(start: Start, producer, broker: Cluster):
    first = await start("toy-gap")
    event = accepted()
    await send(producer, event)

    async def there() -> bool:
        return bool(await seats(first, event.enrollment_id))

    await until(there)
    await first.stop()
    await send(producer, *(accepted() for _ in range(30)))
    admin = AIOKafkaAdminClient(**broker.client())
    await admin.start()
    partitions = [TopicPartition("enrollment.enrollments", n) for n in range(3)]
    await admin.delete_records({p: RecordsToDelete(before_offset=-1) for p in partitions})
    await admin.close()
    second = Runtime(dataclasses.replace(toy.service, name="toy-gap"), first.settings)
    await second.start()
    try:
        await until(lambda: true(bool(second.consumer.gap)))
        assert "enrollment.enrollments" in second.consumer.gap
        assert not second.ready()
    finally:
        await second.stop()


async def tell_and_fail(runtime: Runtime, event: Event) -> None:
    async with runtime.transaction() as session:
        await emit(session, [event])
        raise ZeroDivisionError


async def test_a_stopped_service_leaves_no_task_behind(broker: Cluster, migrated):
    before = asyncio.all_tasks()
    service = dataclasses.replace(toy.service, name=f"toy-{uuid.uuid4().hex[:8]}")
    for seconds in (0, 0.3, 1.5):
        settings = Settings(database_url=await migrated(toy.service), **broker.settings(), secret="x" * 32)
        runtime = Runtime(service, settings)
        await runtime.start()
        await asyncio.sleep(seconds)
        await runtime.stop()
    await until(lambda: true(asyncio.all_tasks() <= before))


async def test_a_task_that_misses_its_cancellation_is_cancelled_again():
    reached = asyncio.Event()

    async def deaf() -> None:
        reached.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf())
    await reached.wait()
    await asyncio.wait_for(end([task]), 30)
    assert task.cancelled()


async def test_a_relay_that_cannot_publish_says_so(start: Start, broker: Cluster, monkeypatch):
    runtime = await start()
    await until(lambda: true(runtime.relay.leading))
    with monkeypatch.context() as patch:

        async def refused(*_: object) -> int:
            raise RelayError("not authorised")

        patch.setattr(relay, "publish_once", refused)
        event = accepted()
        async with runtime.transaction() as session:
            await emit(session, [event])
        await until(lambda: true("not authorised" in runtime.relay.trouble))
        assert "not authorised" in (await runtime.status()).problem
    await told(broker, "enrollment.enrollments", str(event.enrollment_id))
    await until(lambda: true(not runtime.relay.trouble))


class CrashError(Exception):
    """Something that no retry mends."""


async def test_a_batch_that_failed_is_fetched_again(start: Start, producer, monkeypatch):
    runtime = await start()
    take, refused = runtime.intake.take, []

    async def fail_twice(messages):
        if len(refused) < 2:
            refused.append(len(messages))
            raise CrashError
        return await take(messages)

    monkeypatch.setattr(runtime.intake, "take", fail_twice)
    event = accepted()
    await send(producer, event)

    async def there() -> bool:
        return bool(await seats(runtime, event.enrollment_id))

    await until(there)
    assert len(refused) == 2


async def test_a_worker_that_died_before_its_commit_loses_nothing(start: Start, producer, monkeypatch):
    first = await start("toy-died")
    died = asyncio.Event()

    async def die(_):
        died.set()
        raise CrashError

    monkeypatch.setattr(first.intake, "take", die)
    event = accepted()
    await send(producer, event)
    await died.wait()
    await first.stop()
    second = await start("toy-died", url=first.settings.database_url)

    async def there() -> bool:
        return bool(await seats(second, event.enrollment_id))

    await until(there)


async def test_a_fact_committed_late_is_published_too(start: Start, broker: Cluster):
    runtime = await start()
    late, early = accepted(), accepted()
    async with runtime.transaction() as slow:
        await emit(slow, [late])
        async with runtime.transaction() as fast:
            await emit(fast, [early])
        await told(broker, "enrollment.enrollments", str(early.enrollment_id))
    record = await told(broker, "enrollment.enrollments", str(late.enrollment_id))
    assert record.value == late.model_dump_json().encode()


async def test_every_fact_of_a_key_is_published_in_its_order(start: Start, broker: Cluster):
    runtime = await start()
    enrollment_id = uuid.uuid4()

    async def tell() -> None:
        async with runtime.transaction() as session:
            await emit(session, [met(enrollment_id)])

    await asyncio.gather(*(tell() for _ in range(40)))
    versions = []
    async with AIOKafkaConsumer(
        "enrollment.enrollments", **broker.client(), auto_offset_reset="earliest"
    ) as consumer:
        async with asyncio.timeout(30):
            while len(versions) < 40:
                record = await consumer.getone()
                if record.key == str(enrollment_id).encode():
                    versions.append(int(dict(record.headers)["ce_aggregateversion"]))
    assert versions == list(range(1, 41))
