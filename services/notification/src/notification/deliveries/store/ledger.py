"""Who was told what, when, by which channel, or why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import statement
from bina.web.permissions import Reach
from bina.web.tables import Asked, Key, Query, literal
from notification.cursors import Cursor
from notification.scope import PEOPLE

RETRY_WINDOW = timedelta(days=1)
RETRY_CHUNK = 5000

_ROWS = f"""SELECT n.notice_id, n.occurred_at, n.kind, n.read_at, n.recipient_id, n.about_id, d.channel, d.state,
        d.reason_code, d.reason, d.attempts, d.ended_at, d.send_before, coalesce(p.name, '') AS name,
        coalesce(t.programme_name, n.details->>'programme', '') AS programme
    FROM deliveries d JOIN notices n USING (notice_id)
    LEFT JOIN people p ON p.asn_id = n.recipient_id LEFT JOIN trainings t ON t.run_id = n.run_id
    WHERE {PEOPLE}"""  # noqa: S608 - constants only
# States stand in the text: the planner must know of each whether it is one of thousands or nearly all, and of the rare
# ones that an index holds them.
_STATES = ("waiting", "sending", "sent", "failed", "expired", "skipped")
NEWEST = (Key("occurred_at", "timestamptz"), Key("notice_id", "uuid"))
_COUNT_FAILED = text(
    f"""SELECT count(*) FROM deliveries d LEFT JOIN people p ON p.asn_id = d.recipient_id
    WHERE d.state = 'failed' AND {PEOPLE}"""  # noqa: S608 - constants only
)
_RETRY = statement(
    f"""WITH queued AS (
        UPDATE deliveries SET state = 'waiting', attempts = 0, reason_code = '', reason = '', ended_at = NULL,
            needs_address = false, not_before = '-infinity', send_before = greatest(send_before, :until)
        WHERE (notice_id, channel) IN (
            SELECT d.notice_id, d.channel FROM deliveries d LEFT JOIN people p ON p.asn_id = d.recipient_id
            WHERE d.state = 'failed' AND {PEOPLE}
                AND (CAST(:ids AS uuid[]) IS NULL OR d.notice_id = ANY (CAST(:ids AS uuid[])))
            ORDER BY d.notice_id LIMIT :chunk FOR UPDATE OF d SKIP LOCKED)
        RETURNING 1)
    SELECT count(*) FROM queued""",  # noqa: S608 - constants only
    "until",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are asked for; empty members ask for all."""

    states: Sequence[str] = ()
    name: str = ""
    recipient: UUID | None = None


async def find_deliveries(
    session: AsyncSession, reach: Reach, chosen: Filter, *, after: Cursor | None = None, limit: int = 50
) -> Sequence[Any]:
    """Deliveries in reach, newest notice first."""
    return await deliveries(reach, chosen).load(
        session, Asked("", descending=True, keys=NEWEST, after=after), limit
    )


def deliveries(reach: Reach, chosen: Filter) -> Query[Any]:
    """Deliveries in reach, in an order to be asked for."""
    states = " OR ".join(f"d.state = '{state}'" for state in _STATES if state in chosen.states)
    parts = {
        f" AND ({states})": bool(states),
        " AND n.recipient_id = CAST(:recipient AS uuid)": chosen.recipient is not None,
        " AND p.name ILIKE '%' || :name || '%'": bool(chosen.name),
    }
    values = {"recipient": chosen.recipient, "name": literal(chosen.name)}
    return Query(
        _ROWS + "".join(part for part, there in parts.items() if there), {**reach.parameters, **values}
    )


async def count_failed(session: AsyncSession, reach: Reach) -> int:
    """How many e-mails in reach were given up and can be tried again."""
    return int(await session.scalar(_COUNT_FAILED, reach.parameters) or 0)


async def retry_failed(
    session: AsyncSession, reach: Reach, business: datetime, notice_ids: Sequence[UUID] | None = None
) -> int:
    """Queue given-up e-mails in reach again, all if none are named, for one more day; returns how many."""
    queued = await session.scalar(
        _RETRY,
        {
            **reach.parameters,
            "ids": list(notice_ids) if notice_ids is not None else None,
            "until": business + RETRY_WINDOW,
            "chunk": RETRY_CHUNK,
        },
    )
    return int(queued)
