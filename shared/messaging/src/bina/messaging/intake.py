"""From a batch of messages to committed effects: one transaction, whatever is in the batch."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.events import Event

from . import held, inbox, telemetry
from .database import is_transient
from .handlers import Reactions, fact_name
from .held import Hold, Stream
from .outbox import emit
from .reading import Read, read
from .records import Arrived, Broken, Message, decode
from .waves import Wave, waves

log = logging.getLogger(__name__)
_LEARN = text(
    """WITH learned AS (
        INSERT INTO messaging.facts (fact, key)
        SELECT * FROM unnest(CAST(:facts AS text[]), CAST(:keys AS text[])) ORDER BY 1, 2 ON CONFLICT DO NOTHING)
    SELECT EXISTS (SELECT FROM messaging.held WHERE state = 'waiting')"""
)
# What every batch asks once it has begun. As a rule nothing is held, and then its streams need not be looked up.
_LOOK = text(
    """SELECT fact, key FROM unnest(CAST(:facts AS text[]), CAST(:keys AS text[])) AS asked (fact, key)
    WHERE NOT EXISTS (SELECT FROM messaging.facts f WHERE f.fact = asked.fact AND f.key = asked.key)
    UNION ALL
    SELECT NULL, NULL WHERE EXISTS (SELECT FROM messaging.held WHERE blocks AND state <> 'discarded')"""
)
_ANY_HELD = (None, None)


KNOWN_FACTS = 50_000
"""Most facts that a worker keeps in mind, some 10 MB, so as not to ask for them with each batch."""


class TopicFailingError(Exception):
    """So many messages of a topic fail that the code is at fault, not the messages; the topic must pause."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"too many messages of {topic} fail")
        self.topic = topic


@dataclass
class Taken:
    """What became of a batch, in messages."""

    received: int = 0
    applied: int = 0
    repeated: int = 0
    ignored: int = 0
    parked: int = 0
    waiting: int = 0
    told: int = 0
    due: bool = False
    """Whether it called for work that is due already."""


@dataclass
class Outcome:
    """What applying a sequence of messages led to. `guarded`: what fails is found and held; else its error is raised."""

    told: list[Event] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    done: list[Arrived] = field(default_factory=list)
    learned: set[tuple[str, str]] = field(default_factory=set)
    lacking: set[tuple[str, str]] = field(default_factory=set)
    found: set[tuple[str, str]] = field(default_factory=set)
    blocked: set[Stream] = field(default_factory=set)
    guarded: bool = True


