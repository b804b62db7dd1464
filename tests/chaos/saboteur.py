"""Kills and freezes by a seeded plan; every act is in the journal before it is done."""

import asyncio
import random
from collections.abc import Iterator
from functools import partial

from bina_local.addresses import SERVICES
from chaos.journal import Journal
from chaos.proxy import Proxy
from chaos.stage import BROKER, DATABASE, Stage, again, port_of

KILL, FREEZE, ZOMBIE = "kill", "freeze", "zombie"
CUT, RESET, STALL, STALL_LONG, ONE_MORE = "cut", "reset", "stall", "stall long", "one more worker"
KILL_EARLY, REFUSE, ROLLING = "kill before the offset", "refuse batches", "rolling restart"
Act = tuple[str, str]
LOCK_SECONDS = 12.5
"""Longer than the ten seconds after which the database ends a silent relay's session and an idle transaction."""
BESIDE_SECONDS = 6.0
"""How long a thawed process and the one started in its place live side by side."""
STALL_SECONDS = 4.0
EARLY_SECONDS = 2.5
"""Time for a batch to be applied whose offset the broker does not hear of."""
WORK_SECONDS = 20.0
"""How long one more worker takes part; what it held is another's only after the group's 45 s without it."""
REFUSE_SECONDS, REFUSALS = 0.5, 3
"""How often is looked whether batches were refused, and how many attempts are enough: a batch is tried twice."""
LENGTH = {
    FREEZE: LOCK_SECONDS,
    ZOMBIE: LOCK_SECONDS + 2 * BESIDE_SECONDS,
    STALL: STALL_SECONDS,
    STALL_LONG: LOCK_SECONDS,
    ONE_MORE: WORK_SECONDS,
    ROLLING: 2 * WORK_SECONDS,
    REFUSE: 5.0,
}
SHORTEST_REST, LONGEST_REST = 0.5, 2.0


def acts(chance: random.Random, *, wide: bool) -> Iterator[Act]:
    """Rounds without end; in each, every part is killed, one service is frozen, one becomes a zombie, lines break.

    `wide`: services are killed twice in a round; besides, the line is stalled past all locks, and services get one
    more worker for a while, or are restarted worker by worker.
    """
    while True:
        kills = [(KILL, name) for name in (*SERVICES, *(SERVICES if wide else ()), BROKER, DATABASE)]
        early = [(KILL_EARLY, name) for name in ("enrollment", chance.choice(SERVICES[1:]))]
        frozen, zombie, busy, rolled = chance.sample(SERVICES, 4)
        lines = [(act, chance.choice((BROKER, DATABASE))) for act in (CUT, RESET, STALL)]
        refused = [(REFUSE, name) for name in chance.sample(SERVICES, 2)]
        more = [(STALL_LONG, chance.choice((BROKER, DATABASE))), (ONE_MORE, busy), (ROLLING, rolled)]
        long = [(FREEZE, frozen), (ZOMBIE, zombie), *(chance.sample(more, 2) if wide else ())]
        quick = [*kills, *early, *lines, *refused]
        yield from _shuffled(chance, quick, long)


def _shuffled(chance: random.Random, quick: list[Act], long: list[Act]) -> list[Act]:
    """What takes long not before half of the rest: else a short run is over before much was done."""
    deck = chance.sample(quick, len(quick))
    for act in long:
        deck.insert(chance.randint(len(deck) // 2, len(deck)), act)
    return deck


class Saboteur:
    def __init__(self, stage: Stage, journal: Journal, seed: int, *, wide: bool) -> None:
        self._stage = stage
        self._journal = journal
        self._chance = random.Random(f"{seed}/acts")
        self._wide = wide

    async def run(self, seconds: float) -> None:
        """One act after the other until the time is over; none that would not end by then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        for act, victim in acts(self._chance, wide=self._wide):
            await asyncio.sleep(self._chance.uniform(SHORTEST_REST, LONGEST_REST))
            if loop.time() >= end:
                return
            if loop.time() + LENGTH.get(act, 0) < end and not self._is_busy(act, victim):
                await self._do(act, victim)

    def _is_busy(self, act: str, victim: str) -> bool:
        return act in DEPLOYMENTS and self._stage.deploying[victim].locked()

    async def _do(self, act: str, victim: str) -> None:
        self._journal.write("act", act=act, victim=victim)
        if act in DEPLOYMENTS:
            async with self._stage.deploying[victim]:
                await DEPLOYMENTS[act](self, victim)
        elif act == KILL:
            await self._stage.kill(victim)
        elif act == KILL_EARLY:
            await self._kill_early(victim)
        elif act == REFUSE:
            await self._refuse(victim)
        else:
            await self._break(act, self._stage.lines[victim])
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

    async def _kill_early(self, victim: str) -> None:
        """What it applied last is delivered to its next life once more."""
        line = self._stage.lines[BROKER]
        line.hold_commits()
        await asyncio.sleep(EARLY_SECONDS)
        await self._stage.kill(victim)
        line.flow()

    async def _add_worker(self, victim: str) -> None:
        """Its share of the partitions goes to it, and comes back after an end in order or by a crash."""
        twin = await self._stage.start_twin(victim, worker=1)
        await asyncio.sleep(WORK_SECONDS)
        if self._chance.random() < 0.5:
            twin.kill()
        await twin.stop()

    async def _restart_rolling(self, victim: str) -> None:
        """With one more worker beside it a service is restarted worker by worker, under load; then it is one again."""
        twin = await self._stage.start_twin(victim, worker=1)
        if await self._stage.until_ready(port_of(twin)):
            await self._stage.restart_in_order(victim)
            await self._stage.restart_twin(victim, twin, worker=1)
        await self._stage.retire(twin)

    async def _refuse(self, victim: str) -> None:
        """Batches fail, are sought back, and are taken when the database lets them."""
        await again(partial(self._stage.refuse_batches, victim))
        for _ in range(int(LENGTH[REFUSE] / REFUSE_SECONDS)):
            await asyncio.sleep(REFUSE_SECONDS)
            if await again(partial(self._stage.refused, victim)) > REFUSALS:
                break
        await self._stage.take_batches(victim)

    async def _break(self, act: str, line: Proxy) -> None:
        if act == CUT:
            line.cut()
        elif act == RESET:
            line.reset()
        else:
            line.stall()
            await asyncio.sleep(LENGTH[act])
            line.flow()


DEPLOYMENTS = {
    FREEZE: Saboteur._freeze,
    ZOMBIE: Saboteur._make_zombie,
    ONE_MORE: Saboteur._add_worker,
    ROLLING: Saboteur._restart_rolling,
}
"""What changes how many workers there are, or leaves one asleep: never while the victim gets a new release."""
