"""Messages to the handlers of one service, in waves, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnMerged

from . import merged
from .database import is_transient
from .handlers import Reactions, fact_name
from .held import Hold, Stream
from .records import Arrived, Message
from .waves import Wave, waves

# What every batch asks once it has begun. As a rule nothing is held, and then its streams need not be looked up.
_LOOK = text(
    """SELECT fact, key FROM unnest(CAST(:facts AS text[]), CAST(:keys AS text[])) AS asked (fact, key)
    WHERE NOT EXISTS (SELECT FROM messaging.facts f WHERE f.fact = asked.fact AND f.key = asked.key)
    UNION ALL
    SELECT NULL, NULL WHERE EXISTS (SELECT FROM messaging.held WHERE blocks AND state <> 'discarded')
    UNION ALL
    SELECT NULL, '' WHERE EXISTS (SELECT FROM messaging.merged_people)"""
)
_Row = tuple[str | None, str | None]
_ANY_HELD = (None, None)
_ANY_MERGED = (None, "")

KNOWN_FACTS = 50_000
"""Most facts that a worker keeps in mind, some 10 MB, so as not to ask for them with each batch."""


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
    room: int = 0
    """How many held messages this transaction may yet take."""
    taken: set[int] = field(default_factory=set)
    """Rows of held messages that were taken."""
    queued: set[int] = field(default_factory=set)
    """Chosen rows beyond those, whose key is held up again before them."""
    later: list[int] = field(default_factory=list)
    """Chosen rows beyond those, whose turn has yet to come."""
    void: set[int] = field(default_factory=set)
    """Identities of messages that say nothing any more, as their person's record was merged into another."""


class Applier:
    """Calls a service's handlers, and says of each message what became of it."""

    def __init__(self, reactions: Reactions) -> None:
        self._reactions = reactions
        self._known: set[tuple[str, str]] = set()

    def remember(self, found: set[tuple[str, str]]) -> None:
        """A committed fact is never taken back, so it need not be asked for again."""
        if len(self._known) > KNOWN_FACTS:
            self._known.clear()
        self._known |= found

    async def look(self, session: AsyncSession, batch: Sequence[Arrived], outcome: Outcome) -> bool:
        """Which facts are lacking, and who was merged into whom; gives whether any message is held."""
        if not batch:
            return False
        rows = await self._ask(session, batch, outcome)
        merges = [a.event for a in batch if isinstance(a.event, AsnMerged)]
        if (merges or _ANY_MERGED in rows) and await self._resolve(session, batch, merges, outcome):
            rows = await self._ask(session, batch, outcome)
        return _ANY_HELD in rows

    async def _ask(self, session: AsyncSession, batch: Sequence[Arrived], outcome: Outcome) -> set[_Row]:
        needs = {need for a in batch for need in self._reactions.needs(a.event)} - self._known
        rows = {(row.fact, row.key) for row in await session.execute(_LOOK, pairs(needs))}
        outcome.lacking = rows - {_ANY_HELD, _ANY_MERGED}
        outcome.found |= needs - rows
        return rows

    async def _resolve(
        self, session: AsyncSession, batch: Sequence[Arrived], merges: Sequence[AsnMerged], outcome: Outcome
    ) -> bool:
        """Read every fact as of the record that stays, those of this very batch included; gives whether any is other."""
        told = {event.asn_id: event.into_id for event in merges}
        into = await merged.known(session, {*merged.people_in(batch), *told.values()}) | told
        before = [a.event for a in batch]
        outcome.void |= merged.resolve(batch, {gone: merged.end_of(into, gone) for gone in into})
        return any(a.event is not event for a, event in zip(batch, before, strict=True))

    async def apply(
        self, session: AsyncSession, batch: Sequence[Arrived], outcome: Outcome, unreadable: Iterable[Message]
    ) -> None:
        """`unreadable`: messages of this very batch, which stop what follows them in their key."""
        stops = _stops(unreadable)
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
        live = [a for a in ready if id(a) not in outcome.void] if outcome.void else ready
        failed = await self._attempt(session, contract, live, outcome)
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


def pairs(facts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Facts as parameters for `unnest`."""
    found = list(facts)
    return {"facts": [fact for fact, _ in found], "keys": [key for _, key in found]}


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