class Intake:
    """Applies messages to one service's database."""

    def __init__(
        self, make: async_sessionmaker[AsyncSession], reactions: Reactions, *, cap: int = 200
    ) -> None:
        self._make = make
        self._reactions = reactions
        self._cap = cap
        self._known: set[tuple[str, str]] = set()

    def read(self, messages: Iterable[Message]) -> Read:
        """Read messages, in their order. Needs no database; never raises."""
        return read(messages, self._reactions)

    async def take(self, batch: Read) -> Taken:
        """Apply a batch exactly once and commit. Raises what is transient, and `TopicFailingError`.

        As if all will go well at first; what fails rolls all back, and the batch goes again with a savepoint before
        each step, which is what finds the culprits.
        """
        try:
            return await self._take(batch, guarded=False)
        except TopicFailingError:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            log.warning("batch of %d again with savepoints: %r", len(batch), error)
            return await self._take(batch, guarded=True)

    async def _take(self, batch: Read, *, guarded: bool) -> Taken:
        outcome = Outcome(guarded=guarded)
        async with self._make() as session, session.begin():
            taken = await self._in(session, batch, outcome)
        self._remember(outcome.found)
        return taken

    def _remember(self, found: set[tuple[str, str]]) -> None:
        """A committed fact is never taken back, so it need not be asked for again."""
        if len(self._known) > KNOWN_FACTS:
            self._known.clear()
        self._known |= found

    async def _in(self, session: AsyncSession, batch: Read, outcome: Outcome) -> Taken:
        claimed = await inbox.claim(session, batch.arrived, batch.reached)
        if await self._look(session, claimed.new, outcome):
            outcome.blocked = await held.blocked(session, (a.stream for a in claimed.new))
        await self._apply(session, claimed.new, outcome, _stops(b.message for b in batch.broken))
        await self._settle(session, outcome, [*batch.broken, *claimed.conflicts])
        await self._check_cap(session, outcome, batch.broken)
        return Taken(
            received=len(batch),
            applied=len(outcome.done),
            repeated=claimed.repeated,
            ignored=len(batch.ignored),
            parked=len(batch.broken)
            + len(claimed.conflicts)
            + sum(h.state == "parked" for h in outcome.holds),
            waiting=sum(h.state == "waiting" for h in outcome.holds),
            told=len(outcome.told),
            due=session.info.get("due", False),
        )

    async def _settle(self, session: AsyncSession, outcome: Outcome, broken: list[Broken]) -> None:
        """Keep what cannot be applied, answer what cannot be read, tell, then free what was waiting."""
        kept = await held.keep(session, [*(_park_unread(b) for b in broken), *outcome.holds])
        # Who was answered when it first came is not answered again when it comes twice.
        if foreign := [b for b in broken if b.message.foreign and b.message.position in kept]:
            for handler in self._reactions.unreadable:
                outcome.told.extend(await handler(foreign, session))
        await held.forget(session, [a.held_id for a in outcome.done if a.held_id is not None])
        await emit(session, outcome.told)
        if outcome.learned and await self._learn(session, outcome.learned):
            await self._release(session, await held.ready(session))

    async def _learn(self, session: AsyncSession, learned: set[tuple[str, str]]) -> bool:
        """Whether somebody waits; it may be for these facts."""
        return bool(await session.scalar(_LEARN, _pairs(sorted(learned))))

    async def _look(self, session: AsyncSession, batch: Sequence[Arrived], outcome: Outcome) -> bool:
        """Which facts are lacking; gives whether any message is held."""
        if not batch:
            return False
        needs = {need for a in batch for need in self._reactions.needs(a.event)} - self._known
        rows = {(row.fact, row.key) for row in await session.execute(_LOOK, _pairs(needs))}
        outcome.lacking = rows - {_ANY_HELD}
        outcome.found |= needs - rows
        return _ANY_HELD in rows

    async def _apply(
        self, session: AsyncSession, batch: Sequence[Arrived], outcome: Outcome, stops: dict[Stream, int]
    ) -> None:
        """`stops`: from which offset on a stream is blocked by an unreadable message of this very batch."""
        # Only where nothing can come between two events of a key: what fails or stops must find its followers apart.
        ordered = () if outcome.guarded or stops else self._reactions.ordered
        for wave in waves(batch, ordered):
            outcome.blocked |= _stopped(wave, stops)
            # What others wait for goes first, so that a batch that brings both holds nothing.
            for contract in sorted(wave, key=lambda c: (fact_name(c) not in self._reactions.awaited, c.type)):
                await self._apply_type(session, contract, wave[contract], outcome)

    async def _apply_type(
        self, session: AsyncSession, contract: type[Event], group: list[Arrived], outcome: Outcome
    ) -> None:
        free = [a for a in group if a.stream not in outcome.blocked] if outcome.blocked else group
        missing = self._missing(free, outcome)
        ready = [a for a in free if id(a) not in missing] if missing else free
        failed = await self._attempt(session, contract, ready, outcome)
        for arrived in group if missing or failed or outcome.blocked else ():
            if hold := _hold_of(arrived, missing.get(id(arrived)), failed.get(id(arrived)), outcome.blocked):
                outcome.holds.append(hold)
                outcome.blocked.add(arrived.stream)
        done = [a for a in ready if id(a) not in failed]
        outcome.done.extend(done)
        if fact_name(contract) in self._reactions.awaited:
            outcome.learned.update((fact_name(contract), a.event.key) for a in done)

    def _missing(self, group: Sequence[Arrived], outcome: Outcome) -> dict[int, tuple[str, str]]:
        """The first fact that each message lacks, by identity."""
        lacking = outcome.lacking - outcome.learned
        if not lacking:
            return {}
        needs = {id(a): self._reactions.needs(a.event) for a in group}
        return {
            a: lack for a, found in needs.items() if (lack := next((n for n in found if n in lacking), None))
        }

    async def _attempt(
        self, session: AsyncSession, contract: type[Event], group: list[Arrived], outcome: Outcome
    ) -> dict[int, Exception]:
        """Call the handlers on a group; on failure halve it until the culprits stand alone."""
        if not group:
            return {}
        events = [a.event for a in group]
        if not outcome.guarded:
            outcome.told.extend(await self._reactions.react(contract, events, session))
            return {}
        try:
            async with session.begin_nested():
                told = await self._reactions.react(contract, events, session)
        except Exception as error:
            if is_transient(error):
                raise
            return await self._halve(session, contract, group, outcome, error)
        outcome.told.extend(told)
        return {}

    async def _halve(
        self,
        session: AsyncSession,
        contract: type[Event],
        group: list[Arrived],
        outcome: Outcome,
        error: Exception,
    ) -> dict[int, Exception]:
        if len(group) == 1:
            return {id(group[0]): error}
        middle = len(group) // 2
        failed = await self._attempt(session, contract, group[:middle], outcome)
        return failed | await self._attempt(session, contract, group[middle:], outcome)

    async def _check_cap(self, session: AsyncSession, outcome: Outcome, broken: list[Broken]) -> None:
        parked = [h.message for h in outcome.holds if h.state == "parked" and h.held_id is None]
        topics = sorted({m.topic for m in [*parked, *(b.message for b in broken)]})
        counts = await held.count_parked(session, topics) if topics else {}
        for topic, open_ones in counts.items():
            if open_ones > self._cap:
                raise TopicFailingError(topic)

    async def sweep(self) -> int:
        """Apply held messages whose obstacle is gone; returns how many were applied."""
        async with self._make() as session, session.begin():
            if not await held.ready(session):
                return 0
            await held.lock_alone(session)
            return len((await self._release(session, await held.ready(session))).done)

    async def redrive(self, ids: Sequence[int]) -> int:
        """Try parked messages again, with all that queued up behind them; returns how many were applied."""
        async with self._make() as session, session.begin():
            await held.lock_alone(session)
            return len((await self.redrive_in(session, ids)).done)

    async def redrive_in(self, session: AsyncSession, ids: Sequence[int]) -> Outcome:
        """The same in the caller's transaction, which has `held.lock_alone`; what was held again says its row."""
        rows = await _rows_of(session, ids)
        streams = {(row.topic, row.key) for row in rows if row.blocks}
        alone = [row for row in rows if not row.blocks]
        return await self._release(session, streams, alone, failed_too=True)

    async def _release(
        self,
        session: AsyncSession,
        streams: set[Stream],
        alone: Sequence[Any] = (),
        *,
        failed_too: bool = False,
    ) -> Outcome:
        """Apply the held messages of streams in order, as far as they go now."""
        rows = [*alone, *(await held.of_streams(session, streams) if streams else ())]
        arrived, broken = await self._reread(session, rows if failed_too else _before_parked(rows))
        # Nothing earlier of these streams is held, and what is held later must not stop them.
        stops = _stops(hold.message for hold in broken if hold.blocks)
        with telemetry.processing(arrived, len(arrived), released=True):
            outcome = Outcome()
            await self._look(session, arrived, outcome)
            await self._apply(session, arrived, outcome, stops)
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


