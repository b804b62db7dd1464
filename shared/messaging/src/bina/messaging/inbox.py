"""What was taken already. Claiming is one insert per batch; who gets no row back has been here before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Result, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from . import positions
from .reading import Reached
from .records import Arrived, Broken

FOREVER = 2**62
"""Version of an erasure that names none: nothing older can follow it."""

_NOT_BEGUN = "begun AS (SELECT)"


@dataclass(frozen=True)
class _Question:
    """What a batch asks after `begun`: as its first question, which begins it, or as a later one."""

    sql: str

    @cached_property
    def first(self) -> TextClause:
        return text(f"WITH {positions.BEGUN}, {self.sql}")

    @cached_property
    def later(self) -> TextClause:
        return text(f"WITH {_NOT_BEGUN}, {self.sql}")


# Answers with the few that were here before, not with the many that are new.
_OWN = _Question(
    """asked AS MATERIALIZED (SELECT unnest(CAST(:ids AS uuid[])) AS event_id FROM begun), taken AS (
        INSERT INTO messaging.inbox (event_id) SELECT event_id FROM asked ORDER BY 1
        ON CONFLICT DO NOTHING RETURNING event_id)
    SELECT event_id FROM asked EXCEPT SELECT event_id FROM taken"""
)
_FOREIGN = _Question(
    """asked AS MATERIALIZED (
        SELECT n.* FROM begun, unnest(CAST(:sources AS text[]), CAST(:ids AS text[]), CAST(:digests AS bytea[]))
            AS n (source, id, digest)), taken AS (
        INSERT INTO messaging.inbox_foreign (source, id, digest) SELECT * FROM asked ORDER BY source, id
        ON CONFLICT DO NOTHING RETURNING source, id)
    SELECT source, id FROM asked EXCEPT SELECT source, id FROM taken"""
)
_FOREIGN_KNOWN = text(
    """SELECT source, id, digest FROM messaging.inbox_foreign
    JOIN unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS asked (source, id) USING (source, id)"""
)
_STATE = _Question(
    """asked AS MATERIALIZED (
        SELECT n.* FROM begun, unnest(CAST(:facts AS text[]), CAST(:keys AS text[]), CAST(:versions AS bigint[]),
            CAST(:erased AS boolean[])) AS n (fact, key, version, erased))
    INSERT INTO messaging.facts AS f (fact, key, version, erased) SELECT * FROM asked ORDER BY 1, 2
    ON CONFLICT (fact, key) DO UPDATE SET version = excluded.version, erased = excluded.erased
    WHERE f.version < excluded.version RETURNING fact, key"""
)


@dataclass
class Claimed:
    """A batch sorted out: what is new, what is a conflict, how many were here before."""

    new: list[Arrived] = field(default_factory=list)
    conflicts: list[Broken] = field(default_factory=list)
    repeated: int = 0


async def claim(session: AsyncSession, batch: Sequence[Arrived], reached: Reached | None = None) -> Claimed:
    """Claim every message of a batch; keeps the batch's order. `reached`: the batch begins with it, see positions."""
    state = [a for a in batch if a.event.state]
    foreign = [a for a in batch if a.name]
    own = [a for a in batch if not a.event.state and not a.name]
    ask = _Asking(session, reached)
    newest = await _claim_state(ask, state)
    first, conflicts = await _claim_foreign(ask, foreign)
    taken = newest | first | await _claim_own(ask, own)
    if ask.reached is not None:
        await positions.begin(session, ask.reached)
    new = list(batch) if len(taken) == len(batch) else [a for a in batch if id(a) in taken]
    return Claimed(new, conflicts, len(batch) - len(new) - len(conflicts))


@dataclass
class _Asking:
    """Asks the database; `reached` goes with the first question."""

    session: AsyncSession
    reached: Reached | None

    async def __call__(self, question: _Question, values: dict[str, Any]) -> Result[Any]:
        if self.reached is None:
            return await self.session.execute(question.later, values)
        begins, self.reached = positions.values(self.reached), None
        return await self.session.execute(question.first, {**begins, **values})


async def _claim_own(ask: _Asking, batch: Sequence[Arrived]) -> set[int]:
    if not batch:
        return set()
    first: dict[str, Arrived] = {}
    for arrived in batch:
        first.setdefault(arrived.event.event_id, arrived)
    repeated = {str(event_id) for (event_id,) in await ask(_OWN, {"ids": list(first)})}
    return {id(arrived) for event_id, arrived in first.items() if event_id not in repeated}


async def _claim_state(ask: _Asking, batch: Sequence[Arrived]) -> set[int]:
    if not batch:
        return set()
    newest: dict[tuple[str, str], Arrived] = {}
    for arrived in batch:
        name = (f"{arrived.message.topic}#version", arrived.event.key)
        if name not in newest or version_of(newest[name]) < version_of(arrived):
            newest[name] = arrived
    rows = await ask(
        _STATE,
        {
            "facts": [fact for fact, _ in newest],
            "keys": [key for _, key in newest],
            "versions": [version_of(a) for a in newest.values()],
            "erased": [a.event.erases for a in newest.values()],
        },
    )
    return {id(newest[row.fact, row.key]) for row in rows}


def version_of(arrived: Arrived) -> int:
    """The aggregate's version; a tombstone without one stands above all."""
    return arrived.event.envelope.version or (FOREVER if arrived.event.erases else 0)


async def _claim_foreign(ask: _Asking, batch: Sequence[Arrived]) -> tuple[set[int], list[Broken]]:
    if not batch:
        return set(), []
    first: dict[Any, Arrived] = {}
    for arrived in batch:
        first.setdefault(arrived.name, arrived)
    names = {"sources": [s for s, _ in first], "ids": [i for _, i in first]}
    rows = await ask(_FOREIGN, {**names, "digests": [a.digest for a in first.values()]})
    repeated = {(row.source, row.id) for row in rows}
    taken = {id(arrived) for name, arrived in first.items() if name not in repeated}
    if len(taken) == len(batch):
        return taken, []
    rows = await ask.session.execute(_FOREIGN_KNOWN, names)
    known: dict[Any, bytes] = {(row.source, row.id): row.digest for row in rows}
    return taken, [_conflict(a) for a in batch if id(a) not in taken and known[a.name] != a.digest]


def _conflict(arrived: Arrived) -> Broken:
    error = f"id {arrived.event.event_id} was used before with another payload; give each event its own id"
    return Broken(arrived.message, "id.conflict", error)


def month_bounds(start: datetime) -> tuple[UUID, UUID, datetime]:
    """UUIDv7 bounds of a month, and the next month's start."""
    after = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
    return _floor(start), _floor(after), after


def _floor(moment: datetime) -> UUID:
    return UUID(int=int(moment.timestamp() * 1000) << 80)
