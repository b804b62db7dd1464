"""Messages that cannot be applied now, kept with their bytes: one table, one order per key.

`parked` failed or cannot be read; `waiting` lacks a fact of another topic; `behind` follows one of these of
its own key. While a key has a blocking row, later messages of that key queue up behind it.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from .records import Headers, Message

Stream = tuple[str, str]
Position = tuple[str, int, int]
"""Topic, partition, offset."""
LOCK = 7_001
"""Advisory lock: every batch shares it; a sweep or redrive, which releases held messages of any key, has it alone."""

_KNOWN_ASIDE = """EXISTS (SELECT FROM messaging.held a WHERE a.topic = n.topic AND a."partition" = n."partition"
    AND a.moved_from = n."offset" AND a.digest = decode(md5(n.event_id), 'hex') || sha256(coalesce(n.value, '')))"""
# A topic made anew counts its offsets from the start. Who is at its positions goes below all of them, by id: the order
# of a key is that of its offsets, too.
_MOVE_ASIDE = text(
    f"""UPDATE messaging.held h SET moved_from = h."offset", "offset" = h.id - (1::bigint << 62)
    FROM unnest(CAST(:topic AS text[]), CAST(:partition AS int[]), CAST(:offset AS bigint[]),
        CAST(:event_id AS text[]), CAST(:value AS bytea[])) AS n (topic, "partition", "offset", event_id, value)
    WHERE h.topic = n.topic AND h."partition" = n."partition" AND h."offset" = n."offset"
        AND h.digest <> decode(md5(n.event_id), 'hex') || sha256(coalesce(n.value, '')) AND NOT {_KNOWN_ASIDE}"""  # noqa: S608 - as above
)
# A position is one row's: the release before says so in its ON CONFLICT, and runs beside this one for a while.
_HOLD = text(
    f"""INSERT INTO messaging.held (state, blocks, topic, key, "partition", "offset", record_key, headers, value,
        event_id, type, claimed, fact, fact_key, code, error, code_version)
    SELECT n.*, :code_version FROM unnest(CAST(:state AS text[]), CAST(:blocks AS boolean[]), CAST(:topic AS text[]),
        CAST(:key AS text[]), CAST(:partition AS int[]), CAST(:offset AS bigint[]), CAST(:record_key AS bytea[]),
        CAST(:headers AS jsonb[]), CAST(:value AS bytea[]), CAST(:event_id AS text[]), CAST(:type AS text[]),
        CAST(:claimed AS boolean[]), CAST(:fact AS text[]), CAST(:fact_key AS text[]), CAST(:code AS text[]),
        CAST(:error AS text[])) AS n (state, blocks, topic, key, "partition", "offset", record_key, headers, value,
        event_id, type, claimed, fact, fact_key, code, error)
    WHERE NOT {_KNOWN_ASIDE} ORDER BY n.topic, n."partition", n."offset"
    ON CONFLICT (topic, "partition", "offset") DO NOTHING RETURNING "partition", "offset", topic"""  # noqa: S608 - as above
)
_HOLD_AGAIN = text(
    """UPDATE messaging.held h SET state = n.state, blocks = n.blocks, fact = n.fact, fact_key = n.fact_key,
        code = n.code, error = n.error, claimed = n.claimed, code_version = :code_version,
        attempts = h.attempts + 1, last_tried = now()
    FROM unnest(CAST(:id AS bigint[]), CAST(:state AS text[]), CAST(:blocks AS boolean[]), CAST(:fact AS text[]),
        CAST(:fact_key AS text[]), CAST(:code AS text[]), CAST(:error AS text[]), CAST(:claimed AS boolean[]))
        AS n (id, state, blocks, fact, fact_key, code, error, claimed)
    WHERE h.id = n.id"""
)
_BLOCKED = text(
    """SELECT DISTINCT topic, key FROM messaging.held
    JOIN unnest(CAST(:topics AS text[]), CAST(:keys AS text[])) AS asked (topic, key) USING (topic, key)
    WHERE blocks AND state <> 'discarded'"""
)
_ROWS = """SELECT id, state, blocks, topic, key, "partition", "offset", record_key, headers, value, claimed
    FROM messaging.held"""
_LOAD = text(f"{_ROWS} WHERE id = ANY (CAST(:ids AS bigint[])) AND state <> 'discarded' ORDER BY id")
# The oldest of them all are of each stream its oldest.
_OF_STREAMS = text(
    f"""{_ROWS} WHERE blocks AND state <> 'discarded' AND id IN (
        SELECT h.id FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])) AS asked (topic, key)
        CROSS JOIN LATERAL (SELECT id FROM messaging.held h WHERE h.topic = asked.topic AND h.key = asked.key
            AND h.blocks AND h.state <> 'discarded' ORDER BY h.id LIMIT :most) h
        ORDER BY h.id LIMIT :most)
    ORDER BY id FOR UPDATE OF held"""  # noqa: S608 - our own words
)
_READY = text(
    """SELECT DISTINCT h.topic, h.key FROM messaging.held h JOIN messaging.facts f
    ON f.fact = h.fact AND f.key = h.fact_key WHERE h.state = 'waiting' LIMIT 1000"""
)
_FREED = text(
    """SELECT b.topic, b.key FROM (SELECT DISTINCT topic, key FROM messaging.held WHERE state = 'behind') b
    CROSS JOIN LATERAL (SELECT h.state FROM messaging.held h WHERE h.topic = b.topic AND h.key = b.key
        AND h.blocks AND h.state <> 'discarded' ORDER BY h.id LIMIT 1) first
    WHERE first.state = 'behind' LIMIT 1000"""
)


ERASED = "dihapus atas permintaan (UU 27/2022)"
"""Why messages of somebody who was erased are given up."""
# Given up before for another reason, they keep that reason; their bytes go all the same.
_GIVE_UP = text(
    """UPDATE messaging.held h SET state = 'discarded', discard_reason = coalesce(h.discard_reason, :reason),
        discarded_by = coalesce(h.discarded_by, ''), discarded_at = coalesce(h.discarded_at, now()),
        last_tried = now(), value = NULL, record_key = NULL, headers = '[]', error = ''
    FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])) AS asked (topic, key)
    WHERE h.topic = asked.topic AND h.key = asked.key"""
)


@dataclass(slots=True)
class Hold:
    """One message to keep, and why."""

    message: Message
    state: str
    code: str
    error: str = ""
    blocks: bool = True
    claimed: bool = True
    fact: str | None = None
    fact_key: str | None = None
    held_id: int | None = None


@cache
def code_version() -> str:
    """Which release kept the message, so that a redrive after a repair can be told apart."""
    try:
        return version("bina-messaging")
    except PackageNotFoundError:
        return "unknown"


async def lock_alone(session: AsyncSession) -> None:
    """No batch runs until this transaction ends: held messages of any key are released, or a command changes what
    batches rely on without a row to lock. To be asked for before any other lock, as a batch does."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


