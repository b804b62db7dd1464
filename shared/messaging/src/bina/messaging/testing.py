"""Testing a service by its facts: what it receives, what it tells. Real PostgreSQL, no broker, no mock."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, overload

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bina.events import REGISTRY, Envelope, Event

from . import clock
from .database import create_engine, sessions
from .due import DueWork
from .identity import new_id
from .intake import Intake, Taken
from .records import Message, message_of
from .runtime import Runtime
from .service import Service
from .settings import Settings

E = TypeVar("E", bound=Event)


class ServiceUnderTest:
    """One service on a migrated database. `receives` what Kafka would bring, `emitted` what it tells."""

    def __init__(self, service: Service, database: str | AsyncEngine, *, cap: int = 200) -> None:
        """`database`: its URL, or the engine of one that outlives this test; `close` leaves such an engine open."""
        self.service = service
        self._lent = isinstance(database, AsyncEngine)
        self.engine = database if isinstance(database, AsyncEngine) else create_engine(database, kept=2)
        self.sessions = sessions(self.engine)
        self.reactions = service.reactions(demo=True)
        self.intake = Intake(self.sessions, self.reactions, cap=cap)
        self.due = DueWork(self.sessions, service.schedules)
        self._offsets = itertools.count()
        self._versions: dict[tuple[str, str], int] = {}
        self._seen = 0

    async def receives(self, *events: Event, agency: str = "") -> Taken:
        """Take events as one batch. Those without an envelope get one; the same object twice is a redelivery."""
        return await self.receives_raw(*(self.message(event, agency=agency) for event in events))

    async def receives_raw(self, *messages: Message) -> Taken:
        """Take records as they are."""
        return await self.intake.take(self.intake.read(messages))

    def message(self, event: Event, *, agency: str = "") -> Message:
        """The record of an event, as its producer would write it."""
        try:
            envelope = event.envelope
        except LookupError:
            envelope = event.travelled(self._envelope(event, agency)).envelope
        topic = f"{event.topic}.{envelope.publisher}" if envelope.publisher else event.destination
        return message_of(event, topic=topic, offset=next(self._offsets))

    def _envelope(self, event: Event, agency: str) -> Envelope:
        stream = (event.topic, event.key)
        self._versions[stream] = self._versions.get(stream, 0) + 1
        return Envelope(
            id=str(new_id()),
            source=agency or event.topic.split(".", maxsplit=1)[0],
            type=event.type,
            time=clock.now(),
            subject=event.key,
            version=self._versions[stream],
            publisher=agency,
        )

    @overload
    async def emitted(self) -> list[Any]: ...

    @overload
    async def emitted(self, *contracts: type[E]) -> list[E]: ...

    async def emitted(self, *contracts: type[Any]) -> list[Any]:
        """Facts told since the last call, in order; only those of the given contracts, if any are given."""
        rows = await self.rows("SELECT * FROM messaging.outbox WHERE id > :seen ORDER BY id", seen=self._seen)
        self._seen = max([self._seen, *(row.id for row in rows)])
        events: list[Any] = [_event(row) for row in rows]
        return [event for event in events if not contracts or isinstance(event, contracts)]

    async def does_due_work(self, at: datetime | None = None) -> int:
        """Move the business clock to `at`, if given, and do all that is due; returns how many items."""
        if at is not None:
            clock.move(at - (clock.now() - clock.offset()))
        total = 0
        while claimed := await self.due.run():
            total += claimed
        return total

    async def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        """Rows of a query on the service's database."""
        async with self.sessions() as session:
            return list(await session.execute(text(sql), values))

    async def held(self) -> list[tuple[str, str, str]]:
        """(state, key, code) of every held message, oldest first."""
        rows = await self.rows("SELECT state, key, code FROM messaging.held ORDER BY id")
        return [(row.state, row.key, row.code) for row in rows]

    def runtime(self, settings: Settings) -> Runtime:
        """A runtime to be used without a start, over this service's connections: what pages and commands need."""
        runtime = Runtime(self.service, settings)
        runtime.engine = self.engine
        runtime.sessions.configure(bind=self.engine)
        return runtime

    async def close(self) -> None:
        """Give the connections back and the clock its own time."""
        clock.move(timedelta(0))
        if not self._lent:
            await self.engine.dispose()


def _event(row: Any) -> Event:
    contract = REGISTRY[row.type]
    if row.value is None:
        return contract.model_validate(dict.fromkeys(contract.model_fields, row.key))
    event = contract.model_validate_json(row.value)
    envelope = Envelope(
        id=str(row.event_id),
        source=row.topic.split(".", maxsplit=1)[0],
        type=row.type,
        time=row.time,
        subject=row.key,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        version=row.version,
    )
    return event.travelled(envelope)
