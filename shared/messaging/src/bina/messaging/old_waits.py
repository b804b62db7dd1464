"""Raising the alarm over messages that wait too long: the fact they need may never come by itself."""

import logging
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import agency

EVERY_SECONDS = 600.0
log = logging.getLogger(__name__)

_OLDEST = text(
    """SELECT fact, fact_key, topic, key, extract(epoch FROM now() - first_seen) AS seconds,
        (SELECT count(*) FROM messaging.held WHERE state IN ('waiting', 'behind')) AS many
    FROM messaging.held WHERE state = 'waiting' AND first_seen < now() - make_interval(secs => :seconds)
    ORDER BY first_seen LIMIT 1"""
)


@dataclass
class OldWaits:
    """Logs an error while a message waits longer than `seconds`, at most every ten minutes."""

    seconds: float
    _quiet_until: float = float("-inf")

    async def check(self, session: AsyncSession, now: float) -> None:
        """Look for the oldest wait. `now` counts seconds and never runs backwards."""
        if now < self._quiet_until:
            return
        oldest = (await session.execute(_OLDEST, {"seconds": self.seconds})).one_or_none()
        if oldest is not None:
            self._quiet_until = now + EVERY_SECONDS
            # Keys of agencies' topics are NIP, and so may be those that their messages wait for.
            named = not oldest.topic.startswith(f"{agency.INBOUND}.")
            log.error(
                "%s has waited %d s for %s; %d messages wait",
                f"{oldest.topic} {oldest.key}" if named else f"a message of {oldest.topic}",
                oldest.seconds,
                f"{oldest.fact} {oldest.fact_key}" if named else oldest.fact,
                oldest.many,
            )
