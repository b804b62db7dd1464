"""How a service says what it reacts to. A handler is a function over a batch; what it returns is what it tells.

It never commits, never publishes, never catches to hide.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import REGISTRY, Event

from .records import Broken

E = TypeVar("E", bound=Event)
Handler = Callable[[list[Any], AsyncSession], Awaitable[Sequence[Event]]]
UnreadableHandler = Callable[[list[Broken], AsyncSession], Awaitable[Sequence[Event]]]


@dataclass(frozen=True)
class Need:
    """A fact of another topic that must be known first: its contract and, per event, its key (None: no need)."""

    of: type[Event]
    key: Callable[[Any], object]

    @property
    def fact(self) -> str:
        """Under which name the fact is remembered."""
        return fact_name(self.of)


def fact_name(contract: type[Event]) -> str:
    """State topics are known by topic (any version will do), other facts by their type."""
    return contract.topic if contract.state else contract.type


@dataclass
class Handlers:
    """What one capability reacts to."""

    reactions: list[tuple[type[Event], Handler, tuple[Need, ...]]] = field(default_factory=list)
    ordered: set[type[Event]] = field(default_factory=set)
    ahead: dict[type[Event], Callable[[Any], object]] = field(default_factory=dict)
    unreadable: list[UnreadableHandler] = field(default_factory=list)

    def on(
        self,
        contract: type[E],
        *,
        needs: Need | tuple[Need, ...] = (),
        ordered: bool = False,
        ahead: Callable[[E], object] | None = None,
    ) -> Callable[[Callable[[list[E], AsyncSession], Awaitable[Sequence[Event]]]], Handler]:
        """React to a type; events whose `needs` are not known yet wait, in key order.

        `ordered`: the handler takes several events of one key in one call and keeps their order; only without needs.
        `ahead`: what the handler asks of `event.once` and the database is not needed for; done while it works on the
        batch before.
        """
        if ordered and needs:
            raise ValueError(f"{contract.__name__}: one of a key could wait and its follower not")
        if ordered:
            self.ordered.add(contract)
        if ahead is not None:
            self.ahead[contract] = ahead
        needed = needs if isinstance(needs, tuple) else (needs,)

        def register(handler: Callable[[list[E], AsyncSession], Awaitable[Sequence[Event]]]) -> Handler:
            self.reactions.append((contract, handler, needed))
            return handler

        return register

    def on_unreadable(self, handler: UnreadableHandler) -> UnreadableHandler:
        """Answer agencies whose messages could not be read; they are parked already."""
        self.unreadable.append(handler)
        return handler


class Reactions:
    """All reactions of a service, by type."""

    def __init__(self, parts: Iterable[Handlers]) -> None:
        parts = list(parts)
        self.unreadable = [handler for part in parts for handler in part.unreadable]
        self._handlers: dict[type[Event], list[Handler]] = {}
        self._needs: dict[type[Event], list[tuple[str, Callable[[Any], object]]]] = {}
        for contract, handler, needs in (r for part in parts for r in part.reactions):
            self._handlers.setdefault(contract, []).append(handler)
            self._needs.setdefault(contract, []).extend((need.fact, need.key) for need in needs)
        self.wanted: dict[str, type[Event]] = {c.type: c for c in self._handlers}
        self.awaited = {fact for needs in self._needs.values() for fact, _ in needs}
        others = {c for part in parts for c, _, _ in part.reactions if c not in part.ordered}
        self.ahead = {c: work for part in parts for c, work in part.ahead.items()}
        self.ordered = {c for part in parts for c in part.ordered} - others

    def prepare(self, event: Event) -> None:
        """Do ahead what a handler will ask of an event. What fails now fails again there, where it is seen to."""
        if work := self.ahead.get(type(event)):
            with contextlib.suppress(Exception):
                event.once(work)

    @property
    def topics(self) -> set[str]:
        """Topics (agencies' by their common prefix) that carry what is reacted to."""
        return {contract.topic for contract in self._handlers}

    def needs(self, event: Event) -> list[tuple[str, str]]:
        """(fact, key) pairs this event needs."""
        found = [(fact, key_of(event)) for fact, key_of in self._needs[type(event)]]
        return [(fact, str(key)) for fact, key in found if key is not None]

    async def react(self, contract: type[Event], events: list[Event], session: AsyncSession) -> list[Event]:
        """Call every handler of a type, in the order of declaration."""
        told: list[Event] = []
        for handler in self._handlers[contract]:
            told.extend(await handler(events, session))
        return told


def contracts_of(topic: str) -> list[type[Event]]:
    """Every contract that travels on a topic."""
    return [contract for contract in REGISTRY.values() if contract.topic == topic]
