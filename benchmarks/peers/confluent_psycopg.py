"""confluent-kafka's Consumer with psycopg 3, batch by batch, as both documentations advise.

confluent-kafka, "Consumer: synchronous commits": `consume(num_messages, timeout)` gives lists, and for at least once
`enable.auto.commit` is off and `commit(asynchronous=False)` follows the work. psycopg, "Using COPY TO and COPY FROM":
COPY is the fast way for many rows (`copy.write_row`, in its text form: JSON and arrays come as text); "Differences from psycopg2" and "Pipeline
mode": `executemany` sends its rows as a pipeline. COPY takes no ON CONFLICT, so a batch that is read twice would fail
there; it stands here as the fastest that a peer can be, `executemany` as what can be repeated.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import psycopg
from confluent_kafka import Consumer
from psycopg import sql

from benchmarks.peers.rows import Table, Work
from benchmarks.rate import Clock
from bina_local.access import librdkafka

Write = Callable[[psycopg.Cursor[Any], Table, Sequence[tuple[Any, ...]]], None]
POLL_SECONDS = 0.1
"""`consume` waits so long for a batch to fill: a longer wait for the last, smaller one would count against it."""


async def copied(work: Work) -> float:
    """Events per second with COPY."""
    return await asyncio.to_thread(_run, work, _copy)


async def executed(work: Work) -> float:
    """Events per second with `executemany`."""
    return await asyncio.to_thread(_run, work, _execute)


def _run(work: Work, write: Write) -> float:
    consumer = Consumer(
        {
            **librdkafka(work.cluster),
            "group.id": uuid4().hex,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([work.topic])
    clock, done = Clock(work.wanted), False
    with psycopg.connect(work.url.replace("+asyncpg", "")) as connection:
        while not done:
            messages = consumer.consume(num_messages=work.batch, timeout=POLL_SECONDS)
            for message in messages:
                assert message.error() is None, message.error()
                json.loads(message.value() or b"null")
            low, high = clock.seen, min(clock.seen + len(messages), work.events)
            with connection.transaction(), connection.cursor() as cursor:
                for table in work.tables:
                    write(cursor, table, table.share(low, high, work.events))
            if messages:
                consumer.commit(asynchronous=False)
                done = clock.count(len(messages))
    consumer.close()
    return clock.rate


def _copy(cursor: psycopg.Cursor[Any], table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(_named(table), _columns(table))
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _execute(cursor: psycopg.Cursor[Any], table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    values = sql.SQL(", ").join([sql.Placeholder()] * len(table.columns))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
        _named(table), _columns(table), values
    )
    cursor.executemany(statement, rows)


def _named(table: Table) -> sql.Identifier:
    return sql.Identifier(*table.name.split("."))


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in table.columns)
