"""From a batch of messages to committed effects: one transaction, whatever is in the batch."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.events import Event
from bina.events.enrollment import AsnMerged

from . import held, inbox, release
from .applying import Outcome
from .database import is_transient
from .handlers import Reactions
from .outbox import emit
from .reading import Read, read
from .records import Arrived, Broken, Ignored, Message
from .release import Release, park_unread

log = logging.getLogger(__name__)


class TopicFailingError(Exception):
    """So many messages of a topic fail that the code is at fault, not the messages; the topic must pause."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"too many messages of {topic} fail")
        self.topic = topic


@dataclass
class Brought:
    """What became of messages that came with a command. `told`: the facts that they led to, which are emitted.

    `repeated` were taken before; `stopped` follow a held message of their key and have to wait until it is mended.
    """

    told: list[Event] = field(default_factory=list)
    repeated: list[Arrived] = field(default_factory=list)
    stopped: list[Arrived] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)


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


class Intake(Release):
    """Applies messages to one service's database."""

    def __init__(
        self, make: async_sessionmaker[AsyncSession], reactions: Reactions, *, cap: int = 200
    ) -> None:
        super().__init__(make, reactions)
        self._cap = cap

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

    async def bring(self, session: AsyncSession, batch: Read) -> Brought:
        """Apply messages that came with a command in its transaction, exactly once as if a topic had brought them.

        Whatever a handler raises undoes the command; nothing of it is parked, for who sent it is there to be told.
        """
        held_up = await held.blocked(session, {a.stream for a in batch.arrived})
        claimed = await inbox.claim(session, [a for a in batch.arrived if a.stream not in held_up])
        outcome = Outcome(guarded=False)
        await self._applier.look(session, claimed.new, outcome)
        await self._applier.apply(session, claimed.new, outcome, ())
        if outcome.holds:
            raise RuntimeError(f"{outcome.holds[0].error}: a command's messages cannot wait")
        await emit(session, outcome.told)
        conflicting = {id(b.message) for b in claimed.conflicts}
        seen = {id(a) for a in claimed.new}
        rest = [a for a in batch.arrived if id(a) not in seen and id(a.message) not in conflicting]
        return Brought(
            outcome.told,
            [a for a in rest if a.stream not in held_up],
            [a for a in rest if a.stream in held_up],
            [*batch.broken, *claimed.conflicts],
            batch.ignored,
        )

    async def _take(self, batch: Read, *, guarded: bool) -> Taken:
        outcome = Outcome(guarded=guarded, room=release.MOST)
        async with self._make() as session, session.begin():
            taken = await self._in(session, batch, outcome)
        self._applier.remember(outcome.found)
        return taken

    async def _in(self, session: AsyncSession, batch: Read, outcome: Outcome) -> Taken:
        if any(isinstance(a.event, AsnMerged) for a in batch.arrived):
            await held.lock_alone(session)  # no other batch writes meanwhile under an id that goes
        claimed = await inbox.claim(session, batch.arrived, batch.reached)
        unread = await self._without_erased(session, claimed.new, batch.broken)
        if await self._applier.look(session, claimed.new, outcome):
            outcome.blocked = await held.blocked(session, (a.stream for a in claimed.new))
        await self._applier.apply(session, claimed.new, outcome, [b.message for b in unread])
        await self._settle(session, outcome, [*unread, *claimed.conflicts])
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

    async def _without_erased(
        self, session: AsyncSession, new: Sequence[Arrived], broken: Sequence[Broken]
    ) -> Sequence[Broken]:
        """Give up what is held of those whom this batch erases, or their tombstones would wait behind it; gives what
        else cannot be read."""
        erased = {a.stream: a.message.offset for a in new if a.event.erases}
        if not erased:
            return broken
        older = {id(b) for b in broken if b.message.offset < erased.get((b.message.topic, b.message.key), 0)}
        await held.keep(session, [park_unread(b) for b in broken if id(b) in older])
        await held.give_up(session, erased)
        return [b for b in broken if id(b) not in older]

    async def _check_cap(self, session: AsyncSession, outcome: Outcome, broken: list[Broken]) -> None:
        parked = [h.message for h in outcome.holds if h.state == "parked" and h.held_id is None]
        topics = sorted({m.topic for m in [*parked, *(b.message for b in broken)]})
        counts = await held.count_parked(session, topics) if topics else {}
        for topic, open_ones in counts.items():
            if open_ones > self._cap:
                raise TopicFailingError(topic)
