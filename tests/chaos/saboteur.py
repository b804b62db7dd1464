"""Kills and freezes by a seeded plan; every act is in the journal before it is done."""

import asyncio
import random
from collections.abc import Iterator

from bina_local.addresses import SERVICES
from chaos.journal import Journal
from chaos.stage import BROKER, DATABASE, Stage

KILL, FREEZE, ZOMBIE = "kill", "freeze", "zombie"
Act = tuple[str, str]
LOCK_SECONDS = 12.5
"""Longer than the ten seconds after which the database ends a silent relay's session and an idle transaction."""
BESIDE_SECONDS = 6.0
"""How long a thawed process and the one started in its place live side by side."""
LENGTH = {KILL: 0.0, FREEZE: LOCK_SECONDS, ZOMBIE: LOCK_SECONDS + 2 * BESIDE_SECONDS}
SHORTEST_REST, LONGEST_REST = 1.5, 5.0


def acts(chance: random.Random) -> Iterator[Act]:
    """Rounds without end; in each, every part is killed once, one service is frozen, one becomes a zombie."""
    while True:
        kills = [(KILL, name) for name in (*SERVICES, BROKER, DATABASE)]
        frozen, zombie = chance.sample(SERVICES, 2)
        deck = [*kills, (FREEZE, frozen), (ZOMBIE, zombie)]
        yield from chance.sample(deck, len(deck))


class Saboteur:
    def __init__(self, stage: Stage, journal: Journal, seed: int) -> None:
        self._stage = stage
        self._journal = journal
        self._chance = random.Random(f"{seed}/acts")

    async def run(self, seconds: float) -> None:
        """One act after the other until the time is over; none that would not end by then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        for act, victim in acts(self._chance):
            await asyncio.sleep(self._chance.uniform(SHORTEST_REST, LONGEST_REST))
            if loop.time() >= end:
                return
            if loop.time() + LENGTH[act] < end:
                await self._do(act, victim)

    async def _do(self, act: str, victim: str) -> None:
        self._journal.write("act", act=act, victim=victim)
        if act == KILL:
            await self._stage.kill(victim)
        elif act == FREEZE:
            await self._freeze(victim)
        else:
            await self._make_zombie(victim)
        self._journal.write("act done", act=act, victim=victim)

    async def _freeze(self, victim: str) -> None:
        self._stage.freeze(victim)
        await asyncio.sleep(LOCK_SECONDS)
        self._stage.thaw(victim)

    async def _make_zombie(self, victim: str) -> None:
        """Frozen, replaced by the same worker elsewhere, awake again beside it; in the end the usual one alone."""
        self._stage.freeze(victim)
        twin = await self._stage.start_twin(victim)
        await asyncio.sleep(LOCK_SECONDS)
        self._stage.thaw(victim)
        self._journal.write("awake", victim=victim)
        await asyncio.sleep(BESIDE_SECONDS)
        await self._stage.kill(victim)
        await asyncio.sleep(BESIDE_SECONDS)
        twin.kill()
        await twin.ended()
