"""A service's real handlers, topic to committed effects and outbox, beside other ways of writing the same rows.

The peers stand in `benchmarks/peers`, each as its own documentation advises. None of them thinks: the rows that the
handlers left are given to them.
"""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from bina.messaging import Runtime, Service, Settings
from bina.messaging.database import create_engine, sessions
from bina.messaging.intake import Intake

from .figures import Figure, figure, say
from .parts import Parts, connect
from .peers import confluent_psycopg, faststream_sqlmodel
from .peers.bare import bare
from .peers.rows import Work, count_rows, rows_left
from .rate import Clock
from .scenarios import SCENARIOS, Scenario, known

EVENTS = 30_000
FEW = 5_000
"""Messages for a peer that sends every row by itself."""
ONE_BY_ONE = 400
"""Messages for a peer that takes every message by itself."""
MAX_RECORDS = 1000
LIMIT_SECONDS = 300

PEERS = {
    "": "bare aiokafka getmany + asyncpg unnest",
    "copy": "confluent-kafka + psycopg COPY",
    "executemany": "confluent-kafka + psycopg executemany",
    "faststream": "FastStream batches + SQLModel",
    "single": "FastStream one message at a time + SQLModel",
}
RUN = {
    "": bare,
    "copy": confluent_psycopg.copied,
    "executemany": confluent_psycopg.executed,
    "faststream": faststream_sqlmodel.batches,
    "single": faststream_sqlmodel.single,
}


async def measure(parts: Parts, runs: int, only: str = "", events: int = EVENTS) -> list[Figure]:
    """For every service: its handlers against all peers, in turn, run by run."""
    figures = []
    for scenario in SCENARIOS:
        if not only or only.endswith(scenario.service.name):
            figures += await _measure(parts, scenario, runs, events)
    return figures


async def _measure(parts: Parts, scenario: Scenario, runs: int, events: int) -> list[Figure]:
    name = scenario.service.name
    real: list[float] = []
    others: dict[str, list[float]] = {peer: [] for peer in PEERS}
    for number in range(runs):
        rate, rows, rates = await _run(parts, scenario, events)
        real.append(rate)
        for peer, found in rates.items():
            others[peer].append(found)
        shown = ", ".join(f"{PEERS[peer]} {found:,.0f}/s" for peer, found in rates.items())
        say(f"{name} run {number + 1}: {real[-1]:,.0f}/s; {shown}")
    return [
        figure(
            f"handlers.{name}{'.' if peer else ''}{peer}",
            real,
            "events/s",
            others[peer],
            f"{PEERS[peer]}, {rows:.1f} rows per event",
        )
        for peer in PEERS
    ]


async def _run(parts: Parts, scenario: Scenario, events: int) -> tuple[float, float, dict[str, float]]:
    """The handlers' rate, rows per event, and the rates of the peers."""
    url, before = await prepared(parts, scenario)
    messages = scenario.load(events)
    real = await drain(parts, scenario, url, messages)
    tables = await rows_left(url, before)
    await parts.drop(url)
    topic = await parts.topic()
    await parts.produce(messages, topic)
    rates = {}
    for peer in PEERS:
        work = Work(parts.kafka.cluster, "", topic, tables, events, _wanted(peer, events), MAX_RECORDS)
        rates[peer] = await _peer(parts, scenario, work, peer)
    return real, sum(len(table.records) for table in tables) / events, rates


def _wanted(peer: str, events: int) -> int:
    return min(events, {"executemany": FEW, "single": ONE_BY_ONE}.get(peer, events))


async def _peer(parts: Parts, scenario: Scenario, work: Work, peer: str) -> float:
    """The peer's rate in a database of its own, where it must have written the very number of rows."""
    url, before = await prepared(parts, scenario)
    gc.collect()
    gc.freeze()  # the rows that it is given are not its own garbage to look through
    rate = await RUN[peer](replace(work, url=url))
    if work.wanted == work.events:
        after = await count_rows(url)
        for table in work.tables:
            assert after[table.name] - before[table.name] == len(table.records), (peer, table.name)
    await parts.drop(url)
    return rate


async def prepared(parts: Parts, scenario: Scenario) -> tuple[str, dict[str, int]]:
    """A database that knows the people and runs; how many rows each table has."""
    url = await parts.database(scenario.service)
    await (scenario.prepare or partial(_hear, scenario.service))(url)
    connection = await connect(parts.postgres.migration_url(url))
    await connection.execute("UPDATE messaging.outbox SET published_at = now()")
    await connection.execute("DELETE FROM messaging.due WHERE due_at <= now()")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return url, await count_rows(url)


async def _hear(service: Service, url: str) -> None:
    """Take in people, contacts and runs as events."""
    engine = create_engine(url)
    intake = Intake(sessions(engine), service.reactions(demo=False))
    for batch in _chunks(known(), MAX_RECORDS):
        taken = await intake.take(intake.read(batch))
        assert not taken.parked, "the prelude must apply"
    await engine.dispose()


async def drain(
    parts: Parts, scenario: Scenario, url: str, messages: Sequence[Any], group: str = ""
) -> float:
    """The service's own consumer over the real topic, from the first batch's commit to the last one's.

    `group` goes on where it stopped; without one a new group begins at the beginning.
    """
    settings = Settings(
        database_url=url, **parts.kafka.cluster.settings(), secret="x" * 32, max_records=MAX_RECORDS
    )
    await parts.produce(messages)
    runtime = Runtime(
        replace(scenario.service, name=group or f"{scenario.service.name}-{uuid4().hex[:8]}", loops=()),
        settings,
    )
    done, clock = asyncio.Event(), Clock(len(messages))

    async def take(batch: Any, take: Any = runtime.intake.take) -> Any:
        taken = await take(batch)
        assert not taken.parked, "a benchmark's event must apply"
        if clock.count(taken.applied):
            done.set()
        return taken

    runtime.intake.take = take  # type: ignore[method-assign] # counts what the real one did
    await runtime.consumer.start()
    async with asyncio.timeout(LIMIT_SECONDS):
        await done.wait()
    await runtime.consumer.stop()
    await runtime.engine.dispose()
    return clock.rate


def _chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
