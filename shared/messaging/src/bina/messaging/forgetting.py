"""Whoever is erased goes from the tables of delivery too: parked bytes, facts told, answers of commands.

It reads these tables whole, so it is due work, not a command's. What is not published yet has to be published first.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from .held import Stream, lock_alone

_HELD = text(
    """DELETE FROM messaging.held WHERE key = :word OR strpos(headers::text, :word) > 0
    OR position(convert_to(:word, 'UTF8') IN coalesce(value, '')) > 0
    OR position(convert_to(:word, 'UTF8') IN coalesce(record_key, '')) > 0"""
)
_STREAMS = text("DELETE FROM messaging.streams WHERE key = :word")
# The answer stays, so that the command sent again does nothing again.
_COMMANDS = text(
    """UPDATE messaging.commands SET body = replace(body::text, :word, :instead)::jsonb
    WHERE strpos(body::text, :word) > 0"""
)
_NAMED = """(key = :word OR position(convert_to(:word, 'UTF8') IN coalesce(value, '')) > 0
    OR (value IS NOT NULL AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))))"""
_OUTBOX = text(f"DELETE FROM messaging.outbox WHERE published_at IS NOT NULL AND {_NAMED}")  # noqa: S608 - our own words
_LEFT = text(f"SELECT EXISTS (SELECT FROM messaging.outbox WHERE published_at IS NULL AND {_NAMED})")  # noqa: S608 - as above


async def forget(session: AsyncSession, word: str, instead: str, states: Sequence[Stream]) -> bool:
    """Take somebody's identifier `word` (a NIP) out, and what was told of them on the (topic, key) of `states`.

    Answers of commands say `instead` (an opaque id) from now on. False while something waits to be published: ask again.
    """
    streams = {"topics": [topic for topic, _ in states], "keys": [key for _, key in states]}
    await lock_alone(session)
    await session.execute(_HELD, {"word": word})
    await session.execute(_STREAMS, {"word": word})
    await session.execute(_COMMANDS, {"word": word, "instead": instead})
    await session.execute(_OUTBOX, {"word": word} | streams)
    return not await session.scalar(_LEFT, {"word": word} | streams)
