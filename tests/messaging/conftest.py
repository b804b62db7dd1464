import contextlib
import dataclasses
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from bina.messaging import Runtime, Settings, outbox, relay
from bina.messaging.cluster import Cluster
from bina.messaging.testing import ServiceUnderTest
from bina_local import topics
from messaging import toy
from messaging.machines.bench import Bench
from messaging.watching import Start, true, until


@pytest_asyncio.fixture
async def service(under_test) -> ServiceUnderTest:
    return await under_test(toy.service)


@pytest.fixture(autouse=True)
def healthy_handlers():
    yield
    toy.failing.clear()


@pytest_asyncio.fixture(scope="module")
async def broker(kafka) -> str:
    await topics.ensure(kafka.cluster, [*topics.listed(), *topics.of_agency("5571")])
    return kafka.cluster


@pytest_asyncio.fixture(scope="module")
async def producer(broker: Cluster) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(**broker.client(), enable_idempotence=True) as producer:
        yield producer


@pytest_asyncio.fixture
async def start(broker: Cluster, migrated) -> AsyncIterator[Start]:
    running: list[Runtime] = []

    async def begin(name: str = "", url: str = "", states=None, **changes) -> Runtime:
        service = dataclasses.replace(
            toy.service, name=name or f"toy-{uuid.uuid4().hex[:8]}", states=states or {}
        )
        url = url or await migrated(toy.service)
        settings = Settings(database_url=url, **broker.settings(), secret="x" * 32, demo=True, **changes)
        runtime = Runtime(service, settings)
        await runtime.start()
        running.append(runtime)
        await until(lambda: true(runtime.ready()))
        return runtime

    yield begin
    for runtime in running:
        await runtime.stop()


@pytest_asyncio.fixture(scope="module")
async def machine_url(migrated) -> str:
    return await migrated(toy.service)


@pytest.fixture
def bench(machine_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """What a state machine drives; its relay takes a few facts at once, and two are many to tell."""
    monkeypatch.setattr(relay, "CHUNK", 4)
    monkeypatch.setattr(outbox, "FEW", 1)
    with contextlib.closing(Bench(machine_url)) as bench:
        yield bench
