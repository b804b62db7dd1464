"""What is known of one agency's deliveries, for its page and its machines."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.agency import INBOUND
from enrollment.integration import store
from enrollment.integration.domain import DAYS, Refusal, Sum, days_until
from enrollment.integration.store import Came

READ = "integration.read"
_PARKED = text("SELECT count(*) FROM messaging.held WHERE state = 'parked' AND topic = :topic")


class Health(NamedTuple):
    """The last `DAYS` days by day, by way, by reason of refusal; messages of the topic that could not be applied."""

    topic: str
    days: Sequence[Sum]
    ways: Mapping[str, Came]
    refusals: Sequence[Refusal]
    parked: int


async def load(session: AsyncSession, agency: str, today: date) -> Health:
    """An agency's deliveries up to a day."""
    since, topic = today - timedelta(days=DAYS - 1), f"{INBOUND}.{agency}"
    return Health(
        topic,
        days_until(today, await store.load_days(session, agency, since)),
        await store.load_ways(session, agency, since),
        await store.load_refusals(session, agency, since),
        int(await session.scalar(_PARKED, {"topic": topic}) or 0),
    )
