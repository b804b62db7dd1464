"""From a commit in one service to the effect committed in another, one command at a time.

Who commits and who applies are two processes, as in the running system; the baseline is a bare producer, `getmany`,
one insert and a commit.
"""

import asyncio
import sys
import time
from dataclasses import replace
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from bina.messaging import Runtime, Service, Settings
from bina.messaging.intake import Taken
from bina.messaging.reading import Read

from .figures import Figure, figure, say
from .parts import Parts, connect, following
from .scenarios import LATENCY

COMMANDS = 200
PAUSE_SECONDS = 0.05


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Milliseconds, p50 and p99 of each run."""
    ours = [await _ours(parts) for _ in range(runs)]
    bare = [await _bare(parts) for _ in range(runs)]
    say(f"latency p50 {at_quantile(ours[0], 0.5):.1f} ms, bare {at_quantile(bare[0], 0.5):.1f} ms")
    return [
        figure(
            f"latency.{name}",
            [at_quantile(o, q) for o in ours],
            "ms",
            [at_quantile(b, q) for b in bare],
            "commit to effect elsewhere",
        )
        for name, q in (("p50", 0.5), ("p99", 0.99))
    ]


def at_quantile(values: list[float], quantile: float) -> float:
    """Milliseconds that this share of the values, in seconds, does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * quantile))] * 1000


async def _ours(parts: Parts) -> list[float]:
    """Commits in one process, effects in this one; both read the same monotonic clock."""
    hearer = await runtime(LATENCY.hearer, await parts.database(LATENCY.hearer), parts.kafka.bootstrap)
    committed = watch(hearer)
    while not hearer.ready():  # noqa: ASYNC110 - the broker decides
        await asyncio.sleep(0.1)
    teller = await _start_teller(await parts.database(LATENCY.teller), parts.kafka.bootstrap)
    while any((await hearer.status()).lag.values()):  # noqa: ASYNC110 - the broker decides
        await asyncio.sleep(0.5)
    committed.clear()
    told = await _go(teller)
    async with asyncio.timeout(60):
        while told.keys() - committed.keys():  # noqa: ASYNC110 - the last effects are under way
            await asyncio.sleep(0.1)
    teller.stdin.write(b"stop\n")  # type: ignore[union-attr] # a pipe
    await teller.wait()
    await hearer.stop()
    return [committed[key] - told[key] for key in told]


def watch(hearer: Runtime) -> dict[str, float]:
    """When the effect of each key's last event was committed."""
    committed: dict[str, float] = {}
    take = hearer.intake.take

    async def taking(batch: Read) -> Taken:
        taken = await take(batch)
        committed.update(dict.fromkeys((a.message.key for a in batch.arrived), time.monotonic()))
        return taken

    hearer.intake.take = taking  # type: ignore[method-assign] # tells when the real one committed
    return committed


async def _start_teller(url: str, kafka: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.teller", url, kafka, str(COMMANDS), stdin=pipe, stdout=pipe
    )
    assert await process.stdout.readline() == b"ready\n"  # type: ignore[union-attr] # a pipe
    return process


async def _go(teller: asyncio.subprocess.Process) -> dict[str, float]:
    teller.stdin.write(b"go\n")  # type: ignore[union-attr] # a pipe
    lines = [await teller.stdout.readline() for _ in range(COMMANDS)]  # type: ignore[union-attr] # a pipe
    return {key: float(at) for key, at in (line.decode().split() for line in lines)}


async def runtime(service: Service, url: str, kafka: str) -> Runtime:
    """A service's own runtime in a group of its own, without the loops that reach outside."""
    named = replace(service, name=f"{service.name}-{uuid4().hex[:6]}", loops=())
    found = Runtime(named, Settings(database_url=url, kafka=kafka, secret="x" * 32))
    await found.start()
    return found


async def _bare(parts: Parts) -> list[float]:
    topic = await parts.topic()
    connection = await connect(await parts.database(LATENCY.hearer))
    await connection.execute("CREATE TABLE effect (id uuid PRIMARY KEY)")
    times = []
    producer = AIOKafkaProducer(bootstrap_servers=parts.kafka.bootstrap, acks="all", enable_idempotence=True)
    async with producer, following(parts.kafka.bootstrap, topic) as consumer:
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
