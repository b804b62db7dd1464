"""What the service tells, stored in the transaction that made it true."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils
import uuid_utils.compat as uuids
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event

from . import clock
from .database import copy, meanwhile
from .held import Stream
from .records import encode_value, has_nul

trace: ContextVar[str] = ContextVar("traceparent", default="")
"""W3C traceparent of the request or message being worked on."""

# Counting up the stream takes its row lock before the outbox id is drawn, so ids rise with versions per key.
_COUNT_UP = text(
    """INSERT INTO messaging.streams AS s (topic, key, version)
    SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:many AS int[])) ORDER BY 1, 2
    ON CONFLICT (topic, key) DO UPDATE SET version = s.version + excluded.version RETURNING topic, key, version"""
)
_COLUMNS = (
    "topic",
    "key",
    "version",
    "event_id",
    "type",
    "time",
    "correlation_id",
    "causation_id",
    "traceparent",
    "value",
)


async def emit(session: AsyncSession, events: Sequence[Event], *, at: datetime | None = None) -> None:
    """Tell facts, in order, with this transaction; the relay publishes them after the commit.

    `at` is their business time (now, if left out). A fact told `because` of another keeps its correlation.
    """
    if events:
        streams = [(event.destination, event.key) for event in events]
        versions, values = await meanwhile(_count_up(session, streams), lambda: list(map(_value, events)))
        rows = _rows(events, streams, versions, values, at or clock.now())
        await copy(session, "messaging.outbox", _COLUMNS, rows)
        session.info["told"] = True


async def _count_up(session: AsyncSession, streams: Sequence[Stream]) -> dict[Stream, int]:
    """The version before the first of these facts, by stream."""
    many = Counter(streams)
    names = {"topics": [topic for topic, _ in many], "keys": [key for _, key in many]}
    counted = await session.execute(_COUNT_UP, {**names, "many": list(many.values())})
    return {(topic, key): version - many[topic, key] for topic, key, version in counted}


def _rows(
    events: Sequence[Event],
    streams: Sequence[Stream],
    versions: dict[Stream, int],
    values: Sequence[bytes | None],
    at: datetime,
) -> Iterator[tuple[Any, ...]]:
    here = trace.get()
    for event, stream, value in zip(events, streams, values, strict=True):
        versions[stream] += 1
        # The library's own UUIDs: to make, write and send them takes a third of what Python's take.
        own, cause = uuid_utils.uuid7(), event.cause
        told = (*stream, versions[stream], own, event.type, at)
        if cause is None:
            yield *told, str(own), "", here, value
        else:
            yield *told, cause.correlation_id or cause.id, cause.id, here or cause.traceparent, value


def _value(event: Event) -> bytes | None:
    """What every consumer can read: they refuse a NUL, and a fact that nobody can take would block its key for ever."""
    value = encode_value(event)
    if value is not None and has_nul(value):
        raise ValueError(f"{event.type} of {event.key}: a text holds a NUL character")
    return value


def new_id() -> UUID:
    """A UUIDv7: time-ordered, so inserts stay at the index's right edge."""
    return uuids.uuid7()
