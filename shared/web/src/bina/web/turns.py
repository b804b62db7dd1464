"""Commands of one kind that come at once share a turn: they are decided together, in their order of arrival.

While one turn is at work, those that come meanwhile gather for the next. So who alone asks waits for nobody, and a
thousand for one run cost a transaction, its lock and the disk's answer once per turn, not once each. Every command keeps
its own key, answer, audit entry, trace and words; one that is refused, or whose sender has gone, harms no other, and when
a turn fails each of its commands is decided alone.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi.encoders import jsonable_encoder
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import Runtime, outbox
from bina.messaging.commands import Named, StoredAnswer, claim_all, remember_all
from bina.messaging.database import is_transient
from bina.web import language
from bina.web.audit import asking, sealer_of
from bina.web.audit.store import add_all
from bina.web.audit.trail import Trail
from bina.web.commands import Answered, Command, Sharing, answered, principal_of
from bina.web.problems import Problem, unavailable

A = TypeVar("A")
B = TypeVar("B")
MOST = 100
"""Commands of one turn."""
ROOM = 1000
"""Commands that may wait for theirs; more are answered 503 with `Retry-After`."""


@dataclass(eq=False)
class Asked(Generic[A]):
    """A command in a shared turn: `what` it asks, the `trail` of its audit entry, its `trace`."""

    command: Command
    what: A
    named: Named
    trail: Trail
    status: int
    told: Callable[[Any], Any]
    outcome: "asyncio.Future[Answered | None]"
    trace: str
    language: str
    context: contextvars.Context

    def settle(self, found: Answered | Problem | None) -> None:
        """Answer whoever still waits; None: to be decided alone."""
        if self.outcome.done():
            return
        if isinstance(found, Problem):
            self.outcome.set_exception(found)
        else:
            self.outcome.set_result(found)


class Turns(Generic[A, B]):
    """Turns of one kind of command in one worker.

    `decide(session, asked)` decides all in their order, set-based, and gives for each what it came to: a `Problem` for
    what is refused and has no effect. It notes in each one's own trail.
    """

    def __init__(
        self,
        decide: Callable[[AsyncSession, Sequence[Asked[A]]], Awaitable[Sequence[B | Problem]]],
    ) -> None:
        self._decide = decide
        self._waiting: deque[Asked[A]] = deque()
        self._work: asyncio.Task[None] | None = None

    def sharing(self, what: A, told: Callable[[B], Any]) -> Sharing:
        """How a command takes part: what it asks, and the answer that `told` makes of what that came to."""

        async def share(command: Command, status: int) -> Answered | None:
            if len(self._waiting) >= ROOM:
                raise unavailable()
            one = _asked(command, what, told, status)
            self._waiting.append(one)
            if self._work is None or self._work.done():
                self._work = asyncio.create_task(self._take_turns(), context=contextvars.Context())
            found = await one.outcome
            sealer_of(command.request.app).wake()
            return found

        return share

    async def _take_turns(self) -> None:
        while turn := self._next():
            # What is told on the way is told in the first one's language, which is everybody's, and trace.
            here = turn[0].context.copy()
            await asyncio.create_task(self._attempt(turn), context=here)

    def _next(self) -> list[Asked[A]]:
        """The longest waiting, as far as they speak one language and none is another's repetition."""
        turn: list[Asked[A]] = []
        names: set[tuple[str, str]] = set()
        while self._waiting and len(turn) < MOST:
            one = self._waiting[0]
            if turn and (one.named[:2] in names or one.language != turn[0].language):
                break
            self._waiting.popleft()
            if not one.outcome.done():  # whoever has gone meanwhile asks for nothing
                names.add(one.named[:2])
                turn.append(one)
        return turn

    async def _attempt(self, turn: list[Asked[A]]) -> None:
        try:
            found = await self._together(turn)
        except Exception as error:  # noqa: BLE001 - each is told, or meets it anew by itself
            for one in turn:
                one.settle(unavailable() if is_transient(error) else None)
        else:
            for one, outcome in zip(turn, found, strict=True):
                one.settle(outcome)

    async def _together(self, turn: list[Asked[A]]) -> list[Answered | Problem]:
        runtime: Runtime = turn[0].command.request.app.state.runtime
        async with runtime.commands, runtime.transaction() as session:
            known = await claim_all(session, [one.named for one in turn])
            new = [one for one, found in zip(turn, known, strict=True) if found is None]
            decided = await self._decide(session, new) if new else ()
            bodies = iter([_body(one, found) for one, found in zip(new, decided, strict=True)])
            found = [answered(one) if one is not None else next(bodies) for one in known]
            done = [
                (one, of)
                for one, first, of in zip(turn, known, found, strict=True)
                if first is None and not isinstance(of, Problem)
            ]
            if done:
                answers = [(one.named, StoredAnswer(code, {"answer": body})) for one, (code, body) in done]
                await remember_all(session, answers)
                await add_all(session, [one.trail for one, _ in done])
        return found


def _asked(command: Command, what: A, told: Callable[[Any], Any], status: int) -> Asked[A]:
    return Asked(
        command,
        what,
        Named(principal_of(command.request), command.key, command.digest),
        asking.begun(command.request, "command"),
        status,
        told,
        asyncio.get_running_loop().create_future(),
        outbox.trace.get(),
        language.current(),
        contextvars.copy_context(),
    )


def _body(one: Asked[Any], found: Any) -> Answered | Problem:
    return found if isinstance(found, Problem) else (one.status, jsonable_encoder(one.told(found)))
