"""What operators see of held messages, and what they may do: redrive (see redrives) or discard."""

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Choice:
    """Which held messages: one by its id, a group by its cause, a key by topic and key. Nothing named means all."""

    message: int | None = None
    cause: str | None = None
    topic: str | None = None
    key: str | None = None

    @property
    def where(self) -> str:
        """The condition on `messaging.held h`, naming the parameters of `values`."""
        columns = {"message": "id"}
        return " AND ".join(["true", *(f"h.{columns.get(name, name)} = :{name}" for name in self.values)])

    @property
    def values(self) -> dict[str, Any]:
        """What is named."""
        return {name: value for name, value in asdict(self).items() if value is not None}


EVERY = Choice()


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
    cause: str
    code_version: str
    attempts: int
    first_seen: datetime
    last_tried: datetime
    blocks: bool
    behind: int
    discard_reason: str | None
    discarded_by: str | None
    discarded_at: datetime | None
    headers: dict[str, str]
    value: str | None


@dataclass(frozen=True)
class Group:
    """Held messages of one state and one cause: same topic, type, code and, but for ids and values, same error.

    `sentence` is the error with ids, numbers and quoted values folded; `sample` and `newest` are the ids of its
    oldest and newest message, `first_seen` and `last_seen` when those came; `behind` counts messages that follow
    in the keys of the group.
    """

    cause: str
    state: str
    topic: str
    type: str
    code: str
    sentence: str
    count: int
    first_seen: datetime
    last_seen: datetime
    sample: int
    newest: int
    code_versions: list[str]
    behind: int


@dataclass(frozen=True)
class Discarded:
    """How many messages were given up, and how many of the choice are `left` for another time."""

    count: int
    left: int


MOST_DISCARDED = 10_000
"""Given up at once: batches wait for it, a few seconds at most."""
_DISCARD = """WITH given_up AS (
        UPDATE messaging.held SET state = 'discarded', discard_reason = :reason, discarded_by = :by,
            discarded_at = now(), last_tried = now()
        WHERE id IN (SELECT h.id FROM messaging.held h WHERE h.state = 'parked' AND h.id <= :newest AND {where}
            ORDER BY h.id LIMIT :most) RETURNING id)
    SELECT count(*) FROM given_up"""
_LEFT = "SELECT count(*) FROM messaging.held h WHERE h.state = 'parked' AND h.id <= :newest AND {where}"
_SELECT = """SELECT h.*, (SELECT count(*) FROM messaging.held b WHERE b.topic = h.topic AND b.key = h.key
        AND b.state = 'behind' AND b.blocks AND h.blocks AND h.state <> 'discarded') AS behind FROM messaging.held h"""
# Counted from the index alone; only the groups of one page look up their rows and what follows behind them.
COUNTED = """SELECT cause, state, count(*) AS count, min(first_seen) AS first_seen, max(first_seen) AS last_seen,
        min(id) AS sample, max(id) AS newest, array_agg(DISTINCT code_version) AS code_versions
    FROM messaging.held h WHERE state = ANY (CAST(:states AS text[])) AND {where} GROUP BY cause, state"""
_LARGEST = f"{COUNTED} ORDER BY count(*) DESC, min(id) LIMIT :limit OFFSET :offset"
_DESCRIBED = """WITH counted AS (SELECT * FROM unnest(CAST(:causes AS text[]), CAST(:states AS text[]),
        CAST(:samples AS bigint[])) WITH ORDINALITY AS c (cause, state, sample, place)),
    followed AS (
        SELECT k.cause, k.state, count(*) AS behind FROM (
            SELECT DISTINCT c.cause, c.state, h.topic, h.key FROM counted c JOIN messaging.held h USING (cause, state)
            WHERE h.blocks AND h.state IN ('parked', 'waiting')) k
        JOIN messaging.held b USING (topic, key) WHERE b.state = 'behind' AND b.blocks GROUP BY k.cause, k.state)
    SELECT c.place, h.topic, h.type, h.code, messaging.fold(h.error) AS sentence, coalesce(f.behind, 0) AS behind
    FROM counted c JOIN messaging.held h ON h.id = c.sample
    LEFT JOIN followed f ON f.cause = c.cause AND f.state = c.state ORDER BY c.place"""


