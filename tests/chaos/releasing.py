"""A schema change under load: expand, move, contract; each release rolled out worker by worker, commands going on."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from bina_local.process import Child
from chaos.asked import entries
from chaos.counting import figures_of
from chaos.findings import OPEN, WRONG, Found
from chaos.journal import Journal
from chaos.observing import Observed
from chaos.planting import with_planted
from chaos.stage import Stage, again, port_of

SERVICE = "evaluation"
WORKER = 2
"""Number of the second worker: nobody else's."""
CHUNK = 200
FILL = """WITH piece AS (
        SELECT enrollment_id FROM enrolments WHERE left_run IS NULL LIMIT $1 FOR UPDATE SKIP LOCKED)
    UPDATE enrolments e SET left_run = withdrawn FROM piece WHERE piece.enrollment_id = e.enrollment_id"""
SIDE_BY_SIDE_SECONDS = 60.0


class Rollout:
    """Three releases of one service, one after the other, on two workers; in the end it has one again."""

    def __init__(self, stage: Stage, journal: Journal) -> None:
        self._stage = stage
        self._journal = journal
        self._twin: Child

    @property
    def second(self) -> int:
        """The port of the second worker."""
        return port_of(self._twin)

    async def run(self, after: float) -> None:
        """Roll out all, after so many seconds; nobody else changes the number of workers meanwhile, but anything may
        be killed."""
        await asyncio.sleep(after)
        self._journal.write("rollout")
        async with self._stage.deploying[SERVICE]:
            self._twin = await self._stage.start_twin(SERVICE, WORKER)
            await self._serves(self.second)
            await self._release("expanded", between=self._both_work)
            await self._fill()
            await self._release("moved")
            await self._release("contracted")
            await self._stage.retire(self._twin)
        self._journal.write("rolled out")

    async def _release(self, name: str, between: Callable[[], Awaitable[None]] | None = None) -> None:
        """The second worker first; what is done `between` finds the old release beside the new one."""
        self._journal.write("release", name=name, worker=WORKER)
        self._stage.releases[SERVICE] = {"PYTHONPATH": with_planted(), "BINA_CHAOS_RELEASE": name}
        await self._stage.restart_twin(SERVICE, self._twin, WORKER)
        await self._serves(self.second)
        if between is not None:
            await between()
        self._journal.write("release", name=name, worker=0)
        await self._stage.restart_in_order(SERVICE)
        await self._serves(self._first)

    @property
    def _first(self) -> int:
        return self._stage.bina.addresses.ports[SERVICE]

    async def _serves(self, port: int) -> None:
        """A rollout goes on only once the worker serves; the second one is nobody else's to start again."""
        while not await self._stage.until_ready(port, 20.0):
            if port == self.second and not self._twin.running:
                await self._twin.start()

    async def _both_work(self) -> None:
        """The old release dies and comes back on the newer schema; then both take messages side by side."""
        await self._stage.kill(SERVICE)
        await self._serves(self._first)
        ports = {"old": self._first, "new": self.second}
        begun = {name: await applied(port) for name, port in ports.items()}
        loop = asyncio.get_running_loop()
        end = loop.time() + SIDE_BY_SIDE_SECONDS
        taken = dict.fromkeys(ports, 0)
        while not all(taken.values()) and loop.time() < end:
            await asyncio.sleep(0.5)
            for name, port in ports.items():
                # A worker that died begins at nothing.
                taken[name] = max(taken[name], (now := await applied(port)) - min(begun[name], now))
        self._journal.write("side by side", **taken)

    async def _fill(self) -> None:
        """The backfill: pieces so small that nobody waits for a row."""
        filled = pieces = 0
        while piece := await again(self._fill_piece):
            filled, pieces = filled + piece, pieces + 1
        self._journal.write("filled", rows=filled, pieces=pieces)

    async def _fill_piece(self) -> int:
        connection = await self._stage.postgres.connect(SERVICE)
        try:
            return int((await connection.execute(FILL, CHUNK)).split()[-1])
        finally:
            await connection.close()


async def applied(port: int) -> int:
    """How many messages a worker applied in this life; none while it is away."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
            return figures_of((await http.get(f"http://127.0.0.1:{port}/metrics")).text)["applied"]
    except httpx.HTTPError:
        return 0


def each_release_was_rolled_out(observed: Observed) -> Found:
    """Old and new worked side by side on the schema of both, old rows were filled in, the old column is gone."""
    for _ in range(len(entries(observed, "rollout")) - len(entries(observed, "rolled out"))):
        yield OPEN, "a rollout did not end"
    for entry in entries(observed, "side by side"):
        if not (entry["old"] and entry["new"]):
            yield OPEN, f"not both releases took messages: {entry}"
    for entry in entries(observed, "filled"):
        if not entry["rows"]:
            yield OPEN, "no row was left to fill in"
    columns = {row["name"] for row in observed.tables[SERVICE]["columns"]}
    if entries(observed, "rolled out") and ("left_run" not in columns or "withdrawn" in columns):
        yield WRONG, f"columns after all releases: {sorted(columns)}"


CHECKS = (each_release_was_rolled_out,)
