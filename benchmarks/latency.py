"""From a commit in one service to the effect committed in another, one command at a time.

Who commits and who applies are two processes, as in the running system; the baseline is a bare producer, `getmany`,
one insert and a commit.
"""

import asyncio
import contextlib
import json
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from bina.messaging import Runtime, Service, Settings
from bina.messaging.cluster import Cluster
from bina.messaging.intake import Taken
from bina.messaging.reading import Read

from .figures import Figure, figure, say
from .parts import Parts, connect, following
from .scenarios import LATENCY

COMMANDS = 200
PAUSE_SECONDS = 0.05
QUANTILES = (0.5, 0.99)


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Milliseconds, p50 and p99 of each run."""
    ours, bare = [], []
    async with hearing(parts) as committed, telling(parts, committed) as teller:
        for number in range(runs):
            ours.append(await _ours(teller, committed, number * COMMANDS))
            bare.append(await _bare(parts))
            say(f"latency run {number + 1}: {in_words(ours[-1])}; bare {in_words(bare[-1])}")
    return figures("latency", ours, bare, "commit to effect elsewhere")


def figures(name: str, ours: list[list[float]], bare: list[list[float]], note: str) -> list[Figure]:
    """Median and tail of runs whose latencies, in seconds, these are."""
    return [
        figure(
            f"{name}.p{q * 100:.0f}",
            [at_quantile(o, q) for o in ours],
            "ms",
            [at_quantile(b, q) for b in bare],
            note,
        )
        for q in QUANTILES
    ]


def in_words(values: list[float]) -> str:
    """Median and tail of so many seconds."""
    return ", ".join(f"p{q * 100:.0f} {at_quantile(values, q):.1f} ms" for q in QUANTILES)


def at_quantile(values: list[float], quantile: float) -> float:
    """Milliseconds that this share of the values, in seconds, does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * quantile))] * 1000


async def _ours(teller: "Teller", committed: Mapping[str, float], start: int) -> list[float]:
    """Commits in one process, effects in this one; both read the same monotonic clock."""
    begun = await teller.go(COMMANDS, start)
    await effects(committed, begun)
    return [committed[key] - begun[key] for key in begun]


@contextlib.asynccontextmanager
async def hearing(parts: Parts) -> AsyncIterator[dict[str, float]]:
    """The service that hears; gives when each key's last effect was committed, in seconds of the monotonic clock."""
    hearer = await runtime(LATENCY.hearer, await parts.database(LATENCY.hearer), parts.kafka.cluster)
    committed = _watch(hearer)
    try:
        while not hearer.ready():  # noqa: ASYNC110 - the broker decides
            await asyncio.sleep(0.1)
        yield committed
    finally:
        await hearer.stop()


def _watch(hearer: Runtime) -> dict[str, float]:
    """What had to wait for something has no effect yet."""
    committed: dict[str, float] = {}
    take = hearer.intake.take

    async def taking(batch: Read) -> Taken:
        taken = await take(batch)
        if not taken.waiting and not taken.parked:
            committed.update(dict.fromkeys((a.message.key for a in batch.arrived), time.monotonic()))
        return taken

    hearer.intake.take = taking  # type: ignore[method-assign] # tells when the real one committed
    return committed


@dataclass(frozen=True)
class Teller:
    """The process that commits."""

    process: asyncio.subprocess.Process

    async def go(self, *load: float) -> dict[str, float]:
        """Have it tell a load, see there; gives each key's moment in seconds of the monotonic clock."""
        assert self.process.stdin, "a pipe"
        self.process.stdin.write(f"{' '.join(map(str, load))}\n".encode())
        found: dict[str, float] = json.loads(await self.line())
        return found

    async def line(self) -> str:
        """What it says next."""
        assert self.process.stdout, "a pipe"
        return (await self.process.stdout.readline()).decode()

    async def stop(self) -> None:
        """Have it end."""
        assert self.process.stdin, "a pipe"
        self.process.stdin.close()
        await self.process.wait()


@contextlib.asynccontextmanager
async def telling(parts: Parts, committed: Mapping[str, float]) -> AsyncIterator[Teller]:
    """The process that commits, once its prelude has had its effects."""
    called = [sys.executable, "-m", "benchmarks.teller"]
    broker = parts.kafka.cluster
    called += [await parts.database(LATENCY.teller), broker.servers, broker.user, broker.password]
    teller = Teller(await asyncio.create_subprocess_exec(*called, stdin=PIPE, stdout=PIPE, limit=2**26))
    try:
        assert await teller.line() == "ready\n"
        await effects(committed, (event.key for event in LATENCY.prelude()))
        yield teller
    finally:
        await teller.stop()


async def effects(committed: Mapping[str, float], keys: Iterable[str]) -> None:
    """Wait for these keys' effects; raises TimeoutError where there are none."""
    missed = set(keys)
    async with asyncio.timeout(60):
        while missed := missed - committed.keys():  # noqa: ASYNC110 - they are under way
            await asyncio.sleep(0.1)


async def runtime(service: Service, url: str, kafka: Cluster) -> Runtime:
    """A service's own runtime in a group of its own, without the loops that reach outside."""
    named = replace(service, name=f"{service.name}-{uuid4().hex[:6]}", loops=())
    found = Runtime(named, Settings(database_url=url, **kafka.settings(), secret="x" * 32))
    await found.start()
    return found


async def _bare(parts: Parts) -> list[float]:
    topic = await parts.topic()
    connection = await connect(parts.postgres.migration_url(await parts.database(LATENCY.hearer)))
    await connection.execute("CREATE TABLE effect (id uuid PRIMARY KEY)")
    times = []
    producer = AIOKafkaProducer(**parts.kafka.cluster.client(), acks="all", enable_idempotence=True)
    async with producer, following(parts.kafka.cluster, topic) as consumer:
        for _ in range(COMMANDS):
            fetching = asyncio.create_task(consumer.getmany(timeout_ms=5000))
            started = time.perf_counter()
            await producer.send(topic, b"{}", key=b"k")
            await fetching
            await connection.execute("INSERT INTO effect VALUES (gen_random_uuid())")
            times.append(time.perf_counter() - started)
            await consumer.commit()
            await asyncio.sleep(PAUSE_SECONDS)
    await connection.close()
    return times
