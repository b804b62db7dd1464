"""A service as its own process, as the platform starts it, and its memory while it works."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import psutil

from bina.messaging.cluster import Cluster
from bina_local.ports import HOST, any_free
from bina_local.services import ready

SAMPLE_SECONDS = 0.5
START_SECONDS = 60


@dataclass
class Running:
    """A service's process; `memory` holds (seconds since start, MiB) of its proportional set."""

    process: asyncio.subprocess.Process
    port: int
    started: float
    """On the performance counter; the moments of `memory` count from here."""
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """Most MiB that were seen."""
        return max(mib for _, mib in self.memory)

    async def sample(self) -> None:
        """Look at the memory of the process and its children until cancelled."""
        parent = psutil.Process(self.process.pid)
        while True:
            with contextlib.suppress(psutil.NoSuchProcess):
                self.memory.append((time.perf_counter() - self.started, proportional(parent)))
            await asyncio.sleep(SAMPLE_SECONDS)


def proportional(parent: psutil.Process) -> float:
    """MiB of a process and its children, shared pages counted once."""
    family = [parent, *parent.children(recursive=True)]
    return float(sum(process.memory_full_info().pss for process in family)) / 2**20


@contextlib.asynccontextmanager
async def running(name: str, url: str, kafka: Cluster, smtp: int = 0) -> AsyncIterator[Running]:
    """A ready service; without a mail server's port mails stay planned."""
    port = any_free()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        name,
        env={**os.environ, **_settings(url, kafka, port, smtp or any_free())},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    found = Running(process, port, time.perf_counter())
    try:
        async with asyncio.timeout(START_SECONDS):
            await ready(port)
        sampling = asyncio.create_task(found.sample())
        yield found
        sampling.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _settings(url: str, kafka: Cluster, port: int, smtp: int) -> dict[str, str]:
    return {
        "BINA_DATABASE_URL": url,
        **{f"BINA_{name.upper()}": str(value) for name, value in kafka.settings().items()},
        "BINA_HTTP_HOST": HOST,
        "BINA_HTTP_PORT": str(port),
        "BINA_SECRET": "x" * 32,
        "BINA_SMTP_HOST": HOST,
        "BINA_SMTP_PORT": str(smtp),
        "MALLOC_ARENA_MAX": "2",
    }