def _pairs(facts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    pairs = list(facts)
    return {"facts": [fact for fact, _ in pairs], "keys": [key for _, key in pairs]}


def _stops(unreadable: Iterable[Message]) -> dict[Stream, int]:
    """Per stream, the offset of its first unreadable message; agencies' block nothing."""
    stops: dict[Stream, int] = {}
    for message in (m for m in unreadable if not m.foreign):
        stops.setdefault((message.topic, message.key), message.offset)
    return stops


def _stopped(wave: Wave, stops: dict[Stream, int]) -> set[Stream]:
    if not stops:
        return set()
    return {
        a.stream
        for group in wave.values()
        for a in group
        if a.stream in stops and a.message.offset > stops[a.stream]
    }


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


async def _rows_of(session: AsyncSession, ids: Sequence[int]) -> list[Any]:
    return list(
        await session.execute(
            text(
                """SELECT * FROM messaging.held WHERE id = ANY (CAST(:ids AS bigint[]))
                AND state <> 'discarded' ORDER BY id"""
            ),
            {"ids": list(ids)},
        )
    )


def _park_unread(broken: Broken) -> Hold:
    """An agency's broken message blocks nothing; one of our own blocks its key."""
    return Hold(
        broken.message, "parked", broken.code, broken.error, blocks=not broken.message.foreign, claimed=False
    )


def _hold_of(
    arrived: Arrived, lacking: tuple[str, str] | None, error: Exception | None, blocked: set[Stream]
) -> Hold | None:
    message, held_id = arrived.message, arrived.held_id
    if error is not None:
        return Hold(message, "parked", type(error).__name__, str(error), held_id=held_id)
    if arrived.stream in blocked:
        return Hold(message, "behind", "key.blocked", "follows a held message of its key", held_id=held_id)
    if lacking is not None:
        fact, key = lacking
        reason = f"waits for {fact} {key}"
        return Hold(message, "waiting", "fact.missing", reason, fact=fact, fact_key=key, held_id=held_id)
    return None
