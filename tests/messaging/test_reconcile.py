"""State topics are mended where the broker differs from what was told."""

import asyncpg
import pytest
from sqlalchemy import text

from bina.events import Event
from bina.events.enrollment import AsnErased, AsnRecorded
from bina.messaging import Runtime, emit
from bina.messaging.cluster import Cluster
from bina.messaging.relay import LOCK
from bina.messaging.topiclog import TopicLog
from messaging.facts import asn
from messaging.watching import Start, last, true, until

TOPIC = AsnRecorded.topic


async def load(session, keys) -> list[Event]:
    rows = await session.execute(
        text("SELECT asn_id, name FROM registered WHERE asn_id::text = ANY (CAST(:keys AS text[]))"),
        {"keys": list(keys)},
    )
    names = {str(row.asn_id): row.name for row in rows}
    return [asn(key, names[key]) if key in names else AsnErased(asn_id=key) for key in keys]


STATES = {TOPIC: load}


async def tell(runtime: Runtime, *events: Event, lost: bool = False) -> None:
    """Record people and tell them; `lost`: the relay takes them for published, the broker never saw them."""
    async with runtime.transaction() as session:
        for event in events:
            await session.execute(text("DELETE FROM registered WHERE asn_id = :id"), {"id": event.asn_id})
            if isinstance(event, AsnRecorded):
                row = {"id": event.asn_id, "name": event.name}
                await session.execute(text("INSERT INTO registered VALUES (:id, :name)"), row)
        await emit(session, events)
        if lost:
            await session.execute(
                text("UPDATE messaging.outbox SET published_at = now() WHERE published_at IS NULL")
            )


async def published(runtime: Runtime) -> None:
    async def empty() -> bool:
        return (await runtime.backlog()).outbox == 0

    await until(empty)


async def found(broker: Cluster, event: Event) -> tuple[int, bytes | None]:
    record = await last(broker, TOPIC, event.key)
    return int(dict(record.headers)["ce_aggregateversion"]), record.value


@pytest.mark.kafka
async def test_exactly_the_lost_states_are_told_anew(start: Start, broker: Cluster):
    runtime = await start(states=STATES)
    kept, changed, erased = asn(), asn(name="Lama"), asn()
    await tell(runtime, kept, changed, erased)
    await published(runtime)
    never, newer = asn(), asn(changed.asn_id, "Baru")
    await tell(runtime, never, newer, AsnErased(asn_id=erased.asn_id), lost=True)
    assert await runtime.reconcile() == {TOPIC: 3}
    await published(runtime)
    assert await found(broker, kept) == (1, kept.model_dump_json().encode())
    assert await found(broker, newer) == (3, newer.model_dump_json().encode())
    assert await found(broker, never) == (2, never.model_dump_json().encode())
    assert await found(broker, erased) == (3, None)
    assert await runtime.reconcile() == {TOPIC: 0}
    assert runtime.metrics.reconciled.labels(TOPIC)._value.get() == 3


@pytest.mark.kafka
async def test_who_had_the_old_state_takes_the_new(start: Start):
    producer, consumer = await start(states=STATES), await start()
    old = asn(name="Lama")
    await tell(producer, old)

    async def named(name: str) -> bool:
        async with consumer.sessions() as session:
            row = {"id": old.asn_id}
            return name == await session.scalar(text("SELECT name FROM people WHERE asn_id = :id"), row)

    await until(lambda: named("Lama"))
    await tell(producer, asn(old.asn_id, "Baru"), lost=True)
    await producer.reconcile()
    await until(lambda: named("Baru"))


@pytest.mark.kafka
async def test_a_version_that_the_database_forgot_is_passed(start: Start, broker: Cluster):
    runtime = await start(states=STATES)
    person = asn()
    for _ in range(3):
        await tell(runtime, person)
    await published(runtime)
    async with runtime.transaction() as session:
        await session.execute(
            text("UPDATE messaging.streams SET version = 1 WHERE key = :key"), {"key": person.key}
        )
    assert await runtime.reconcile() == {TOPIC: 1}
    await published(runtime)
    assert (await found(broker, person))[0] == 4
    assert await runtime.reconcile() == {TOPIC: 0}


@pytest.mark.kafka
async def test_what_the_outbox_still_holds_is_left_to_the_relay(start: Start, migrated):
    from messaging import toy

    url = await migrated(toy.service)
    elsewhere = await asyncpg.connect(url.replace("+asyncpg", ""))
    await elsewhere.execute("SELECT pg_advisory_lock($1)", LOCK)
    runtime = await start(url=url, states=STATES)
    await tell(runtime, asn())
    assert (await runtime.backlog()).outbox == 1
    assert await runtime.reconcile() == {TOPIC: 0}
    assert (await runtime.backlog()).outbox == 1
    await elsewhere.close()


def test_an_older_record_behind_a_newer_is_not_a_good_end():
    records = TopicLog()
    for version in (1, 2):
        records.note("a", version)
    assert records.ends_with("a", 2)
    records.note("a", 1)
    assert not records.ends_with("a", 2)
    assert not records.ends_with("a", 1)
    assert records.highest("a") == 2
    records.note("a", 3)
    assert records.ends_with("a", 3)


@pytest.mark.kafka
async def test_who_leads_next_tells_anew_what_the_last_one_found_lost(
    start: Start, broker: Cluster, monkeypatch
):
    first = await start(states=STATES)
    lost, kept = asn(), asn()
    await tell(first, lost, lost=True)
    await tell(first, kept)
    await published(first)
    async with first.transaction() as session:  # so much is gone that the outbox cannot mend it
        await session.execute(text("DELETE FROM messaging.outbox"))
        await session.execute(text("UPDATE messaging.published SET next_offset = next_offset + 1"))
    await first.stop()
    again = {"name": first.service.name, "url": first.settings.database_url, "states": STATES}
    second = await start(**again)
    await until(lambda: true(second.relay.leading))
    assert await second.reconciler.lacking()
    await second.stop()
    monkeypatch.setattr("bina.messaging.runtime.RECONCILE_SECONDS", 0.1)
    third = await start(**again)

    async def mended() -> bool:
        return not await third.reconciler.lacking()

    await until(mended)
    await published(third)
    assert await found(broker, lost) == (2, lost.model_dump_json().encode())