async def keep(session: AsyncSession, holds: Sequence[Hold]) -> set[Position]:
    """Store messages as they lie on the topics; those that were held before keep their place. Gives those new here."""
    # Ids are a key's order from here on, whatever kept each message: what cannot be read is found before all others.
    new = sorted((h for h in holds if h.held_id is None), key=lambda h: h.message.position)
    again = [hold for hold in holds if hold.held_id is not None]
    stored: set[Position] = set()
    if new:
        records = _records(new)
        placed = {name: records[name] for name in ("topic", "partition", "offset", "event_id", "value")}
        await session.execute(_MOVE_ASIDE, placed)
        values = {**_texts(new), **records, "code_version": code_version()}
        stored = {(row.topic, row.partition, row.offset) for row in await session.execute(_HOLD, values)}
    if again:
        ids = {"id": [hold.held_id for hold in again]}
        await session.execute(_HOLD_AGAIN, {**ids, **_texts(again), "code_version": code_version()})
    return stored


def _texts(holds: Sequence[Hold]) -> dict[str, list[Any]]:
    names = ("state", "blocks", "fact", "fact_key", "code", "claimed")
    errors = [hold.error[:2000].replace("\x00", "\ufffd") for hold in holds]
    return {name: [getattr(hold, name) for hold in holds] for name in names} | {"error": errors}


