"""Sessions that ended before their time: signed out, the role taken away, the person gone.

Enrollment, where people sign in, tells it on `enrollment.sessions`; every service remembers it until the session would
have ended by itself.
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.events import Event
from bina.events.enrollment import AsnErased, AsnMerged, SessionEnded
from bina.messaging import Handlers, columns
from bina.web.sessions.kept_forms import forget_of

handlers = Handlers()
LOOK_SECONDS = 1.0
ASK_SECONDS = 2.0
MARGIN = timedelta(minutes=2)
"""How far clocks of two machines may lie apart: an end is remembered for so much longer than its session would last."""
_LATE = timedelta(seconds=90)
"""Transactions end within 60 s: who noted an end before so long is seen by now."""

_ADD = text(
    """INSERT INTO web.ended_sessions (session_id, until)
    SELECT * FROM unnest(CAST(:session_id AS uuid[]), CAST(:until AS timestamptz[])) ORDER BY 1
    ON CONFLICT (session_id) DO NOTHING"""
)
_FORGET = text("DELETE FROM web.ended_sessions WHERE until < now()")
# By the server's clock, too: were it put back, what was noted before it would hide what comes.
_SINCE = text(
    """SELECT session_id, until, noted_at FROM web.ended_sessions
    WHERE noted_at > least(CAST(:since AS timestamptz), now() - interval '90 s') AND until > now()"""
)


class End(NamedTuple):
    """A session, and until when it has to be remembered that it ended."""

    session_id: UUID
    until: datetime


async def add_ended(session: AsyncSession, ends: Iterable[End]) -> None:
    """Remember ends, and forget those that no token outlives."""
    await session.execute(_FORGET)
    kept = {End(end.session_id, end.until + MARGIN) for end in ends}
    await session.execute(_ADD, columns(kept, "session_id", "until"))


@handlers.on(SessionEnded)
async def on_session_ended(events: list[SessionEnded], session: AsyncSession) -> list[Event]:
    """Take no more requests by these sessions."""
    await add_ended(session, (End(event.session_id, event.until) for event in events))
    return []


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Keep no forms of theirs."""
    await forget_of(session, (event.asn_id for event in events))
    return []


@handlers.on(AsnMerged)
async def on_asn_merged(events: list[AsnMerged], session: AsyncSession) -> list[Event]:
    """Keep no forms that nobody can come back to: the sessions of the record that has gone are over."""
    await forget_of(session, (event.asn_id for event in events))
    return []


class Ended:
    """Which sessions have ended, as one worker knows: asked anew when somebody comes by one, at most once a second."""

    def __init__(self) -> None:
        self._until: dict[UUID, datetime] = {}
        self._since = datetime.fromtimestamp(0, UTC)
        self._asked = -LOOK_SECONDS
        self._failed: Exception | None = None
        self._asking = asyncio.Lock()

    async def has(self, session_id: UUID, make: async_sessionmaker[AsyncSession]) -> bool:
        """Whether the session has ended before its time, by what the database of `make` says.

        Raises what went wrong when it was last asked, for as long as the answer would be a guess.
        """
        if session_id in self._until:
            return True
        if time.monotonic() - self._asked >= LOOK_SECONDS:
            async with self._asking:
                if time.monotonic() - self._asked >= LOOK_SECONDS:
                    await self._try(make)
        if self._failed is not None:
            raise self._failed
        return session_id in self._until

    async def _try(self, make: async_sessionmaker[AsyncSession]) -> None:
        """One question for all who wait; after a failure, too, the next comes a second later."""
        begun, self._failed = time.monotonic(), None
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._ask(make)
        except Exception as error:  # noqa: BLE001 - raised to everybody who asks within this second
            self._failed, begun = error, time.monotonic()
        self._asked = begun

    async def _ask(self, make: async_sessionmaker[AsyncSession]) -> None:
        async with make() as session:
            rows = (await session.execute(_SINCE, {"since": self._since - _LATE})).all()
        now = datetime.now(UTC)
        self._until = {id_: until for id_, until in self._until.items() if until > now}
        self._until |= {row.session_id: row.until for row in rows}
        self._since = max((row.noted_at for row in rows), default=self._since)
