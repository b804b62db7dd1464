"""Brokers and database servers for tests: embedded by default, official images with BACKEND=containers."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bina.messaging.cluster import Cluster
from bina_local.access import admit
from bina_local.addresses import NOTE
from bina_local.kafka import Kafka
from bina_local.postgres import Postgres
from bina_local.state import Secrets, State

if TYPE_CHECKING:
    from bina_local.databases import DatabaseServer


class Broker(Protocol):
    """What tests need of a broker."""

    port: int
    secrets: Secrets

    @property
    def bootstrap(self) -> str: ...

    @property
    def cluster(self) -> Cluster: ...

    def as_(self, principal: str) -> Cluster: ...

    def password(self, principal: str) -> str: ...


def on_containers() -> bool:
    return os.environ.get("BACKEND") == "containers"


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.asynccontextmanager
async def a_kafka(folder: Path) -> AsyncIterator[Broker]:
    """A broker without topics that knows its operator and the services, until the block ends."""
    if on_containers():
        from containers import ContainerKafka

        broker = ContainerKafka(made(folder))
    else:
        broker = Kafka(made(folder))
    await broker.start()
    try:
        await admit(broker.bootstrap, broker.password)
        yield broker
    finally:
        await broker.stop()


def state_with(broker: Broker, root: Path) -> State:
    """A state folder in which the command line finds the broker and what opens it."""
    state = State.at(root)
    shutil.copy2(broker.secrets.path, state.secrets.path)
    state.save(NOTE, {"kafka": broker.port})
    return state


@contextlib.asynccontextmanager
async def a_postgres(folder: Path) -> "AsyncIterator[DatabaseServer]":
    """A PostgreSQL 18, until the block ends; its data is then abandoned."""
    if on_containers():
        from containers import ContainerPostgres

        server = ContainerPostgres(made(folder))
    else:
        server = Postgres(made(folder))
    await server.start()
    try:
        yield server
    finally:
        if isinstance(server, Postgres):
            server.abandon()
        await server.stop()


def variables(settings: str) -> dict[str, str]:
    """A broker's settings as the image reads them from its environment."""
    named = (line.partition("=") for line in settings.splitlines())
    return {
        name.replace("_", "__").replace("-", "___").replace(".", "_").upper(): value
        for name, _, value in named
    }
