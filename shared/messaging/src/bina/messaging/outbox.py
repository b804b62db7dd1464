"""What the service tells, stored in the transaction that made it true."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import uuid_utils
import uuid_utils.compat as uuids
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event

from . import clock
from .database import driver, silence
from .held import Stream
from .records import encode_value, has_nul

trace: ContextVar[str] = ContextVar("traceparent", default="")
"""W3C traceparent of the request or message being worked on."""

# Counting up the stream takes its row lock before the outbox id is drawn, so ids rise with versions per key.
_TELL = """WITH told AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::bytea[]) WITH ORDINALITY AS n (topic, key, followers, event_id, type, correlation_id,
            causation_id, traceparent, value, nth)),
    counted AS (
        INSERT INTO messaging.streams AS s (topic, key, version)
        SELECT topic, key, count(*) FROM told GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (topic, key) DO UPDATE SET version = s.version + excluded.version RETURNING topic, key, version)
    INSERT INTO messaging.outbox (topic, key, version, event_id, type, time, correlation_id, causation_id,
        traceparent, value)
    SELECT topic, key, version - followers, event_id, type, $10::timestamptz, correlation_id, causation_id,
        traceparent, value
    FROM told JOIN counted USING (topic, key) ORDER BY nth"""


async def emit(session: AsyncSession, events: Sequence[Event], *, at: datetime | None = None) -> None:
    """Tell facts, in order, with this transaction; the relay publishes them after the commit.

    `at` is their business time (now, if left out). A fact told `because` of another keeps its correlation.
    """
    if events:
        streams = [(event.destination, event.key) for event in events]
        rows = zip(*_rows(events, streams), strict=True)
        try:
            await (await driver(session)).execute(_TELL, *map(list, rows), at or clock.now())
        except asyncpg.PostgresError as error:
            silence(error)
            raise
        session.info["told"] = True


def _rows(events: Sequence[Event], streams: Sequence[Stream]) -> Iterator[tuple[Any, ...]]:
    here = trace.get()
    followers = Counter(streams)
    for event, stream in zip(events, streams, strict=True):
        followers[stream] -= 1
        # The library's own UUIDs: to make, write and send them takes a third of what Python's take.
        own, cause = uuid_utils.uuid7(), event.cause
        told = (*stream, followers[stream], own, event.type)
        if cause is None:
            yield *told, str(own), "", here, _value(event)
        else:
            yield *told, cause.correlation_id or cause.id, cause.id, here or cause.traceparent, _value(event)


def _value(event: Event) -> bytes | None:
    """What every consumer can read: they refuse a NUL, and a fact that nobody can take would block its key for ever."""
    value = encode_value(event)
    if value is not None and has_nul(value):
        raise ValueError(f"{event.type} of {event.key}: a text holds a NUL character")
    return value


def new_id() -> UUID:
    """A UUIDv7: time-ordered, so inserts stay at the index's right edge."""
    return uuids.uuid7()
