"""Held messages set free: those whose fact has come, whose obstacle is gone, or that are to be tried again.

A key may have any number of messages behind its first, each of them a wave of its own. So a transaction takes the
oldest `MOST` rows and no more: what is left of a key stays behind with nothing before it, and the next sweep takes it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from . import held, inbox, telemetry
from .applying import Applier, Outcome, pairs
from .handlers import Reactions
from .held import Hold, Stream
from .outbox import emit
from .records import Arrived, Broken, decode

MOST = 500
"""Held messages that one transaction takes: batches wait for it, and the server ends one that takes a minute."""

_LEARN = text(
    """WITH learned AS (
        INSERT INTO messaging.facts (fact, key)
        SELECT * FROM unnest(CAST(:facts AS text[]), CAST(:keys AS text[])) ORDER BY 1, 2 ON CONFLICT DO NOTHING)
    SELECT EXISTS (SELECT FROM messaging.held WHERE state = 'waiting')"""
)
_CHOSEN = text(
    """SELECT id, blocks, topic, key FROM messaging.held WHERE id = ANY (CAST(:ids AS bigint[]))
    AND state <> 'discarded' ORDER BY id"""
)


class Release:
    """Applies held messages of one service."""

    def __init__(self, make: async_sessionmaker[AsyncSession], reactions: Reactions) -> None:
        self._make = make
        self._reactions = reactions
        self._applier = Applier(reactions)

    async def sweep(self) -> int:
        """Apply the oldest held messages whose obstacle is gone; returns how many. More may be ready unless it is 0."""
        async with self._make() as session, session.begin():
            if not await held.ready(session):
                return 0
            await held.lock_alone(session)
            return len((await self._release(session, await held.ready(session), MOST)).done)

    async def redrive(self, ids: Sequence[int]) -> int:
        """Try parked messages again, with what queued up behind them; returns how many were applied.

        Followers that are too many for one transaction go with the next sweep.
        """
        applied, left = 0, list(ids)
        while left:
            async with self._make() as session, session.begin():
                await held.lock_alone(session)
                outcome = await self.redrive_in(session, left)
            applied += len(outcome.done)
            left = outcome.later
        return applied

    async def redrive_in(self, session: AsyncSession, ids: Sequence[int]) -> Outcome:
        """The same in the caller's transaction, which has `held.lock_alone`, as far as one transaction goes; what was
        held again says its row."""
        rows = list(await session.execute(_CHOSEN, {"ids": list(ids)}))
        alone = await held.load(session, [row.id for row in rows if not row.blocks][:MOST])
        streams = {(row.topic, row.key) for row in rows if row.blocks}
        outcome = await self._release(session, streams, MOST, alone, failed_too=True)
        await self._pass_over(session, [row for row in rows if row.id not in outcome.taken], outcome)
        return outcome

    async def _pass_over(self, session: AsyncSession, rows: Sequence[Any], outcome: Outcome) -> None:
        """Chosen messages that were not taken: their turn comes, unless their key is held up again before them."""
        stuck = {(hold.message.topic, hold.message.key) for hold in outcome.holds if hold.blocks}
        outcome.queued = {row.id for row in rows if row.blocks and (row.topic, row.key) in stuck}
        outcome.later = [row.id for row in rows if row.id not in outcome.queued]
        await held.tried(session, sorted(outcome.queued))

    async def _release(
        self,
        session: AsyncSession,
        streams: set[Stream],
        room: int,
        alone: Sequence[Any] = (),
        *,
        failed_too: bool = False,
    ) -> Outcome:
        """Apply the held messages of streams in order, as far as they go now and `room` allows."""
        first = await held.of_streams(session, streams, room - len(alone)) if streams else []
        rows = [*alone, *first]
        arrived, broken = await self._reread(session, rows if failed_too else _before_parked(rows))
        with telemetry.processing(arrived, len(arrived), released=True):
            outcome = Outcome(room=room - len(rows), taken={row.id for row in rows})
            await self._applier.look(session, arrived, outcome)
            # Nothing earlier of these streams is held, and what is held later must not stop them.
            unreadable = [hold.message for hold in broken if hold.blocks]
            await self._applier.apply(session, arrived, outcome, unreadable)
        outcome.holds.extend(broken)
        await self._settle(session, outcome, [])
        return outcome

    async def _reread(self, session: AsyncSession, rows: Sequence[Any]) -> tuple[list[Arrived], list[Hold]]:
        """Decode held rows; those never claimed (unreadable until now) are claimed first."""
        arrived: list[Arrived] = []
        holds: list[Hold] = []
        for row in rows:
            found = decode(held.message_of(row), self._reactions.wanted)
            if isinstance(found, Arrived):
                found.held_id = row.id
                arrived.append(found)
            elif isinstance(found, Broken):
                holds.append(
                    Hold(found.message, "parked", found.code, found.error, row.blocks, False, held_id=row.id)
                )
            else:
                await held.forget(session, [row.id])
        unclaimed = {row.id for row in rows if not row.claimed}
        claimed = await inbox.claim(session, [a for a in arrived if a.held_id in unclaimed])
        new = {id(a) for a in claimed.new}
        conflicts = [b.message for b in claimed.conflicts]
        dropped = [a for a in arrived if a.held_id in unclaimed and id(a) not in new]
        holds.extend(
            Hold(a.message, "parked", "id.conflict", "", False, False, held_id=a.held_id)
            for a in dropped
            if a.message in conflicts
        )
        await held.forget(session, [a.held_id for a in dropped if a.held_id and a.message not in conflicts])
        return [a for a in arrived if a.held_id not in unclaimed or id(a) in new], holds

    async def _settle(self, session: AsyncSession, outcome: Outcome, broken: list[Broken]) -> None:
        """Keep what cannot be applied, answer what cannot be read, tell, then free what was waiting."""
        kept = await held.keep(session, [*(park_unread(b) for b in broken), *outcome.holds])
        # Who was answered when it first came is not answered again when it comes twice.
        if foreign := [b for b in broken if b.message.foreign and b.message.position in kept]:
            for handler in self._reactions.unreadable:
                outcome.told.extend(await handler(foreign, session))
        await held.forget(session, [a.held_id for a in outcome.done if a.held_id is not None])
        await emit(session, outcome.told)
        if outcome.learned and await self._learn(session, outcome.learned) and outcome.room > 0:
            await self._release(session, await held.ready(session), outcome.room)

    async def _learn(self, session: AsyncSession, learned: set[tuple[str, str]]) -> bool:
        """Whether somebody waits; it may be for these facts."""
        return bool(await session.scalar(_LEARN, pairs(sorted(learned))))


def _before_parked(rows: Sequence[Any]) -> list[Any]:
    """Rows of each stream up to its first parked one, which only a redrive may pass."""
    stopped: set[Stream] = set()
    free = []
    for row in rows:
        if row.state == "parked":
            stopped.add((row.topic, row.key))
        if (row.topic, row.key) not in stopped:
            free.append(row)
    return free


def park_unread(broken: Broken) -> Hold:
    """An agency's broken message blocks nothing; one of our own blocks its key."""
    return Hold(
        broken.message, "parked", broken.code, broken.error, blocks=not broken.message.foreign, claimed=False
    )
