"""One worker's life between the simulated broker and the real database, with what may go wrong at each point."""

from collections.abc import Sequence
from enum import Enum

from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session

from bina.messaging.ahead import Ahead, Batch
from bina.messaging.database import Session as AskingSession
from bina.messaging.intake import Intake

from . import ledger
from .bench import Bench
from .topics import Round, SimulatedConsumer, Topics

MOST = 8
REACTIONS = ledger.service.reactions(demo=False)


class Fate(Enum):
    """What becomes of one try to take a batch."""

    GOES_WELL = "well"
    HANDLERS_BREAK = "in the middle of the handlers"
    COMMIT_REFUSED = "before the commit"
    ANSWER_LOST = "committed, but nobody heard of it"
    KILLED = "after the commit, before the offset"


class Reaction(Enum):
    """What follows a failure that passes."""

    AGAIN = "the same batch at once"
    SOUGHT_BACK = "fetched anew"
    RESTARTED = "another process"


class FragileSession(Session):
    """A session whose next commit can go wrong."""

    fate = Fate.GOES_WELL


@event.listens_for(FragileSession, "before_commit")
def _refuse(_: Session) -> None:
    _break_at(Fate.COMMIT_REFUSED)


@event.listens_for(FragileSession, "after_commit")
def _lose_answer(_: Session) -> None:
    _break_at(Fate.ANSWER_LOST)


def _break_at(fate: Fate) -> None:
    if FragileSession.fate is fate:
        FragileSession.fate = Fate.GOES_WELL
        raise ConnectionResetError(fate.value)


class Worker:
    """Fetches ahead, takes and commits as a service's consumer does."""

    def __init__(self, bench: Bench, topics: Topics) -> None:
        self._bench = bench
        self._topics = topics
        self.sessions = async_sessionmaker(
            bench.engine, class_=AskingSession, expire_on_commit=False, sync_session_class=FragileSession
        )
        self.restart()

    def restart(self) -> None:
        """A new process; it knows what the database and the broker know."""
        self.intake = Intake(self.sessions, REACTIONS)
        self._consumer = SimulatedConsumer(self._topics)
        self._ahead = Ahead(self.intake.read, MOST)

    def stop(self) -> None:
        self._ahead.drop()

    @property
    def behind(self) -> bool:
        return self._consumer.behind

    def deliver(self, rounds: Sequence[Round], fate: Fate, calls: int, reaction: Reaction) -> None:
        """Take what the first round brings (or what was fetched ahead); the others are fetched ahead."""
        self._consumer.plan = list(rounds)
        batch = self._bench.do(self._fetch())
        if batch is None:
            return
        if not self._try(batch, fate, calls) and not self._react(batch, reaction):
            return
        if fate is Fate.KILLED:
            self.restart()
        else:
            self._ahead.done(batch)
            self._bench.do(self._ahead.commit(self._consumer, every=0))  # type: ignore[arg-type]

    async def _fetch(self) -> Batch | None:
        batch = await self._ahead.next(self._consumer)  # type: ignore[arg-type]
        while batch is None and self._consumer.plan:
            batch = await self._ahead.next(self._consumer)  # type: ignore[arg-type]
        return batch

    def _try(self, batch: Batch, fate: Fate, calls: int) -> bool:
        FragileSession.fate = fate
        ledger.trouble.calls = calls if fate is Fate.HANDLERS_BREAK else None
        try:
            self._bench.do(self.intake.take(batch.read))
        except ConnectionResetError:
            return False
        finally:
            FragileSession.fate, ledger.trouble.calls = Fate.GOES_WELL, None
        return True

    def _react(self, batch: Batch, reaction: Reaction) -> bool:
        """Whether the batch is taken after all."""
        if reaction is Reaction.AGAIN:
            return self._try(batch, Fate.GOES_WELL, 0)
        if reaction is Reaction.SOUGHT_BACK:
            self._bench.do(self._seek_back(batch))
        else:
            self.stop()
            self.restart()
        return False

    async def _seek_back(self, batch: Batch) -> None:
        self._ahead.rewind(self._consumer, batch.first)  # type: ignore[arg-type]
