"""Broker and database for one benchmark run, with the durability of the embedded default."""

import contextlib
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bina.messaging import Service
from bina.messaging.cluster import Cluster
from bina.messaging.migrate import upgrade
from bina.messaging.records import Message
from bina_local.access import open_to
from bina_local.kafka import Kafka
from bina_local.postgres import Postgres
from bina_local.process import Program


@dataclass
class Parts:
    """A running broker and database server."""

    kafka: Kafka
    postgres: Postgres

    async def database(self, service: Service) -> str:
        """A fresh, migrated database; gives its URL."""
        url = await self.postgres.ensure_database(f"{service.name}_{uuid.uuid4().hex[:8]}", role=service.name)
        await upgrade(self.postgres.migration_url(url), service.migrations)
        return url

    async def drop(self, url: str) -> None:
        """Give the space of a database back."""
        connection = await self.postgres.connect()
        await connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')
        await connection.close()

    async def topic(self) -> str:
        """A fresh topic set like the listed ones."""
        name = f"bench.{uuid.uuid4().hex[:8]}"
        admin = AIOKafkaAdminClient(**self.kafka.cluster.client())
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, 3, 1, topic_configs={"flush.messages": "1"})])
        finally:
            await admin.close()
        return name

    async def produce(self, messages: Sequence[Message], topic: str | None = None) -> None:
        """Put records on the broker as they are; `topic` sends them all there instead."""
        await produce(self.kafka.cluster, messages, topic)


async def produce(cluster: Cluster, messages: Sequence[Message], topic: str | None = None) -> None:
    """Put records on a broker as they are; `topic` sends them all there instead."""
    producer = AIOKafkaProducer(
        **cluster.client(), acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=5
    )
    async with producer:
        for start in range(0, len(messages), 2000):
            sent = [
                await producer.send(topic or m.topic, m.value, key=m.record_key, headers=list(m.headers))
                for m in messages[start : start + 2000]
            ]
            for future in sent:
                await future


class LogicalPostgres(Postgres):
    """The embedded server with a log that can be decoded, as Debezium needs it."""

    def program(self) -> Program:
        """The server's command with one more setting."""
        plain = super().program()
        return replace(plain, argv=[*plain.argv, "-c", "wal_level=logical"])


@contextlib.asynccontextmanager
async def parts(postgres: type[Postgres] = Postgres) -> AsyncIterator[Parts]:
    """Start both in a temporary folder; stop them in the end."""
    with tempfile.TemporaryDirectory(prefix="bina-bench-") as folder:
        found = Parts(Kafka(Path(folder)), postgres(Path(folder)))
        await found.postgres.start()
        await found.kafka.start()
        try:
            await open_to(found.kafka.bootstrap, found.kafka.password, ["5571"])
            yield found
        finally:
            await found.kafka.stop()
            await found.postgres.stop()


async def connect(url: str) -> "asyncpg.Connection[Any]":
    """A plain connection for baselines."""
    return await asyncpg.connect(url.replace("+asyncpg", ""))


@contextlib.asynccontextmanager
async def following(cluster: Cluster, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A plain consumer in a group of its own, from the topic's beginning, for baselines."""
    consumer = AIOKafkaConsumer(
        topic,
        **cluster.client(),
        group_id=topic,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
