"""Up to where each partition is applied, told by the database itself.

The broker's committed offset follows the database's commit and lies with the broker: whoever restores one of the two,
resets a group or makes a topic anew has it lie. What is written here is written with the effects themselves.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from . import held
from .reading import Reached

# One question for both, since every batch asks it. The rows go in order, so that two workers never wait in a circle;
# a frozen worker that wakes up late takes nothing back.
_BEGIN = text(
    """WITH reached AS (
        INSERT INTO messaging.positions AS p (topic, "partition", next_offset, last_timestamp)
        SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]),
            CAST(:timestamps AS bigint[])) ORDER BY 1, 2
        ON CONFLICT (topic, "partition") DO UPDATE
        SET next_offset = excluded.next_offset, last_timestamp = excluded.last_timestamp
        WHERE p.next_offset < excluded.next_offset)
    SELECT pg_advisory_xact_lock_shared(:lock)"""
)


async def begin(session: AsyncSession, reached: Reached) -> None:
    """A batch begins: it reaches these positions if it commits, and nobody releases held messages until it ends."""
    await session.execute(
        _BEGIN,
        {
            "topics": [topic for topic, _ in reached],
            "partitions": [partition for _, partition in reached],
            "offsets": [offset for offset, _ in reached.values()],
            "timestamps": [timestamp for _, timestamp in reached.values()],
            "lock": held.LOCK,
        },
    )
