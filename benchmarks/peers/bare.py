"""The bare loop: aiokafka `getmany`, JSON decoded, one `INSERT … SELECT FROM unnest` per table and batch, one commit.

Follows aiokafka's manual commit ("Consumer Usage: Manual vs automatic committing" and "Detecting Consumer Group
Rebalances" of its documentation, at least once): commit of offsets after the transaction, `enable_auto_commit=False`.
"""

import itertools
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from benchmarks.parts import connect
from benchmarks.peers.rows import Table, Work, as_array
from benchmarks.rate import Clock


@dataclass(frozen=True)
class _Insert:
    """A table's rows turned into columns, with the statement that writes them."""

    table: Table
    sql: str
    columns: list[list[Any]]

    async def write(self, connection: Any, low: int, high: int, events: int) -> None:
        rows = len(self.table.records)
        first, last = rows * low // events, rows * high // events
        if last > first:
            await connection.execute(self.sql, *(column[first:last] for column in self.columns))


async def bare(work: Work) -> float:
    """Events per second."""
    connection = await connect(work.url)
    inserts = [_insert(table) for table in work.tables]
    consumer = AIOKafkaConsumer(
        work.topic,
        **work.cluster.client(),
        group_id=uuid4().hex,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2 * 1024 * 1024,
    )
    await consumer.start()
    clock, done = Clock(work.wanted), False
    while not done:
        found = await consumer.getmany(timeout_ms=1000, max_records=work.batch)
        records = list(itertools.chain.from_iterable(found.values()))
        for record in records:
            json.loads(record.value)
        async with connection.transaction():
            for insert in inserts:
                await insert.write(connection, clock.seen, clock.seen + len(records), work.events)
        await consumer.commit()
        done = bool(records) and clock.count(len(records))
    await consumer.stop()
    await connection.close()
    return clock.rate


def _insert(table: Table) -> _Insert:
    # An array of arrays would unnest flat, so such columns travel as text.
    plain = ["text" if kind.endswith("[]") else kind for kind in table.kinds]
    sources = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(plain, 1))
    chosen = ", ".join(f'"{name}"::{kind}' for name, kind in zip(table.columns, table.kinds, strict=True))
    sql = (
        f"INSERT INTO {table.name} ({table.listed}) SELECT {chosen} "
        f"FROM unnest({sources}) AS n ({table.listed}) ON CONFLICT DO NOTHING"
    )
    columns = [list(column) for column in zip(*table.records, strict=True)]
    return _Insert(
        table,
        sql,
        [
            [as_array(value) for value in column] if kind.endswith("[]") else column
            for kind, column in zip(table.kinds, columns, strict=True)
        ],
    )
