"""A service's real handlers, topic to committed effects and outbox, beside two ways of writing the same rows.

Bare: an aiokafka `getmany` loop that decodes JSON and writes the very rows that the handlers left, with
`unnest`, in one transaction per batch. One at a time: FastStream's plain subscriber, a session, a commit and a
publish for each message, rows through SQLAlchemy. Neither baseline thinks: the rows are given to it.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from sqlalchemy import text

from bina.messaging import Runtime, Service, Settings
from bina.messaging.database import create_engine, sessions
from bina.messaging.intake import Intake

from .figures import Figure, figure, say
from .parts import Parts, connect
from .scenarios import SCENARIOS, Scenario, known

EVENTS = 30_000
ONE_BY_ONE = 400
MAX_RECORDS = 1000


@dataclass
class Table:
    """Rows that the handlers left in one table, in the order of their writing, as JSON."""

    name: str
    columns: str
    rows: list[str]


async def measure(parts: Parts, runs: int, only: str = "") -> list[Figure]:
    """For every service: its handlers against both baselines."""
    figures = []
    for scenario in SCENARIOS:
        if not only or only.endswith(scenario.service.name):
            figures += await _measure(parts, scenario, runs)
    return figures


async def _measure(parts: Parts, scenario: Scenario, runs: int) -> list[Figure]:
    name = scenario.service.name
    real, bare, single = [], [], []
    for number in range(runs):
        url, before = await _prepared(parts, scenario)
        messages = scenario.load(EVENTS)
        topic = await parts.topic()
        real.append(await _real(parts, scenario, url, messages))
        tables = await _left(url, before)
        bare_url, _ = await _prepared(parts, scenario)
        await parts.produce(messages, topic)
        bare.append(await _bare(parts, bare_url, topic, tables, len(messages)))
        single_url, _ = await _prepared(parts, scenario)
        single.append(await _one_by_one(parts, single_url, topic, tables, len(messages)))
        say(
            f"{name} run {number + 1}: {real[-1]:,.0f}/s, bare {bare[-1]:,.0f}/s, one at a time {single[-1]:,.0f}/s"
        )
    rows = sum(len(table.rows) for table in tables) / EVENTS
    note = f"{rows:.1f} rows per event"
    return [
        figure(f"handlers.{name}", real, "events/s", bare, f"bare getmany + unnest, {note}"),
        figure(f"handlers.{name}.single", real, "events/s", single, "FastStream one message at a time"),
    ]


async def _prepared(parts: Parts, scenario: Scenario) -> tuple[str, dict[str, int]]:
    """A database that knows the people and runs; how many rows each table has."""
    url = await parts.database(scenario.service)
    await (scenario.prepare or partial(_hear, scenario.service))(url)
    connection = await connect(url)
    await connection.execute("UPDATE messaging.outbox SET published_at = now()")
    await connection.execute("DELETE FROM messaging.due WHERE due_at <= now()")
    counts = {t: await connection.fetchval(f"SELECT count(*) FROM {t}") for t in await _tables(connection)}
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return url, counts


async def _hear(service: Service, url: str) -> None:
    """Take in people, contacts and runs as events."""
    engine = create_engine(url)
    intake = Intake(sessions(engine), service.reactions(demo=False))
    for batch in _chunks(known(), MAX_RECORDS):
        taken = await intake.take(intake.read(batch))
        assert not taken.parked, "the prelude must apply"
    await engine.dispose()


async def _real(parts: Parts, scenario: Scenario, url: str, messages: Sequence[Any]) -> float:
    """The service's own consumer over the real topic, from the first batch's commit to the last one's."""
    settings = Settings(
        database_url=url, kafka=parts.kafka.bootstrap, secret="x" * 32, max_records=MAX_RECORDS
    )
    await parts.produce(messages)
    runtime = Runtime(
        replace(scenario.service, name=f"{scenario.service.name}-{uuid4().hex[:8]}", loops=()), settings
    )
    done, clock = asyncio.Event(), _Clock(len(messages))

    async def take(batch: Any, take: Any = runtime.intake.take) -> Any:
        taken = await take(batch)
        assert not taken.parked, "a benchmark's event must apply"
        if clock.count(taken.applied):
            done.set()
        return taken

    runtime.intake.take = take  # type: ignore[method-assign] # counts what the real one did
    await runtime.consumer.start()
    async with asyncio.timeout(300):
        await done.wait()
    await runtime.consumer.stop()
    await runtime.engine.dispose()
    return clock.rate


class _Clock:
    """Runs from the first count, so that nothing done to get going is in the rate."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.seen, self.first, self.started, self.ended = wanted, 0, 0, 0.0, 0.0

    def count(self, applied: int) -> bool:
        self.seen += applied
        self.ended = time.perf_counter()
        if not self.started:
            self.first, self.started = applied, self.ended
        return self.seen >= self.wanted

    @property
    def rate(self) -> float:
        assert self.seen > self.first, "one batch alone has no rate"
        return (self.seen - self.first) / (self.ended - self.started)


async def _tables(connection: Any) -> list[str]:
    """Every plain or partitioned table, parents before partitions' own names are left out."""
    rows = await connection.fetch(
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'messaging')
        AND c.relname <> 'alembic_version' ORDER BY c.oid"""
    )
    return [row["name"] for row in rows]


async def _left(url: str, before: dict[str, int]) -> list[Table]:
    """The rows that a run added, per table, as JSON texts ready for `jsonb_populate_record`-free unnesting."""
    connection = await connect(url)
    tables = []
    for name, rows_before in before.items():
        columns = await connection.fetch(
            """SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0
            AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a' ORDER BY attnum""",
            name,
        )
        listed = ", ".join(f'"{row["attname"]}"' for row in columns)
        rows = await connection.fetch(
            f"SELECT row_to_json(t)::text AS row FROM (SELECT {listed} FROM {name} OFFSET $1) t", rows_before
        )
        if rows:
            tables.append(Table(name, listed, [row["row"] for row in rows]))
    await connection.close()
    return tables


