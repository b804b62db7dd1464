"""Keeps children running: a dead one is started again, later and later while it keeps dying."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any

from bina_local.process import Child, Program, Spawn, end_leftover, run_until_ready, spawn
from bina_local.state import State

FIRST_DELAY, LONGEST_DELAY = 0.5, 20.0
STEADY_SECONDS = 5.0
HOPELESS_DEATHS = 5

Ready = Callable[[], Coroutine[Any, Any, None]]
Tell = Callable[[str], None]
"""Takes one line for a person."""


def delays() -> Iterator[float]:
    """Seconds before each next start: doubling, capped, with jitter so that children do not start in step."""
    delay = FIRST_DELAY
    while True:
        yield delay * random.uniform(0.5, 1.0)  # noqa: S311 no secret
        delay = min(delay * 2, LONGEST_DELAY)


def end_leftovers(state: State) -> list[str]:
    """End what an earlier run, killed without warning, left behind; gives the names."""
    return [file.stem for file in sorted(state.run.glob("*.pid")) if end_leftover(file)]


class Supervisor:
    """Children in the order of their start; they are stopped in the opposite order."""

    def __init__(self, state: State, tell: Tell, spawned: Spawn = spawn) -> None:
        """`spawned` starts each child."""
        self.state = state
        self._tell = tell
        self._spawn = spawned
        self._children: dict[str, Child] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._hopeless: dict[str, asyncio.Event] = {}
        self._between: set[Child] = set()
        """Successors that are not ready yet, and children that retire."""

    def child(self, name: str) -> Child:
        """A child by name."""
        return self._children[name]

    def pids(self) -> set[int]:
        """The children that live, successors included."""
        return {child.pid for child in (*self._children.values(), *self._between) if child.pid is not None}

    async def run(self, program: Program, ready: Ready, seconds: float) -> None:
        """Start a child that nothing works without, and return once it is ready; then keep it running.

        Raises ChildFailedError when it ends, or is not ready, within `seconds`.
        """
        child = self._adopt(program)
        await run_until_ready(child, ready(), seconds)
        self._keepers[program.name] = asyncio.create_task(self._keep(child))

    async def start(self, program: Program) -> None:
        """Start a child and keep it running; it may die a few times until what it needs is there."""
        child = self._adopt(program)
        await child.start()
        self._keepers[program.name] = asyncio.create_task(self._keep(child))

    async def until(self, name: str, ready: Coroutine[Any, Any, Any], seconds: float) -> None:
        """Wait until a started child is ready.

        Raises ChildFailedError when that takes longer, or when it died too often to hope.
        """
        waiting = asyncio.ensure_future(ready)
        hopeless = asyncio.ensure_future(self._hopeless[name].wait())
        try:
            await asyncio.wait({waiting, hopeless}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                waiting.result()
                return
        finally:
            hopeless.cancel()
            waiting.cancel()
        raise self._children[name].failure()

    async def replace(
        self,
        program: Program,
        ready: Coroutine[Any, Any, None],
        seconds: float,
        retire: Callable[[Child], Awaitable[None]],
    ) -> None:
        """Start a child's successor beside it; once that is ready, let the child retire, and end it.

        Raises ChildFailedError when the successor is not ready within `seconds`; the child then goes on.
        """
        new = Child(program, self.state, self._spawn, suffix=".next")
        async with self._passing(new):
            await run_until_ready(new, ready, seconds)
            old = await self._release(program.name)
            self._children[program.name] = new
            self._keepers[program.name] = asyncio.create_task(self._keep(new))
        await self._retire(old, retire)
        new.succeed(old)

    async def remove(self, name: str, retire: Callable[[Child], Awaitable[None]]) -> None:
        """Let a child retire, and end it for good."""
        old = await self._release(name)
        await self._retire(old, retire)
        del self._children[name], self._hopeless[name]

    async def _retire(self, old: Child, retire: Callable[[Child], Awaitable[None]]) -> None:
        async with self._passing(old):
            await retire(old)
            await old.stop()

    @contextlib.asynccontextmanager
    async def _passing(self, child: Child) -> AsyncIterator[None]:
        """What is broken off leaves no child behind that nobody keeps."""
        self._between.add(child)
        try:
            yield
        except BaseException:
            await child.stop()
            raise
        finally:
            self._between.discard(child)

    async def _release(self, name: str) -> Child:
        """A child that is not started again when it ends."""
        keeper = self._keepers.pop(name)
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        return self._children[name]

    async def restart(self, name: str, why: str) -> None:
        """End a child that does not do its work; its keeper starts it anew."""
        self._tell(f"{name} {why}: dihentikan supaya dijalankan lagi")
        await self._children[name].stop()

    def _adopt(self, program: Program) -> Child:
        child = self._children[program.name] = Child(program, self.state, self._spawn)
        self._hopeless[program.name] = asyncio.Event()
        child.rotate_log()
        return child

    async def _keep(self, child: Child) -> None:
        waits, deaths = delays(), 0
        while True:
            started = time.monotonic()
            code = await child.ended()
            wait = next(waits)
            if time.monotonic() - started > STEADY_SECONDS:
                waits, deaths, wait = delays(), 0, 0.0
            deaths += 1
            if deaths >= HOPELESS_DEATHS:
                self._hopeless[child.program.name].set()
            self._tell(f"{child.program.name} berhenti (kode {code}); {_when(wait)}")
            await asyncio.sleep(wait)
            await child.start()

    async def stop(self) -> None:
        """End every child in order, the last started first."""
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        await asyncio.gather(*(child.stop() for child in [*self._between]))
        for group in self._in_stopping_order():
            await asyncio.gather(*(child.stop() for child in group))

    def _in_stopping_order(self) -> list[list[Child]]:
        """Those that need the broker and the databases end first, together; then these two."""
        children = list(self._children.values())
        base = [c for c in children if c.program.name in ("kafka", "postgres")]
        return [[c for c in children if c not in base], base]


def _when(wait: float) -> str:
    return f"dijalankan lagi dalam {wait:.1f} detik" if wait else "dijalankan lagi"
