"""Brokers and database servers for tests: embedded by default, official images with BACKEND=containers."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bina_local.kafka import Kafka
from bina_local.postgres import Postgres

if TYPE_CHECKING:
    from bina_local.databases import DatabaseServer


class Broker(Protocol):
    """What tests need of a broker."""

    @property
    def bootstrap(self) -> str: ...


def on_containers() -> bool:
    return os.environ.get("BACKEND") == "containers"


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.asynccontextmanager
async def a_kafka(folder: Path) -> AsyncIterator[Broker]:
    """A broker without topics, until the block ends."""
    if on_containers():
        from containers import ContainerKafka

        broker = ContainerKafka()
    else:
        broker = Kafka(made(folder))
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


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
