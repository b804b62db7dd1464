"""Two workers of one service on a real broker: what is behind while one is away, and who goes on."""

import asyncio
import uuid

import pytest

from bina.messaging import Runtime
from bina.messaging.cluster import Cluster
from messaging.facts import accepted
from messaging.watching import Start, seats, send, true, until

pytestmark = pytest.mark.kafka
TOPIC = "enrollment.enrollments"


async def pair(start: Start) -> tuple[Runtime, Runtime]:
    """Both have partitions of the topic."""
    name = f"toy-{uuid.uuid4().hex[:8]}"
    one = await start(name)
    other = await start(name, one.settings.database_url, worker=1)

    async def both_have() -> bool:
        return all(
            any(p.topic == TOPIC for p in r.consumer.kafka.assignment()) for r in (one, other)
        ) and not (one.consumer.kafka.assignment() & other.consumer.kafka.assignment())

    await until(both_have)
    return one, other


async def test_what_nobody_takes_at_the_moment_is_behind(start: Start, producer):
    one, other = await pair(start)
    await other.consumer.stop()
    events = [accepted() for _ in range(30)]
    await send(producer, *events)

    async def all_of_its_own() -> bool:
        return (await one.status()).lag[TOPIC] == 0 and bool(await seats(one, *ids))

    ids = [event.enrollment_id for event in events]
    await until(all_of_its_own)
    lacking = len(ids) - len(await seats(one, *ids))
    assert lacking > 0
    assert (await one.status()).group_lag[TOPIC] == lacking
    assert f'bina_group_lag{{topic="{TOPIC}"}} {lacking}.0' in scraped(one)


async def test_what_a_worker_leaves_for_good_is_taken_at_once(start: Start, producer):
    one, other = await pair(start)
    await other.consumer.stop(for_good=True)
    events = [accepted() for _ in range(30)]
    await send(producer, *events)

    async def all_in() -> bool:
        return len(await seats(one, *(event.enrollment_id for event in events))) == len(events)

    await until(all_in)  # sooner than the broker would miss a worker that may return
    assert (await one.status()).group_lag[TOPIC] == 0


async def test_who_is_to_end_before_it_could_join_does_not_join(start: Start, broker: Cluster):
    one = await start()
    late = Runtime(one.service, one.settings.model_copy(update={"worker": 1}))
    await late.consumer.drain()
    await late.consumer.start()
    joined = late.consumer.kafka
    await late.stop()
    assert joined is None


async def test_who_is_to_end_while_it_joins_leaves_at_once(start: Start, producer):
    one = await start()
    late = Runtime(one.service, one.settings.model_copy(update={"worker": 1}))
    joining = asyncio.create_task(late.consumer.start())
    await until(lambda: true(late.consumer.kafka))
    await late.consumer.drain(for_good=True)
    async with asyncio.timeout(30):
        await joining
    assert late.consumer.kafka is None
    await late.engine.dispose()
    events = [accepted() for _ in range(30)]
    await send(producer, *events)

    async def all_in() -> bool:
        return len(await seats(one, *(event.enrollment_id for event in events))) == len(events)

    await until(all_in)


def scraped(runtime: Runtime) -> str:
    from prometheus_client import generate_latest

    return generate_latest(runtime.metrics.registry).decode()
