"""From a commit in one service to the effect committed in another, one command at a time.

Producer and consumer are two runtimes, as in the running system; the baseline is a bare producer, `getmany`,
one insert and a commit.
"""

import asyncio
import time
from dataclasses import replace
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bina.events import Event
from bina.messaging import Runtime, Service, Settings, emit

from .figures import Figure, figure, say
from .parts import Parts, connect
from .scenarios import LATENCY

COMMANDS = 200


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Milliseconds, p50 and p99 of each run."""
    ours = [await _ours(parts) for _ in range(runs)]
    bare = [await _bare(parts) for _ in range(runs)]
    say(f"latency p50 {_at(ours[0], 0.5):.1f} ms, bare {_at(bare[0], 0.5):.1f} ms")
    return [
        figure(
            f"latency.{name}",
            [_at(o, q) for o in ours],
            "ms",
            [_at(b, q) for b in bare],
            "commit to effect elsewhere",
        )
        for name, q in (("p50", 0.5), ("p99", 0.99))
    ]


def _at(values: list[float], quantile: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * quantile))] * 1000


async def _ours(parts: Parts) -> list[float]:
    teller, hearer = [await _runtime(parts, service) for service in (LATENCY.teller, LATENCY.hearer)]
    applied = asyncio.Event()
    take = hearer.intake.take

    async def taking(batch: object) -> object:
        taken = await take(batch)  # type: ignore[arg-type] # handed through
        if taken.applied:
            applied.set()
        return taken

    hearer.intake.take = taking  # type: ignore[assignment,method-assign] # tells when the real one committed
    while not hearer.ready():  # noqa: ASYNC110 - the broker decides
        await asyncio.sleep(0.1)
    for event in LATENCY.prelude():
        await _tell(teller, event)
    await asyncio.sleep(3)
    times = []
    for event in LATENCY.load(COMMANDS):
        applied.clear()
        await _tell(teller, event)
        committed = time.perf_counter()
        await asyncio.wait_for(applied.wait(), 30)
        times.append(time.perf_counter() - committed)
        await asyncio.sleep(0.02)
    await teller.stop()
    await hearer.stop()
    return times


async def _tell(runtime: Runtime, event: Event) -> None:
    async with runtime.transaction() as session:
        await emit(session, [event])


async def _runtime(parts: Parts, service: Service) -> Runtime:
    named = replace(service, name=f"{service.name}-{uuid4().hex[:6]}", loops=())
    url = await parts.database(service)
    runtime = Runtime(named, Settings(database_url=url, kafka=parts.kafka.bootstrap, secret="x" * 32))
    await runtime.start()
    return runtime


async def _bare(parts: Parts) -> list[float]:
    topic = await parts.topic()
    connection = await connect(await parts.database(LATENCY.hearer))
    await connection.execute("CREATE TABLE effect (id uuid PRIMARY KEY)")
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=parts.kafka.bootstrap,
        group_id=topic,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    times = []
    async with AIOKafkaProducer(
        bootstrap_servers=parts.kafka.bootstrap, acks="all", enable_idempotence=True
    ) as producer:
        for _ in range(COMMANDS):
            fetching = asyncio.create_task(consumer.getmany(timeout_ms=5000))
            started = time.perf_counter()
            await producer.send(topic, b"{}", key=b"k")
            await fetching
            await connection.execute("INSERT INTO effect VALUES (gen_random_uuid())")
            times.append(time.perf_counter() - started)
            await consumer.commit()
            await asyncio.sleep(0.02)
    await consumer.stop()
    await connection.close()
    return times
