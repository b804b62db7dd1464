"""FastStream with SQLModel, as both documentations begin: rows are model objects, added to a session and committed.

FastStream, "Kafka: Batch Subscriber" (`batch=True`, `max_records`) and "Acknowledgement" (`NACK_ON_ERROR`: a batch
that raises is read again, so at least once). SQLModel, "Create Rows": `Model(...)`, `session.add_all`,
`session.commit`, here with its own `AsyncSession`; SQLAlchemy turns a flush of many objects into multi-row INSERTs
("insertmanyvalues") by itself. FastStream's documentation shows the single subscriber first, so that stands here too.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast
from uuid import uuid4

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.security import SASLScram512
from pydantic import create_model
from sqlalchemy import Column, Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import Table as Reflected
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.peers.rows import Table, Work
from benchmarks.rate import Clock

Make = Callable[..., SQLModel]
LIMIT_SECONDS = 300


async def batches(work: Work) -> float:
    """Events per second of the batch subscriber."""
    writer = await Writer.of(work)
    broker, clock, done = _broker(work), Clock(work.wanted), asyncio.Event()

    @broker.subscriber(
        work.topic,
        group_id=uuid4().hex,
        auto_offset_reset="earliest",
        batch=True,
        max_records=work.batch,
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def take(messages: list[dict[str, Any]]) -> None:
        await writer.write(clock.seen, clock.seen + len(messages))
        if clock.count(len(messages)):
            done.set()

    return await _run(broker, writer, clock, done)


async def single(work: Work) -> float:
    """Events per second of the single subscriber."""
    writer = await Writer.of(work)
    broker, clock, done = _broker(work), Clock(work.wanted), asyncio.Event()

    @broker.subscriber(
        work.topic, group_id=uuid4().hex, auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR
    )
    async def take(message: dict[str, Any]) -> None:  # noqa: ARG001 - FastStream decodes by the name of the type
        if done.is_set():
            return
        await writer.write(clock.seen, clock.seen + 1)
        if clock.count(1):
            done.set()

    return await _run(broker, writer, clock, done)


def _broker(work: Work) -> KafkaBroker:
    signed = SASLScram512(work.cluster.user, work.cluster.password)
    return KafkaBroker(work.cluster.servers, security=signed, logger=None)


async def _run(broker: KafkaBroker, writer: "Writer", clock: Clock, done: asyncio.Event) -> float:
    await broker.start()
    async with asyncio.timeout(LIMIT_SECONDS):
        await done.wait()
    await broker.stop()
    await writer.engine.dispose()
    return clock.rate


class Writer:
    """Writes messages' rows as model objects, a session and a commit each time."""

    def __init__(self, engine: AsyncEngine, models: Sequence[tuple[Make, Table]], events: int) -> None:
        self.engine, self._models, self._events = engine, models, events

    @classmethod
    async def of(cls, work: Work) -> "Writer":
        """With a model per table, made from the table itself."""
        engine, metadata = create_async_engine(work.url), MetaData()
        async with engine.connect() as connection:
            for table in work.tables:
                await connection.run_sync(partial(_reflect, table, metadata))
        models = [(_model(metadata.tables[table.name], table), _decoded(table)) for table in work.tables]
        return cls(engine, models, work.events)

    async def write(self, low: int, high: int) -> None:
        """The rows of messages `low` to before `high`."""
        async with AsyncSession(self.engine) as session:
            for make, table in self._models:
                rows = table.share(low, high, self._events)
                session.add_all(make(**dict(zip(table.columns, row, strict=True))) for row in rows)
            await session.commit()


def _reflect(table: Table, metadata: MetaData, connection: Connection) -> None:
    schema, _, name = table.name.rpartition(".")
    Reflected(name, metadata, schema=schema or None, autoload_with=connection)


def _model(reflected: Reflected, table: Table) -> Make:
    """A table model with the columns that are written, and the key where the database makes it."""
    fields: dict[str, Any] = {
        column.name: (Any, Field(default=None, sa_column=_copied(column))) for column in reflected.columns
    }
    name = f"{table.name.replace('.', '_')}_{uuid4().hex[:8]}"
    arguments = {"__tablename__": reflected.name, "__table_args__": {"schema": reflected.schema}}
    base = type("Base", (SQLModel,), {**arguments, "metadata": MetaData(), "__module__": __name__})
    return cast("Make", create_model(name, __base__=base, __cls_kwargs__={"table": True}, **fields))


def _copied(column: Column[Any]) -> Column[Any]:
    return column._copy()  # noqa: SLF001 - SQLAlchemy has no other way to take a column to another table


def _decoded(table: Table) -> Table:
    """With JSON as Python values, as a model holds it."""
    places = [n for n, kind in enumerate(table.kinds) if kind in {"json", "jsonb"}]
    if not places:
        return table
    records = [
        tuple(json.loads(v) if n in places and v is not None else v for n, v in enumerate(row))
        for row in table.records
    ]
    return Table(table.name, table.columns, table.kinds, records)
