"""The whole system as `bina up` starts it: start-up times, memory and idle cost."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from .figures import Figure, figure, say

BINA = Path(sys.executable).parent / "bina"
IDLE_SECONDS = 30
SETTLE_SECONDS = 20


async def measure(_: object, runs: int) -> list[Figure]:
    """Start with an empty state (Kafka's files cached), start again, then measure memory and idle cost."""
    with tempfile.TemporaryDirectory(prefix="bina-bench-up-") as folder:
        first = await start(folder)
        seconds_first = first.seconds
        await first.stop()
        again = []
        for number in range(runs):
            started = await start(folder)
            again.append(started.seconds)
            if number < runs - 1:
                await started.stop()
        await asyncio.sleep(SETTLE_SECONDS)
        memory, idle = started.memory(), await started.idle()
        await started.stop()
    say(f"first {seconds_first:.1f} s, again {again[0]:.1f} s, {memory:.0f} MiB, idle {idle:.1f} %")
    return [
        figure("startup.first", [seconds_first], "s", [150.0], "with the demo world; baseline is the target"),
        figure("startup.again", again, "s", [15.0], "baseline is the target"),
        figure("memory.total", [memory], "MiB", [1228.8], "PSS of every process; baseline is the target"),
        figure("idle.cpu", [idle], "% of core", [10.0], "baseline is the target"),
    ]


class Started:
    """A running system."""

    def __init__(self, process: asyncio.subprocess.Process, seconds: float) -> None:
        self.process, self.seconds = process, seconds

    def _all(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def memory(self) -> float:
        """MiB that the system costs, shared pages counted once."""
        return float(sum(p.memory_full_info().pss for p in self._all())) / 2**20

    async def idle(self) -> float:
        """Percent of one core over half a minute without work."""
        before = self._seconds()
        await asyncio.sleep(IDLE_SECONDS)
        return (self._seconds() - before) / IDLE_SECONDS * 100

    def _seconds(self) -> float:
        return float(sum(p.cpu_times().user + p.cpu_times().system for p in self._all()))

    async def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(self.process.wait(), 60)


async def start(folder: str, *options: str) -> Started:
    """`bina up` with these options, once it tells its address."""
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        str(BINA),
        "up",
        "--state",
        folder,
        *options,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert process.stdout is not None
    async with asyncio.timeout(600):
        while line := await process.stdout.readline():
            if b"http://" in line:
                break
    seconds = time.perf_counter() - begun
    drain = asyncio.create_task(process.stdout.read())
    drain.add_done_callback(lambda _: None)
    return Started(process, seconds)
