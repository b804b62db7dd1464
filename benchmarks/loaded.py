"""From a commit in one service to the effect committed in another, under load that does not wait for anybody.

Commands of 20 facts, as a roll call has, begin at a constant rate: as many facts a second as 30 % of what the hearing
service's handlers were measured to take. Each latency counts from when its command was to begin, not from when it
did, so that a command that had to wait is not left out. The baseline is a producer and consumer at the same pace. The
first seconds of either are thrown away.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaProducer

from .figures import LATEST, Figure, figure, say
from .latency import at_quantile, runtime, watch
from .parts import Parts, connect, following
from .scenarios import LATENCY

SHARE = 0.3
FACTS = 20
SECONDS = 20
WARM_SECONDS = 3
RATE_BEFORE_MEASURED = 4000.0
"""Handlers' events per second where they were never measured here."""


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Milliseconds, p50 and p99 of each run."""
    per_second = SHARE * _measured() / FACTS
    ours, bare = [], []
    for number in range(runs):
        ours.append(await _ours(parts, per_second))
        bare.append(await _bare(parts, per_second))
        shown = ", ".join(f"p{q * 100:.0f} {at_quantile(ours[-1], q):.1f} ms" for q in (0.5, 0.99))
        say(f"loaded run {number + 1}: {shown}, bare p99 {at_quantile(bare[-1], 0.99):.1f} ms")
    note = f"{per_second:.0f} commands of {FACTS} facts a second, 30 % of the handlers' rate"
    return [
        figure(
            f"latency.loaded.{name}",
            [at_quantile(o, q) for o in ours],
            "ms",
            [at_quantile(b, q) for b in bare],
            note,
        )
        for name, q in (("p50", 0.5), ("p99", 0.99))
    ]


def _measured() -> float:
    known = json.loads(LATEST.read_text()) if LATEST.exists() else []
    name = f"handlers.{LATENCY.hearer.name}"
    return next((float(f["value"]) for f in known if f["name"] == name), RATE_BEFORE_MEASURED)


async def _ours(parts: Parts, per_second: float) -> list[float]:
    hearer = await runtime(LATENCY.hearer, await parts.database(LATENCY.hearer), parts.kafka.bootstrap)
    committed = watch(hearer)
    while not hearer.ready():  # noqa: ASYNC110 - the broker decides
        await asyncio.sleep(0.1)
    pipe = asyncio.subprocess.PIPE
    commands = int(per_second * (SECONDS + WARM_SECONDS))
    teller = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "benchmarks.teller", await parts.database(LATENCY.teller)],
        *[parts.kafka.bootstrap, str(commands), str(FACTS), str(per_second)],
        stdin=pipe,
        stdout=pipe,
        limit=2**26,
    )
    assert teller.stdin, "a pipe"
    assert teller.stdout, "a pipe"
    assert await teller.stdout.readline() == b"ready\n"
    while any((await hearer.status()).lag.values()):  # noqa: ASYNC110 - the broker decides
        await asyncio.sleep(0.5)
    teller.stdin.write(b"go\n")
    told: dict[str, float] = json.loads(await teller.stdout.readline())
    async with asyncio.timeout(60):
        while told.keys() - committed.keys():  # noqa: ASYNC110 - the last effects are under way
            await asyncio.sleep(0.1)
    teller.stdin.write(b"stop\n")
    await teller.wait()
    await hearer.stop()
    begun = min(told.values()) + WARM_SECONDS
    return [committed[key] - at for key, at in told.items() if at >= begun]


async def pace(count: int, per_second: float, begin: Callable[[int, float], Awaitable[None]]) -> None:
    """Begin work at a constant rate, whether or not what began before has ended; wait for all of it.

    `begin` takes the number and the moment at which its turn is, in seconds of the monotonic clock.
    """
    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            turn = started + number / per_second
            await asyncio.sleep(turn - time.monotonic())
            group.create_task(_begun(begin, number, turn))


async def _begun(begin: Callable[[int, float], Awaitable[None]], number: int, turn: float) -> None:
    await begin(number, turn)


async def _bare(parts: Parts, per_second: float) -> list[float]:
    """A producer and a `getmany` loop with one insert and commit per batch, at the same pace."""
    topic, commands = await parts.topic(), int(per_second * (SECONDS + WARM_SECONDS))
    connection = await connect(await parts.database(LATENCY.hearer))
    await connection.execute("CREATE TABLE effect (id bigint PRIMARY KEY)")
    turns: dict[int, float] = {}
    effects: dict[int, float] = {}

    async def send(number: int, turn: float) -> None:
        for fact in range(number * FACTS, (number + 1) * FACTS):
            turns[fact] = turn
            await producer.send(topic, str(fact).encode(), key=str(fact).encode())

    async def take() -> None:
        while len(effects) < commands * FACTS:
            found = await consumer.getmany(timeout_ms=200)
            facts = [int(record.value) for records in found.values() for record in records]
            if facts:
                await connection.execute("INSERT INTO effect SELECT unnest($1::bigint[])", facts)
                effects.update(dict.fromkeys(facts, time.monotonic()))
                await consumer.commit()

    producer = AIOKafkaProducer(bootstrap_servers=parts.kafka.bootstrap, acks="all", enable_idempotence=True)
    limit = asyncio.timeout(SECONDS + WARM_SECONDS + 60)
    async with producer, following(parts.kafka.bootstrap, topic) as consumer, limit:
        await asyncio.gather(pace(commands, per_second, send), take())
    await connection.close()
    begun = min(turns.values()) + WARM_SECONDS
    return [effects[fact] - turn for fact, turn in turns.items() if turn >= begun]
