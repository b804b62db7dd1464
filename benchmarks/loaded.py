"""From a commit in one service to the effect committed in another, under load that does not wait for anybody.

Commands of 20 facts, as a roll call has, begin at a constant rate: as many facts a second as 30 % of what the hearing
service's handlers were measured to take. Each latency counts from when its command was to begin, not from when it
did, so that a command that had to wait is not left out. The baseline is a producer and consumer at the same pace. The
first seconds of either are thrown away.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping

from aiokafka import AIOKafkaProducer

from .figures import LATEST, Figure, say
from .latency import Teller, effects, figures, hearing, in_words, telling
from .parts import Parts, connect, following
from .scenarios import LATENCY, PEOPLE, RUNS

SHARE = 0.3
FACTS = 20
SECONDS = 12
WARM_SECONDS = 3
RATE_BEFORE_MEASURED = 4000.0
"""Handlers' events per second where they were never measured here."""


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Milliseconds, p50 and p99 of each run."""
    per_second = SHARE * _measured() / FACTS
    commands = min(
        per_second * (SECONDS + WARM_SECONDS), PEOPLE * RUNS / runs / FACTS
    )  # no seat is told twice
    facts = int(commands) * FACTS
    ours, bare = [], []
    async with hearing(parts) as committed, telling(parts, committed) as teller:
        for number in range(runs):
            ours.append(await _ours(teller, committed, facts, number * facts, per_second))
            bare.append(await _bare(parts, per_second))
            say(f"loaded run {number + 1}: {in_words(ours[-1])}; bare {in_words(bare[-1])}")
    note = f"{per_second:.0f} commands of {FACTS} facts a second, 30 % of the handlers' rate"
    return figures("latency.loaded", ours, bare, note)


def _measured() -> float:
    known = json.loads(LATEST.read_text()) if LATEST.exists() else []
    name = f"handlers.{LATENCY.hearer.name}"
    return next((float(f["value"]) for f in known if f["name"] == name), RATE_BEFORE_MEASURED)


async def _ours(
    teller: Teller, committed: Mapping[str, float], facts: int, start: int, per_second: float
) -> list[float]:
    turns = await teller.go(facts, start, FACTS, per_second)
    await effects(committed, turns)
    begun = min(turns.values()) + WARM_SECONDS
    return [committed[key] - at for key, at in turns.items() if at >= begun]


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
    connection = await connect(parts.postgres.migration_url(await parts.database(LATENCY.hearer)))
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

    producer = AIOKafkaProducer(**parts.kafka.cluster.client(), acks="all", enable_idempotence=True)
    limit = asyncio.timeout(SECONDS + WARM_SECONDS + 60)
    async with producer, following(parts.kafka.cluster, topic) as consumer, limit:
        await asyncio.gather(pace(commands, per_second, send), take())
    await connection.close()
    begun = min(turns.values()) + WARM_SECONDS
    return [effects[fact] - turn for fact, turn in turns.items() if turn >= begun]
