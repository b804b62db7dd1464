"""Two transactions side by side, at the very moment that would harm: the server decides who waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bina.messaging.testing import ServiceUnderTest

_WAITS = """SELECT 1 FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()"""


class Meeting:
    """`await meeting(svc, (store, "close"), first, second)`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    async def __call__(
        self,
        svc: ServiceUnderTest,
        place: tuple[object, str],
        first: Awaitable[Any],
        second: Callable[[], Awaitable[Any]],
    ) -> None:
        """Let `first` stand still once it has made the call of `place`, until `second` is done or waits for it."""
        reached, go = self._stop_after(*place)
        one = asyncio.ensure_future(first)
        stopped = asyncio.ensure_future(reached.wait())
        await asyncio.wait({one, stopped}, return_when=asyncio.FIRST_COMPLETED)
        assert not one.done(), f"{place[1]} was not called"
        two = asyncio.ensure_future(second())
        while not (two.done() or await svc.rows(_WAITS)):  # noqa: ASYNC110 - the server decides
            await asyncio.sleep(0.01)
        go.set()
        await asyncio.wait({one, two})
        await asyncio.gather(one, two)

    def _stop_after(self, module: object, name: str) -> tuple[asyncio.Event, asyncio.Event]:
        reached, go, call = asyncio.Event(), asyncio.Event(), getattr(module, name)

        async def call_and_stop(*args: Any, **named: Any) -> Any:
            found = await call(*args, **named)
            if not reached.is_set():
                reached.set()
                await go.wait()
            return found

        self._monkeypatch.setattr(module, name, call_and_stop)
        return reached, go
