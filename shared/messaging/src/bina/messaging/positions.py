"""Up to where each partition is applied, told by the database itself.

The broker's committed offset follows the database's commit and lies with the broker: whoever restores one of the two,
resets a group or makes a topic anew has it lie. What is written here is written with the effects themselves.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from . import held
from .reading import Reached

LATE = -2
"""Timestamp of a position that is the group's: workers of the release before positions may move the group on."""

# Every batch asks this, so it is part of its first question. The rows go in order, so that two workers never wait in a
# circle; a frozen worker that wakes up late takes nothing back.
BEGUN = """reached AS (
        INSERT INTO messaging.positions AS p (topic, "partition", next_offset, last_timestamp)
        SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]),
            CAST(:timestamps AS bigint[])) ORDER BY 1, 2
        ON CONFLICT (topic, "partition") DO UPDATE
        SET next_offset = excluded.next_offset, last_timestamp = excluded.last_timestamp
        WHERE p.next_offset < excluded.next_offset),
    begun AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(:lock))"""
"""How a batch begins: it reaches these positions if it commits, and nobody releases held messages until it ends. What is
asked FROM begun comes after it."""
_BEGIN = text(f"WITH {BEGUN} SELECT FROM begun")
_LOAD = text(
    """SELECT topic, "partition", next_offset, last_timestamp FROM messaging.positions
    WHERE topic = ANY (CAST(:topics AS text[]))"""
)
_MEET = text(
    """INSERT INTO messaging.positions (topic, "partition", next_offset, last_timestamp)
    SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]),
        CAST(:timestamps AS bigint[])) ORDER BY 1, 2 ON CONFLICT DO NOTHING"""
)
_SET = text(
    """INSERT INTO messaging.positions (topic, "partition", next_offset, last_timestamp)
    SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]),
        CAST(:timestamps AS bigint[])) ORDER BY 1, 2
    ON CONFLICT (topic, "partition") DO UPDATE
    SET next_offset = excluded.next_offset, last_timestamp = excluded.last_timestamp"""
)
_TAKE_OVER = text(
    f"""UPDATE messaging.positions p SET next_offset = greatest(p.next_offset, n.committed), last_timestamp = -1
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:committed AS bigint[]))
        AS n (topic, "partition", committed)
    WHERE p.topic = n.topic AND p."partition" = n."partition" AND p.last_timestamp = {LATE}"""  # noqa: S608 - a number
)
_LATE = text(
    """SELECT NOT EXISTS (SELECT FROM messaging.positions) AND (EXISTS (SELECT FROM messaging.inbox)
        OR EXISTS (SELECT FROM messaging.inbox_foreign) OR EXISTS (SELECT FROM messaging.facts))"""
)


async def begin(session: AsyncSession, reached: Reached) -> None:
    """Begin a batch that has nothing to ask."""
    await session.execute(_BEGIN, values(reached))


def values(reached: Reached) -> dict[str, Any]:
    """The parameters of `BEGUN`."""
    return {**_columns(reached), "lock": held.LOCK}


async def load(session: AsyncSession, topics: Iterable[str]) -> Reached:
    """Positions of these topics' partitions; a timestamp below 0 says that no record was met yet."""
    rows = await session.execute(_LOAD, {"topics": list(topics)})
    return {(row.topic, row.partition): (row.next_offset, row.last_timestamp) for row in rows}


async def meet(session: AsyncSession, reached: Reached) -> None:
    """Write positions of partitions that nobody met before; where another worker was quicker, its own stay."""
    await session.execute(_MEET, _columns(reached))


async def write(session: AsyncSession, reached: Reached) -> None:
    """Set positions, backwards too."""
    await session.execute(_SET, _columns(reached))


async def take_over(session: AsyncSession, committed: Mapping[TopicPartition, int | None]) -> None:
    """From now on these partitions are moved by who writes positions: up to the group's offset all is applied."""
    columns = {"topics": [p.topic for p in committed], "partitions": [p.partition for p in committed]}
    await session.execute(_TAKE_OVER, {**columns, "committed": list(committed.values())})


async def kept_late(session: AsyncSession) -> bool:
    """Whether messages were taken before positions were kept: then the group's offsets are all that is known."""
    return bool(await session.scalar(_LATE))


def _columns(reached: Reached) -> dict[str, list[Any]]:
    return {
        "topics": [topic for topic, _ in reached],
        "partitions": [partition for _, partition in reached],
        "offsets": [offset for offset, _ in reached.values()],
        "timestamps": [timestamp for _, timestamp in reached.values()],
    }
