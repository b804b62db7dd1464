"""The relay, outbox to acknowledged and marked, beside a bare producer and Debezium's router sending the same bytes."""

import time
from datetime import date
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from bina.events.enrollment import AttendanceMet
from bina.messaging import emit
from bina.messaging.database import create_engine, sessions
from bina.messaging.metrics import Metrics
from bina.messaging.relay import CHUNK, create_producer, publish_once
from evaluation.app import service

from .figures import Figure, figure, say
from .parts import Parts, connect
from .peers.debezium import connect_worker, routed

EVENTS = 30_000
WARM_UP = 2


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Events per second of both, run by run in turn."""
    relay, bare, debezium = [], [], []
    for number in range(runs):
        url = await parts.database(service)
        await _fill(url)
        relay.append(await _relay(parts, url))
        bare.append(await _bare(parts, url))
        debezium.append(await _debezium(parts, url))
        await parts.drop(url)
        say(
            f"relay run {number + 1}: {relay[-1]:,.0f}/s, bare producer {bare[-1]:,.0f}/s, "
            f"Debezium {debezium[-1]:,.0f}/s"
        )
    return [
        figure("relay", relay, "events/s", bare, "bare aiokafka producer, same bytes"),
        figure("relay.debezium", relay, "events/s", debezium, "Debezium's outbox event router, warmed up"),
    ]


async def _debezium(parts: Parts, url: str) -> float:
    """The third time over the same rows: by then its code is compiled."""
    async with connect_worker(parts, url):
        for _ in range(WARM_UP):
            await routed(parts, url, await parts.topic(), EVENTS)
        return await routed(parts, url, await parts.topic(), EVENTS)


async def _fill(url: str) -> None:
    engine = create_engine(url)
    async with sessions(engine)() as session, session.begin():
        for _ in range(0, EVENTS, 2000):
            await emit(session, [_event() for _ in range(2000)])
    await engine.dispose()


def _event() -> AttendanceMet:
    return AttendanceMet(enrollment_id=uuid4(), asn_id=uuid4(), run_id=uuid4(), met_on=date(2026, 6, 26))


async def _relay(parts: Parts, url: str) -> float:
    connection = await connect(url)
    producer = create_producer(parts.kafka.cluster)
    await producer.start()
    await connection.execute("SELECT pg_advisory_lock(7003)")
    metrics, sent, started = Metrics(), 0, time.perf_counter()
    while found := await publish_once(connection, producer, "bench", metrics):
        sent += found
    seconds = time.perf_counter() - started
    await producer.stop()
    await connection.close()
    return sent / seconds


async def _bare(parts: Parts, url: str) -> float:
    """The same records, ready in memory."""
    connection = await connect(url)
    rows = await connection.fetch(
        "SELECT topic, key, event_id, type, value FROM messaging.outbox ORDER BY id"
    )
    await connection.close()
    records = [(row["topic"], row["key"].encode(), row["value"], _headers(row)) for row in rows]
    producer = AIOKafkaProducer(
        **parts.kafka.cluster.client(),
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=2,
    )
    async with producer:
        started = time.perf_counter()
        for start in range(0, len(records), CHUNK):
            chunk = records[start : start + CHUNK]
            for future in [await producer.send(t, v, key=k, headers=h) for t, k, v, h in chunk]:
                await future
        return len(records) / (time.perf_counter() - started)


def _headers(row: object) -> list[tuple[str, bytes]]:
    """As many bytes of headers as the relay writes."""
    event_id, kind = str(row["event_id"]).encode(), row["type"].encode()  # type: ignore[index] # an asyncpg record
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id),
        ("ce_source", b"bench"),
        ("ce_type", kind),
        ("ce_time", b"2026-11-20T03:00:00.000000+00:00"),
        ("ce_subject", event_id),
        ("ce_correlationid", event_id),
        ("ce_aggregateversion", b"1"),
        ("content-type", b"application/json"),
    ]
