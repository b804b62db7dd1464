"""Pages that renew themselves show the same people again and again: in one session and on one page each is noted once in a
quarter of an hour, in whichever worker; who is new is noted at once, and so are all whom a person calls up anew."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging.database import Session

EVERY = timedelta(minutes=15)
_KNOWN = """SELECT whom FROM audit.shown
    WHERE session_id = $1 AND page = $2 AND since > clock_timestamp() - $3::interval"""
# Locks the row, be it there or not: what another worker shows at the same moment is known to one of the two.
_TAKE = """INSERT INTO audit.shown AS s (session_id, page) VALUES ($1, $2)
    ON CONFLICT (session_id, page) DO UPDATE SET page = excluded.page
    RETURNING CASE WHEN since > clock_timestamp() - $3::interval THEN whom ELSE '{}' END AS whom"""
_ADD = """UPDATE audit.shown SET whom = CASE WHEN since > clock_timestamp() - $3::interval THEN whom || $4 ELSE $4 END,
        since = CASE WHEN since > clock_timestamp() - $3::interval THEN since ELSE clock_timestamp() END
    WHERE session_id = $1 AND page = $2"""
_BEGIN = """INSERT INTO audit.shown (session_id, page, whom, since) VALUES ($1, $2, $3, clock_timestamp())
    ON CONFLICT (session_id, page) DO UPDATE SET whom = excluded.whom, since = excluded.since"""

_FORGET = "DELETE FROM audit.shown WHERE since < clock_timestamp() - $1::interval"


class Place(NamedTuple):
    """One page in one session, and whether it renews itself or a person called it up."""

    session_id: UUID
    page: UUID
    renews: bool


def follow(request: Request) -> None:
    """This page, or a part of a sibling's, will be asked for again by itself."""
    request.state.follows = True


def place_of(request: Request) -> Place | None:
    """Where people are shown again and again; None where only a person asks."""
    session = getattr(request.state, "session", None)
    if session is None or not getattr(request.state, "follows", False):
        return None
    page = _digest(f"{request.url.path}?{request.url.query}")
    return Place(session.session_id, page, "x-live" in request.headers)


async def unnoted(session: AsyncSession, place: Place, named: Sequence[str]) -> list[str]:
    """Those of the named who are to be noted; from then on, if this transaction succeeds, they are."""
    assert isinstance(session, Session)
    digests = {_digest(f"{place.session_id} {name}"): name for name in named}
    at = (place.session_id, place.page)
    if not place.renews:
        await session.fetch(_BEGIN, *at, list(digests))
        return list(named)
    known = await session.fetch(_KNOWN, *at, EVERY)
    if known and digests.keys() <= set(known[0]["whom"]):
        return []
    taken = await session.fetch(_TAKE, *at, EVERY)
    fresh = [digest for digest in digests if digest not in set(taken[0]["whom"])]
    if fresh:
        await session.fetch(_ADD, *at, EVERY, fresh)
    return [digests[digest] for digest in fresh]


async def forget(session: AsyncSession) -> None:
    """What no longer counts goes."""
    assert isinstance(session, Session)
    await session.fetch(_FORGET, EVERY)


def _digest(words: str) -> UUID:
    return UUID(bytes=blake2b(words.encode(), digest_size=16).digest())
