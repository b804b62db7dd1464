"""What the service tells, stored in the transaction that made it true."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import Any

import asyncpg
import uuid_utils
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event

from . import clock
from .database import driver, meanwhile, silence
from .held import Stream
from .records import encode_value, has_nul

trace: ContextVar[str] = ContextVar("traceparent", default="")
"""W3C traceparent of the request or message being worked on."""

# Counting up the stream takes its row lock before the outbox id is drawn, so ids rise with versions per key.
_COUNT = """INSERT INTO messaging.streams AS s (topic, key, version)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[]) ORDER BY 1, 2
    ON CONFLICT (topic, key) DO UPDATE SET version = s.version + excluded.version RETURNING topic, key, version"""
_TYPES = {
    "topic": "text",
    "key": "text",
    "version": "bigint",
    "event_id": "uuid",
    "type": "text",
    "time": "timestamptz",
    "correlation_id": "text",
    "causation_id": "text",
    "traceparent": "text",
    "value": "bytea",
}
_COLUMNS = ", ".join(_TYPES)
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_TYPES.values(), 4))
# The versions that come in count back from their stream's last.
# It must be sorted: ids are drawn above that sort, so after all counting, and in the order of the facts.
_TELL = f"""WITH counted AS ({_COUNT}) INSERT INTO messaging.outbox ({_COLUMNS})
    SELECT topic, key, n.version + counted.version, event_id, type, time, correlation_id, causation_id, traceparent, value
    FROM unnest({_ARRAYS}) WITH ORDINALITY AS n ({_COLUMNS}, place) JOIN counted USING (topic, key)
    ORDER BY place"""  # noqa: S608 - our own names
_Rows = Callable[[], list[list[Any]]]
FEW = 50
"""Up to so many facts go with one question. More are copied: that asks three, and costs less per fact."""


async def emit(
    session: AsyncSession,
    events: Sequence[Event],
    *,
    at: datetime | None = None,
    traces: Sequence[str] | None = None,
) -> None:
    """Tell facts, in order, with this transaction; the relay publishes them after the commit.

    `at` is their business time (now, if left out). A fact told `because` of another keeps its correlation. `traces`:
    which trace each belongs to, where they are of several requests.
    """
    if events:
        connection, streams = await driver(session), [(event.destination, event.key) for event in events]
        rows = partial(_rows, events, streams, at or clock.now(), traces or [trace.get()] * len(events))
        try:
            await (_tell if len(events) <= FEW else _copy)(connection, Counter(streams), rows)
        except asyncpg.PostgresError as error:
            silence(error)
            raise
        session.info["told"] = True


async def _tell(connection: "asyncpg.Connection[Any]", many: Counter[Stream], rows_of: _Rows) -> None:
    rows = rows_of()
    _number(rows, {stream: -count for stream, count in many.items()})
    await connection.execute(_TELL, *_columns(many), *zip(*rows, strict=True))


async def _copy(connection: "asyncpg.Connection[Any]", many: Counter[Stream], rows_of: _Rows) -> None:
    counted, rows = await meanwhile(connection.fetch(_COUNT, *_columns(many)), rows_of)
    _number(rows, {(topic, key): version - many[topic, key] for topic, key, version in counted})
    await connection.copy_records_to_table(
        "outbox", schema_name="messaging", columns=list(_TYPES), records=rows
    )


def _rows(
    events: Sequence[Event], streams: Sequence[Stream], time: datetime, traces: Sequence[str]
) -> list[list[Any]]:
    return [
        _row(event, stream, time, here) for event, stream, here in zip(events, streams, traces, strict=True)
    ]


def _columns(many: Mapping[Stream, int]) -> tuple[list[str], list[str], list[int]]:
    return [topic for topic, _ in many], [key for _, key in many], list(many.values())


def _row(event: Event, stream: Stream, time: datetime, here: str) -> list[Any]:
    """Its version, the third, is not known yet."""
    # The library's own UUIDs: to make, write and send them takes a third of what Python's take.
    own, cause = uuid_utils.uuid7(), event.cause
    correlation, causation = (cause.correlation_id or cause.id, cause.id) if cause else (str(own), "")
    came = here or (cause.traceparent if cause else "")
    return [*stream, 0, own, event.type, time, correlation, causation, came, _value(event)]


def _number(rows: Iterable[list[Any]], last: dict[Stream, int]) -> None:
    """Give each row its version: the one after `last` of its stream."""
    for row in rows:
        stream = row[0], row[1]
        row[2] = last[stream] = last[stream] + 1


def _value(event: Event) -> bytes | None:
    """What every consumer can read: they refuse a NUL, and a fact that nobody can take would block its key for ever."""
    value = encode_value(event)
    if value is not None and has_nul(value):
        raise ValueError(f"{event.type} of {event.key}: a text holds a NUL character")
    return value
