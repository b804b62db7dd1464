"""Ends services that live without working; the supervisor then starts them anew."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from bina_local.supervisor import Supervisor

EVERY_SECONDS = 5.0
SILENT_CHECKS = 12
UNHEALTHY = 503

Check = Callable[[], Awaitable[int | None]]
"""Gives the status of a service's health endpoint; None when nobody answers."""


class HealthWatch:
    """One service that says it is stuck is ended at once; one that says nothing, after a minute."""

    def __init__(self, supervisor: Supervisor, checks: Mapping[str, Check]) -> None:
        """`checks` may change while this runs."""
        self._supervisor = supervisor
        self._checks = checks
        self._silent: dict[str, int] = {}

    async def run(self) -> None:
        """Look at every service again and again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look at every service once."""
        for name, check in list(self._checks.items()):
            status = await check()
            if self._checks.get(name) is not check:
                continue  # another took its place meanwhile, or none
            alive = self._supervisor.child(name).running
            self._silent[name] = self._silent.get(name, 0) + 1 if status is None and alive else 0
            if alive and (status == UNHEALTHY or self._silent[name] >= SILENT_CHECKS):
                self._silent[name] = 0
                await self._supervisor.restart(name, "macet" if status == UNHEALTHY else "diam")
