"""The platform that tests stand on: embedded by default, official images with BACKEND=containers."""

import gc
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio
from fastapi import FastAPI

from bina.messaging import Service, Settings
from bina.messaging.migrate import upgrade
from bina.messaging.testing import ServiceUnderTest
from meeting import Meeting
from parts import Broker, a_kafka, a_postgres
from resting import Applications, Create, Database, Databases

if TYPE_CHECKING:
    from bina_local.databases import DatabaseServer

Served = Callable[[Create, ServiceUnderTest, Settings], FastAPI]

pytest_plugins = ["journeys.running"]


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end; searching it for garbage again and again is a twentieth of the time."""
    gc.collect()
    gc.freeze()


class FreshDatabase(Protocol):
    """Makes an empty database, or a copy of `template`, that only the role `name` may open; gives its URL."""

    def __call__(self, name: str, template: str = "template0") -> Awaitable[str]: ...


@pytest.fixture(scope="session")
def platform_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bina-tests-") as folder:
        yield Path(folder)


@pytest_asyncio.fixture(scope="session")
async def postgres(platform_folder: Path) -> "AsyncIterator[DatabaseServer]":
    """A PostgreSQL 18; `ensure_database` and `url` give what a test needs."""
    async with a_postgres(platform_folder / "shared") as server:
        yield server


@pytest_asyncio.fixture(scope="module")
async def kafka(platform_folder: Path) -> AsyncIterator[Broker]:
    """An Apache Kafka without topics, one per test file: `bootstrap` is its address. Mark its tests with `kafka`.

    What one file writes would be another's unexpected past, so none shares a broker with another.
    """
    async with a_kafka(platform_folder / uuid.uuid4().hex[:8]) as broker:
        yield broker


@pytest.fixture(scope="session")
def fresh_database(postgres: "DatabaseServer") -> FreshDatabase:
    """Databases on demand: `url = await fresh_database("evaluation")`."""

    async def make(name: str, template: str = "template0") -> str:
        return await postgres.ensure_database(f"{name}_{uuid.uuid4().hex[:12]}", role=name, template=template)

    return make


@pytest.fixture(scope="session")
def migrated(
    fresh_database: FreshDatabase, postgres: "DatabaseServer"
) -> Callable[[Service], Awaitable[str]]:
    """Fresh databases with a service's tables: `url = await migrated(service)`."""
    templates: dict[str, str] = {}
    asked: set[str] = set()

    async def anew(service: Service) -> str:
        url = await fresh_database(service.name)
        await upgrade(postgres.migration_url(url), service.migrations)
        return url

    async def make(service: Service) -> str:
        if service.name not in asked:  # most services get by with one, and it can be no template while in use
            asked.add(service.name)
            return await anew(service)
        if service.name not in templates:
            templates[service.name] = (await anew(service)).rsplit("/", 1)[1]
        return await fresh_database(service.name, template=templates[service.name])

    return make


@pytest_asyncio.fixture(scope="session")
async def databases_at_rest() -> AsyncIterator[Databases]:
    """Migrated databases that a test has left empty for the next one."""
    resting = Databases()
    yield resting
    await resting.disconnect()


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Two transactions side by side: `await meeting(svc, (store, "close"), first, second)`."""
    return Meeting(monkeypatch)


@pytest_asyncio.fixture
async def under_test(
    migrated: Callable[[Service], Awaitable[str]],
    postgres: "DatabaseServer",
    databases_at_rest: Databases,
) -> AsyncIterator[Callable[[Service], Awaitable[ServiceUnderTest]]]:
    """A service on an empty, migrated database of its own: `evaluation = await under_test(service)`."""
    made: list[tuple[ServiceUnderTest, Database]] = []

    async def make(service: Service) -> ServiceUnderTest:
        database = databases_at_rest.take(service.name) or Database(await migrated(service), postgres)
        made.append((ServiceUnderTest(service, database.engine), database))
        return made[-1][0]

    yield make
    for service, database in made:
        await service.close()
        await databases_at_rest.give_back(service.service.name, database)


@pytest.fixture(scope="session")
def applications() -> Applications:
    return Applications()


@pytest.fixture
def served(applications: Applications) -> Iterator[Served]:
    """A service's application over a service under test, no broker: `app = served(create, svc, settings)`."""
    taken: list[tuple[Create, FastAPI]] = []

    def serve(create: Create, service: ServiceUnderTest, settings: Settings) -> FastAPI:
        taken.append((create, applications.take(create, service, settings)))
        return taken[-1][1]

    yield serve
    for create, app in taken:
        applications.give_back(create, app)