async def _bare(parts: Parts, url: str, topic: str, tables: Sequence[Table], events: int) -> float:
    connection = await connect(url)
    columns = {table.name: await _typed(connection, table) for table in tables}
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=parts.kafka.bootstrap,
        group_id=uuid4().hex,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2 * 1024 * 1024,
    )
    await consumer.start()
    clock, done = _Clock(events), False
    while not done:
        found = await consumer.getmany(timeout_ms=1000, max_records=MAX_RECORDS)
        batch = list(itertools.chain.from_iterable(found.values()))
        for record in batch:
            json.loads(record.value)
        async with connection.transaction():
            for table in tables:
                low, high = (len(table.rows) * n // events for n in (clock.seen, clock.seen + len(batch)))
                await _write(connection, columns[table.name], low, high)
        await consumer.commit()
        done = bool(batch) and clock.count(len(batch))
    await consumer.stop()
    await connection.close()
    return clock.rate


@dataclass
class _Columns:
    """A table's rows turned into columns of Python values, with the statement that writes them."""

    sql: str
    values: list[list[Any]]


async def _typed(connection: Any, table: Table) -> _Columns:
    """Let PostgreSQL turn the JSON rows into typed columns, once, before the clock runs."""
    types = await connection.fetch(
        f"SELECT attname, format_type(atttypid, NULL) AS kind FROM pg_attribute WHERE attrelid = '{table.name}'::regclass AND attnum > 0"
    )
    kinds = {row["attname"]: row["kind"] for row in types}
    names = [name.strip('"') for name in table.columns.split(", ")]
    rows = await connection.fetch(
        f"SELECT {table.columns} FROM json_populate_recordset(NULL::{table.name}, $1::json)",
        f"[{','.join(table.rows)}]",
    )
    unnested, values = [], []
    for number, name in enumerate(names, 1):
        # An array of arrays would unnest flat, so such columns travel as text.
        plain = kinds[name] if not kinds[name].endswith("[]") else "text"
        unnested.append((f"${number}::{plain}[]", f'"{name}"::{kinds[name]}'))
        values.append([_array(row[name]) if plain != kinds[name] else row[name] for row in rows])
    sources = ", ".join(source for source, _ in unnested)
    chosen = ", ".join(cast for _, cast in unnested)
    sql = f"INSERT INTO {table.name} ({table.columns}) SELECT {chosen} FROM unnest({sources}) AS n ({table.columns}) ON CONFLICT DO NOTHING"
    return _Columns(sql, values)


def _array(value: Sequence[Any] | None) -> str | None:
    return (
        None
        if value is None
        else "{" + ",".join(json.dumps(str(item), ensure_ascii=False) for item in value) + "}"
    )


async def _write(connection: Any, columns: _Columns, low: int, high: int) -> None:
    """Write a table's rows from `low` up to `high`."""
    if high > low:
        await connection.execute(columns.sql, *(column[low:high] for column in columns.values))


async def _one_by_one(parts: Parts, url: str, topic: str, tables: Sequence[Table], events: int) -> float:
    """FastStream as its documentation begins: a handler per message, a session, a commit, a publish."""
    engine = create_engine(url)
    make = sessions(engine)
    connection = await connect(url)
    columns = {table.name: await _typed(connection, table) for table in tables}
    await connection.close()
    broker = KafkaBroker(parts.kafka.bootstrap, logger=None, apply_types=False)
    clock, done = _Clock(ONE_BY_ONE), asyncio.Event()
    outgoing = sum(len(t.rows) for t in tables if t.name == "messaging.outbox") / events
    # The same work, a row at a time: share n of every table belongs to message n.
    numbers = itertools.count()

    @broker.subscriber(
        topic, group_id=uuid4().hex, auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR
    )
    async def take(_: Any) -> None:
        number = next(numbers)
        async with make() as session, session.begin():
            for table in tables:
                await _rows_one_by_one(session, columns[table.name], len(table.rows), number, events)
        for _ in range(round(outgoing)):
            await broker.publish({"number": number}, sink)
        if clock.count(1):
            done.set()

    sink = await parts.topic()
    await broker.start()
    async with asyncio.timeout(120):
        await done.wait()
    await broker.stop()
    await engine.dispose()
    return clock.rate


async def _rows_one_by_one(session: Any, columns: _Columns, rows: int, number: int, events: int) -> None:
    sql = columns.sql
    for index in range(len(columns.values), 0, -1):
        sql = sql.replace(f"${index}::", f":c{index}\\:\\:")
    for row in range(rows * number // events, rows * (number + 1) // events):
        await session.execute(text(sql), {f"c{i}": [c[row]] for i, c in enumerate(columns.values, 1)})


def _chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
