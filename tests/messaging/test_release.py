"""Held messages go in portions: one key may have any number of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from bina.messaging import Settings, parked, release
from bina.messaging.cluster import Cluster
from bina.messaging.redrives import Redriver
from bina.messaging.replay import replay
from bina.messaging.runtime import end
from bina.messaging.testing import ServiceUnderTest
from messaging import toy
from messaging.facts import accepted, asn, completed, met, run
from messaging.test_redrives import histories, order, park, state_of
from messaging.watching import send, until

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(autouse=True)
def small_portions(monkeypatch):
    monkeypatch.setattr(release, "MOST", 4)


async def parked_ids(service: ServiceUnderTest) -> list[int]:
    return [row.id for row in await service.rows("SELECT id FROM messaging.held WHERE state = 'parked'")]


async def states(service: ServiceUnderTest) -> list[str]:
    return [state for state, _, _ in await service.held()]


def unreadable(service: ServiceUnderTest, key: UUID):
    return service.message(met(key))._replace(value=b"{")


async def test_a_long_key_goes_in_portions_and_in_order(service: ServiceUnderTest):
    [key] = await park(service, 1, followers=5)
    await service.receives(accepted(key), met(key))
    assert await service.intake.redrive(await parked_ids(service)) == 4
    assert await states(service) == ["behind"] * 4
    await service.receives(accepted(key))
    assert await histories(service) == {key: "ammm"}, "what comes meanwhile queues up behind"
    assert [await service.intake.sweep() for _ in range(3)] == [4, 1, 0]
    assert await histories(service) == {key: "ammmmmama"}
    assert await service.held() == []


async def test_many_keys_are_tried_once_each_though_they_are_more_than_a_portion(service: ServiceUnderTest):
    ids = await park(service, 11)
    toy.failing.update(ids[:2])
    assert await service.intake.redrive(await parked_ids(service)) == 9
    assert await histories(service) == dict.fromkeys(ids[2:], "a")
    assert {row.attempts for row in await service.rows("SELECT attempts FROM messaging.held")} == {2}


async def test_a_batch_that_brings_the_fact_applies_a_portion_of_what_waits(service: ServiceUnderTest):
    training, person = run(), asn()
    await service.receives(person)
    seats = [uuid4() for _ in range(9)]
    await service.receives(*(completed(training.run_id, person.asn_id, seat) for seat in seats))
    await service.receives(training)
    assert await histories(service) == dict.fromkeys(seats[:4], "c")
    assert [await service.intake.sweep() for _ in range(3)] == [4, 1, 0]
    assert await histories(service) == dict.fromkeys(seats, "c")


async def test_what_is_set_free_and_frees_others_stays_within_the_portion(service: ServiceUnderTest):
    person, trainings = asn(), [run() for _ in range(3)]
    await service.receives_raw(*(service.message(run(t.run_id))._replace(value=b"{") for t in trainings))
    await service.receives(person, *trainings)
    await service.receives(*(completed(t.run_id, person.asn_id) for t in trainings * 2))
    await give_up_all(service)
    assert await service.intake.sweep() == 3
    assert await states(service) == ["discarded"] * 3 + ["waiting"] * 5


async def test_a_later_unreadable_message_does_not_keep_what_was_left_of_a_portion(service: ServiceUnderTest):
    [key] = await park(service, 1, followers=5)
    first = await parked_ids(service)
    await service.receives_raw(unreadable(service, key), service.message(met(key)))
    assert await service.intake.redrive(first) == 4
    assert await service.intake.sweep() == 2
    assert await states(service) == ["parked", "behind"]
    assert await histories(service) == {key: "ammmmm"}


async def give_up_all(service: ServiceUnderTest) -> None:
    async with service.sessions() as session, session.begin():
        await parked.discard(session, parked.EVERY, "Uji coba", "Sulastri", newest=2**62)


@pytest.fixture
def redriver(service: ServiceUnderTest) -> Redriver:
    return Redriver(service.sessions, service.intake)


async def test_an_order_comes_back_for_what_lies_deep_in_a_key(service: ServiceUnderTest, redriver: Redriver):
    [key] = await park(service, 1, followers=5)
    await service.receives_raw(unreadable(service, key))
    [other] = await park(service, 1)
    number = await order(service)
    for day in range(2):
        assert await redriver.step(LATER + timedelta(days=day))
    done = await state_of(service, number)
    assert (done.state, done.total, done.tried, done.applied, done.failed) == ("done", 3, 3, 2, 1)
    assert (done.queued, done.dropped, done.others_applied) == (0, 0, 5)
    assert await histories(service) == {key: "ammmmm", other: "a"}


async def test_an_order_does_not_try_for_ever_what_queues_behind_a_failure(
    service: ServiceUnderTest, redriver: Redriver
):
    [key] = await park(service, 1, followers=5)
    await service.receives_raw(unreadable(service, key))
    toy.failing.add(key)
    number = await order(service)
    assert await redriver.step(LATER)
    done = await state_of(service, number)
    assert (done.state, done.tried, done.failed, done.queued) == ("done", 2, 1, 1)
    assert await states(service) == ["parked", *["behind"] * 5, "parked"]
    assert {row.attempts for row in await service.rows("SELECT attempts FROM messaging.held")} == {1, 2}


async def test_a_service_sweeps_on_while_there_is_more(service: ServiceUnderTest, monkeypatch):
    monkeypatch.setattr("bina.messaging.runtime.POLL_SECONDS", 3600.0)
    [key] = await park(service, 1, followers=12)
    await service.intake.redrive(await parked_ids(service))
    settings = Settings(
        database_url=service.engine.url.render_as_string(), kafka="broker:9092", secret="x" * 32
    )
    running = asyncio.create_task(service.runtime(settings)._do_due())
    try:
        await until(lambda: nothing_held(service))
    finally:
        await end([running])
    assert await histories(service) == {key: "a" + "m" * 12}


async def nothing_held(service: ServiceUnderTest) -> bool:
    return not await service.held()


@pytest.mark.kafka
async def test_a_replay_ends_when_all_that_can_go_has_gone(broker: Cluster, producer, migrated):
    training, person = run(), asn()
    seats = {uuid4() for _ in range(9)}
    await send(producer, *(completed(training.run_id, person.asn_id, seat) for seat in seats), person)
    url = await migrated(toy.service)
    await replay(toy.service, url, broker, lambda *_: None)
    await send(producer, training)
    await replay(toy.service, url, broker, lambda *_: None)
    made = ServiceUnderTest(toy.service, url)
    try:
        assert seats <= (await histories(made)).keys()
        assert await made.emitted() == []
    finally:
        await made.close()