def _records(holds: Sequence[Hold]) -> dict[str, list[Any]]:
    messages = [hold.message for hold in holds]
    names = ("topic", "key", "partition", "offset", "record_key", "value")
    return {name: [getattr(message, name) for message in messages] for name in names} | {
        "headers": [_pack(message.headers) for message in messages],
        "event_id": [message.header("ce_id") for message in messages],
        "type": [message.header("ce_type") for message in messages],
    }


def _pack(headers: Headers) -> str:
    return json.dumps(
        [[name.replace("\x00", "\ufffd"), b64encode(value or b"").decode()] for name, value in headers]
    )


def message_of(row: Row[Any]) -> Message:
    """The message as it came."""
    packed = json.loads(row.headers) if isinstance(row.headers, str) else row.headers
    headers = tuple((name, b64decode(value)) for name, value in packed)
    return Message(row.topic, row.partition, row.offset, row.record_key, headers, row.value)


async def blocked(session: AsyncSession, streams: Iterable[Stream]) -> set[Stream]:
    """Which of the streams have a message held."""
    asked = list(set(streams))
    rows = await session.execute(_BLOCKED, _pairs(asked))
    return {(row.topic, row.key) for row in rows}


async def give_up(session: AsyncSession, streams: Iterable[Stream]) -> None:
    """Discard whatever is held of these streams, and its bytes: a tombstone says that there is nothing to know."""
    await session.execute(_GIVE_UP, {"reason": ERASED, **_pairs(sorted(set(streams)))})


async def load(session: AsyncSession, ids: Sequence[int]) -> list[Row[Any]]:
    """These rows, in their order."""
    return list(await session.execute(_LOAD, {"ids": list(ids)})) if ids else []


async def of_streams(session: AsyncSession, streams: Iterable[Stream], most: int) -> list[Row[Any]]:
    """The oldest held rows of the streams, in their order; locked, for another batch may learn the same fact now."""
    return list(await session.execute(_OF_STREAMS, {**_pairs(list(streams)), "most": most}))


async def tried(session: AsyncSession, ids: Sequence[int]) -> None:
    """Note that these were to be tried just now; a redrive does not try them once more."""
    if ids:
        await session.execute(
            text("UPDATE messaging.held SET last_tried = now() WHERE id = ANY (CAST(:ids AS bigint[]))"),
            {"ids": list(ids)},
        )


async def ready(session: AsyncSession) -> set[Stream]:
    """Streams with a message whose fact has come, or whose first obstacle is gone."""
    rows = [*await session.execute(_READY), *await session.execute(_FREED)]
    return {(row.topic, row.key) for row in rows}


async def forget(session: AsyncSession, ids: Sequence[int]) -> None:
    """Applied: the rows are done with."""
    if ids:
        await session.execute(
            text("DELETE FROM messaging.held WHERE id = ANY (CAST(:ids AS bigint[]))"), {"ids": list(ids)}
        )


def _pairs(streams: Sequence[Stream]) -> dict[str, list[str]]:
    return {"topics": [topic for topic, _ in streams], "keys": [key for _, key in streams]}


async def count_parked(session: AsyncSession, topics: Sequence[str]) -> dict[str, int]:
    """Open parked messages that block their key, per topic."""
    rows = await session.execute(
        text(
            """SELECT topic, count(*) AS n FROM messaging.held WHERE state = 'parked' AND blocks
            AND topic = ANY (CAST(:topics AS text[])) GROUP BY topic"""
        ),
        {"topics": list(topics)},
    )
    return {row.topic: row.n for row in rows}
