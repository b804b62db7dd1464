"""What a service is made of, as its `app.py` declares it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event, agency
from bina.events.platform import ClockMoved

from . import clock
from .due import Schedule
from .handlers import Handlers, Reactions

StateLoader = Callable[[AsyncSession, Sequence[str]], Awaitable[Sequence[Event]]]
"""Current states of keys, one event per key; of an erased one its tombstone. Set-based, and it only reads."""


@dataclass(frozen=True)
class Service:
    """A service by its parts. `name` is also its consumer group, its event source and its URL prefix."""

    name: str
    migrations: Path
    handlers: Sequence[Handlers] = ()
    schedules: Sequence[Schedule] = ()
    states: Mapping[str, StateLoader] = field(default_factory=dict)
    """By state topic that this service owns: where its states come from when the nightly reconcile tells them anew."""
    projections: Sequence[str] = ()
    """Tables that hold nothing but what events say: a replay makes them anew. Tables that commands, due work or the
    outside world write as well are not among them."""
    loops: Sequence[Any] = field(default=())
    """Coroutine functions `loop(runtime)` that run beside the consumer, e.g. sending mail."""

    def reactions(self, *, demo: bool) -> Reactions:
        """All handlers; a demonstration also follows the movable clock."""
        return Reactions([*self.handlers, clock_handlers] if demo else self.handlers)


clock_handlers = Handlers()


@clock_handlers.on(ClockMoved)
async def on_clock_moved(events: list[ClockMoved], session: AsyncSession) -> list[Event]:
    """Remember the demonstration's offset; every worker reads it from here."""
    await session.execute(
        text(
            """INSERT INTO messaging.clock (moved_by) VALUES (make_interval(secs => :seconds))
            ON CONFLICT (single) DO UPDATE SET moved_by = excluded.moved_by"""
        ),
        {"seconds": events[-1].offset_seconds},
    )
    session.info["due"] = True
    return []


async def follow_clock(session: AsyncSession) -> None:
    """Set this process's business clock to what the database says."""
    moved = await session.scalar(text("SELECT moved_by FROM messaging.clock"))
    clock.move(moved or timedelta(0))


def subscription(topics: set[str]) -> tuple[list[str], str | None]:
    """Literal topics, or, where agencies' topics are among them, one pattern over all."""
    if agency.INBOUND not in topics:
        return sorted(topics), None
    literals = [topic.replace(".", r"\.") for topic in sorted(topics - {agency.INBOUND})]
    inbound = agency.INBOUND.replace(".", r"\.") + r"\.[^.]+"
    return [], f"^({'|'.join([inbound, *literals])})$"
