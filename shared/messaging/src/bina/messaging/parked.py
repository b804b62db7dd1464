"""What operators see of held messages, and what they may do: redrive (see intake) or discard."""

import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class HeldMessage:
    """One held message. `headers` and `value` as text, damaged characters replaced; bytes stay in the table."""

    id: int
    state: str
    topic: str
    key: str
    partition: int
    offset: int
    type: str
    event_id: str
    code: str
    error: str
    code_version: str
    attempts: int
    first_seen: datetime
    last_tried: datetime
    blocks: bool
    behind: int
    headers: dict[str, str]
    value: str | None


_SELECT = """SELECT h.*, (SELECT count(*) FROM messaging.held b WHERE b.topic = h.topic AND b.key = h.key
        AND b.state = 'behind' AND h.blocks) AS behind FROM messaging.held h"""


async def find(
    session: AsyncSession, *, states: tuple[str, ...] = ("parked",), limit: int = 200
) -> list[HeldMessage]:
    """Held messages, oldest first."""
    rows = await session.execute(
        text(f"{_SELECT} WHERE h.state = ANY (CAST(:states AS text[])) ORDER BY h.id LIMIT :limit"),
        {"states": list(states), "limit": limit},
    )
    return [_held(row) for row in rows]


async def load(session: AsyncSession, held_id: int) -> HeldMessage | None:
    """One held message, or None."""
    row = (await session.execute(text(f"{_SELECT} WHERE h.id = :id"), {"id": held_id})).one_or_none()
    return _held(row) if row else None


async def discard(session: AsyncSession, held_id: int, reason: str) -> bool:
    """Give a parked message up, for a reason that stays with it; its followers are applied next."""
    if not reason.strip():
        raise ValueError("a discard needs a reason")
    done = await session.execute(
        text(
            """UPDATE messaging.held SET state = 'discarded', discard_reason = :reason, last_tried = now()
            WHERE id = :id AND state = 'parked' RETURNING id"""
        ),
        {"id": held_id, "reason": reason},
    )
    return done.first() is not None


def _held(row: Any) -> HeldMessage:
    packed = json.loads(row.headers) if isinstance(row.headers, str) else row.headers
    headers = {name: b64decode(value).decode("utf-8", "replace") for name, value in packed}
    value = row.value.decode("utf-8", "replace")[:20_000] if row.value is not None else None
    names = HeldMessage.__dataclass_fields__.keys() - {"headers", "value"}
    return HeldMessage(**{name: getattr(row, name) for name in names}, headers=headers, value=value)
