"""What the service tells, stored in the transaction that made it true."""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils
import uuid_utils.compat as uuids
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Envelope, Event

from . import clock
from .database import statement
from .records import encode_value, has_nul

trace: ContextVar[str] = ContextVar("traceparent", default="")
"""W3C traceparent of the request or message being worked on."""

# Counting up the stream takes its row lock before the outbox id is drawn, so ids rise with versions per key. What
# facts of one stream have in common is sent once.
_ADD = statement(
    """WITH stream AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:topic AS text[]), CAST(:key AS text[]), CAST(:many AS int[])) WITH ORDINALITY
            AS n (topic, key, many, place)),
    counted AS (
        INSERT INTO messaging.streams AS s (topic, key, version)
        SELECT topic, key, many FROM stream ORDER BY topic, key
        ON CONFLICT (topic, key) DO UPDATE SET version = s.version + excluded.version
        RETURNING topic, key, version)
    INSERT INTO messaging.outbox (topic, key, version, event_id, type, time, correlation_id, causation_id,
        traceparent, value)
    SELECT topic, key, version - many + nth, event_id, type, :at, correlation_id, causation_id, traceparent, value
    FROM unnest(CAST(:stream AS int[]), CAST(:nth AS int[]), CAST(:event_id AS uuid[]), CAST(:type AS text[]),
        CAST(:correlation AS text[]), CAST(:causation AS text[]), CAST(:trace AS text[]), CAST(:value AS bytea[]))
        WITH ORDINALITY
        AS told (place, nth, event_id, type, correlation_id, causation_id, traceparent, value, ord)
    JOIN stream USING (place) JOIN counted USING (topic, key) ORDER BY ord""",
    "at",
)


async def emit(session: AsyncSession, events: Sequence[Event], *, at: datetime | None = None) -> None:
    """Tell facts, in order, with this transaction; the relay publishes them after the commit.

    `at` is their business time (now, if left out). A fact told `because` of another keeps its correlation.
    """
    if events:
        await session.execute(_ADD, {**_rows(events), "at": at or clock.now()})
        session.info["told"] = True


def _rows(events: Sequence[Event]) -> dict[str, list[Any]]:
    # The library's own UUIDs: to make, write and send them takes a third of what Python's take.
    ids = [uuid_utils.uuid7() for _ in events]
    causes = [event.cause for event in events]
    here = trace.get()
    return {
        **_streams(events),
        "event_id": list(ids),
        "type": [event.type for event in events],
        "correlation": [_correlation(c, own) for c, own in zip(causes, ids, strict=True)],
        "causation": [cause.id if cause else "" for cause in causes],
        "trace": [(cause.traceparent if cause else "") or here for cause in causes],
        "value": [_value(event) for event in events],
    }


def _streams(events: Sequence[Event]) -> dict[str, list[Any]]:
    """The distinct streams with how many facts each gets; per fact its stream's place and its number there, from 1."""
    names = [(event.destination, event.key) for event in events]
    counts: dict[tuple[str, str], int] = {}
    nth = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        nth.append(counts[name])
    places = {name: place for place, name in enumerate(counts, 1)}
    return {
        "topic": [topic for topic, _ in counts],
        "key": [key for _, key in counts],
        "many": list(counts.values()),
        "stream": [places[name] for name in names],
        "nth": nth,
    }


def _value(event: Event) -> bytes | None:
    """What every consumer can read: they refuse a NUL, and a fact that nobody can take would block its key for ever."""
    value = encode_value(event)
    if value is not None and has_nul(value):
        raise ValueError(f"{event.type} of {event.key}: a text holds a NUL character")
    return value


def _correlation(cause: Envelope | None, own: object) -> str:
    return (cause.correlation_id or cause.id) if cause else str(own)


def new_id() -> UUID:
    """A UUIDv7: time-ordered, so inserts stay at the index's right edge."""
    return uuids.uuid7()