async def groups(
    session: AsyncSession,
    choice: Choice = EVERY,
    *,
    states: Sequence[str] = ("parked",),
    limit: int = 50,
    offset: int = 0,
) -> list[Group]:
    """Held messages by cause, the largest group first."""
    rows = await session.execute(
        text(_LARGEST.format(where=choice.where)),
        {"states": list(states), "limit": limit, "offset": offset, **choice.values},
    )
    return await describe(session, list(rows))


async def describe(session: AsyncSession, counted: Sequence[Any]) -> list[Group]:
    """Rows of `COUNTED` with what else is known of their groups; those whose sample is gone meanwhile are left out."""
    found = await session.execute(
        text(_DESCRIBED),
        {
            "causes": [row.cause for row in counted],
            "states": [row.state for row in counted],
            "samples": [row.sample for row in counted],
        },
    )
    names = ("cause", "state", "count", "first_seen", "last_seen", "sample", "newest", "code_versions")
    more = ("topic", "type", "code", "sentence", "behind")
    return [
        Group(
            **{name: getattr(counted[row.place - 1], name) for name in names},
            **{name: getattr(row, name) for name in more},
        )
        for row in found
    ]


async def count(session: AsyncSession, states: Sequence[str]) -> int:
    """How many held messages are in these states."""
    asked = text("SELECT count(*) FROM messaging.held WHERE state = ANY (CAST(:states AS text[]))")
    return await session.scalar(asked, {"states": list(states)}) or 0


async def find(
    session: AsyncSession,
    choice: Choice = EVERY,
    *,
    states: Sequence[str] = ("parked",),
    after: int = 0,
    limit: int = 200,
) -> list[HeldMessage]:
    """Held messages with ids above `after`, oldest first."""
    rows = await session.execute(
        text(
            f"""{_SELECT} WHERE h.state = ANY (CAST(:states AS text[])) AND h.id > :after AND {choice.where}
            ORDER BY h.id LIMIT :limit"""
        ),
        {"states": list(states), "after": after, "limit": limit, **choice.values},
    )
    return [_held(row) for row in rows]


async def load(session: AsyncSession, held_id: int) -> HeldMessage | None:
    """One held message, or None."""
    row = (await session.execute(text(f"{_SELECT} WHERE h.id = :id"), {"id": held_id})).one_or_none()
    return _held(row) if row else None


async def discard(
    session: AsyncSession, choice: Choice, reason: str, by: str, *, newest: int, most: int = MOST_DISCARDED
) -> Discarded:
    """Give parked messages up, for a reason that stays with them; their followers are applied next.

    Only ids up to `newest` go: nobody gives up what they have not seen.
    """
    if not reason.strip():
        raise ValueError("a discard needs a reason")
    values = {"newest": newest, **choice.values}
    done = await session.execute(
        text(_DISCARD.format(where=choice.where)), {"reason": reason, "by": by, "most": most, **values}
    )
    left = await session.scalar(text(_LEFT.format(where=choice.where)), values)
    return Discarded(int(done.scalar_one()), left or 0)


def _held(row: Any) -> HeldMessage:
    packed = json.loads(row.headers) if isinstance(row.headers, str) else row.headers
    headers = {name: b64decode(value).decode("utf-8", "replace") for name, value in packed}
    value = row.value.decode("utf-8", "replace")[:20_000] if row.value is not None else None
    names = HeldMessage.__dataclass_fields__.keys() - {"headers", "value", "offset"}
    offset = row.offset if row.moved_from is None else row.moved_from
    return HeldMessage(**{n: getattr(row, n) for n in names}, offset=offset, headers=headers, value=value)
