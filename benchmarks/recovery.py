"""How soon effects go on after a worker was killed and after the relay's holder froze, in the system as `bina up` runs it.

Facts arrive at a slow, constant pace all the while. One worker of evaluation is killed: the next effect is the next
outbox row of a transaction that began after the kill. With two workers the one that holds the relay's lock is
stopped: the next effect is the next row marked as published, by whoever takes the lock over.
"""

import asyncio
import contextlib
import itertools
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from bina.messaging.cluster import Cluster
from bina.messaging.relay import LOCK
from bina_local.addresses import Addresses
from bina_local.postgres import Postgres
from bina_local.principals import BrokerServer
from bina_local.state import State
from bina_local.supervisor import STEADY_SECONDS

from .figures import Figure, figure, say
from .parts import connect, produce
from .scenarios import completed, known
from .system import start

SERVICE = "evaluation"
PACE = 20
"""Facts at once, five times a second."""
LIMIT_SECONDS = 120

_HOLDER = """SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.objid = $1 AND l.granted AND a.datname = current_database()"""
_WORKING = "SELECT count(*) FROM messaging.outbox WHERE published_at IS NOT NULL"
_NEXT_EFFECT = """SELECT extract(epoch FROM min(created_at) - $1)::float FROM messaging.outbox
    WHERE created_at > $1"""
_NEXT_PUBLISHED = """SELECT extract(epoch FROM min(published_at) - $1)::float FROM messaging.outbox
    WHERE published_at > $1"""


async def measure(runs: int) -> list[Figure]:
    """Seconds until the next effect, of each kill and each stop."""
    async with _system("1") as connection:
        kills = [await _struck(connection, signal.SIGKILL, _NEXT_EFFECT) for _ in range(runs)]
    async with _system(f"{SERVICE}=2") as connection:
        stops = [await _struck(connection, signal.SIGSTOP, _NEXT_PUBLISHED) for _ in range(runs)]
    say(f"recovery: killed {max(kills):.1f} s, stopped {max(stops):.1f} s at most")
    return [
        figure(
            "recovery.kill", kills, "s", [2.0], "one worker, SIGKILL to next effect; baseline is the target"
        ),
        figure(
            "recovery.stop",
            stops,
            "s",
            [15.0],
            "relay's holder, SIGSTOP to next published; baseline is the target",
        ),
    ]


@contextlib.asynccontextmanager
async def _system(workers: str) -> AsyncIterator[Any]:
    """A system without demo world under a constant trickle of facts; gives a connection to evaluation's database."""
    with tempfile.TemporaryDirectory(prefix="bina-bench-up-") as folder:
        system = await start(folder, "--empty", "--workers", workers)
        state = State.at(Path(folder))
        addresses = Addresses.of(state)
        connection = await connect(Postgres(state.root, addresses.ports["postgres"]).url(SERVICE))
        broker = BrokerServer(state.secrets, addresses.ports["kafka"]).cluster
        await produce(broker, known())
        trickle = asyncio.create_task(_trickle(broker))
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while not await connection.fetchval(_WORKING):  # noqa: ASYNC110 - the services decide
                    await asyncio.sleep(0.2)
            yield connection
        finally:
            trickle.cancel()
            await asyncio.gather(trickle, return_exceptions=True)
            await connection.close()
            await system.stop()


async def _trickle(kafka: Cluster) -> None:
    for number in itertools.count():
        await produce(kafka, completed(PACE, number * PACE))
        await asyncio.sleep(0.2)


async def _struck(connection: Any, blow: signal.Signals, next_effect: str) -> float:
    """Strike the worker that holds the relay's lock; wake it again afterwards where it was only stopped.

    Not one that has just begun: its supervisor lets who dies in his first seconds wait longer each time.
    """
    worker = _owner(await connection.fetchval(_HOLDER, LOCK))
    await asyncio.sleep(max(0.0, worker.create_time() + STEADY_SECONDS + 1 - time.time()))
    worker.send_signal(blow)
    at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    async with asyncio.timeout(LIMIT_SECONDS):
        while (seconds := await connection.fetchval(next_effect, at)) is None:  # noqa: ASYNC110 - the services decide
            await asyncio.sleep(0.05)
    if blow is signal.SIGSTOP:
        worker.send_signal(signal.SIGCONT)
    await _settled(connection)
    return float(seconds)


def _owner(port: int) -> psutil.Process:
    """The process whose end of the connection has this port."""
    found = (c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid)
    return psutil.Process(next(found))


async def _settled(connection: Any) -> None:
    """Wait until somebody holds the relay's lock and nothing is left over."""
    waiting = "SELECT count(*) FROM messaging.outbox WHERE published_at IS NULL AND created_at < now() - interval '2 s'"
    async with asyncio.timeout(LIMIT_SECONDS):
        while await connection.fetchval(_HOLDER, LOCK) is None or await connection.fetchval(waiting):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
