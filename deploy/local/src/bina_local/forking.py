"""Workers forked from a template that has loaded them: how the supervisor asks for one and follows its life."""

import asyncio
import contextlib
import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from bina_local.process import Program, Run, spawn, until
from bina_local.sockets import connect
from bina_local.state import State

PR_SET_CHILD_SUBREAPER = 36
FORK_SECONDS = 5.0
REAP_SECONDS = 5.0
NAME = "template"


def can_fork() -> bool:
    """Whether this system tells of a process that another one forked for us: Linux since 5.3 does."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class Template:
    """Starts services by a fork of the template where it runs, everything else by itself."""

    def __init__(self, state: State) -> None:
        self._path = state.run / f"{NAME}.sock"

    def program(self) -> Program:
        """The template; this process becomes the parent of what it forks."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        environment = {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}
        return Program(NAME, [sys.executable, "-m", "bina_local.template", str(self._path)], environment)

    async def ready(self) -> None:
        """Return once it has loaded everything."""
        await until(self._answers)

    async def _answers(self) -> bool:
        try:
            connect(self._path, FORK_SECONDS).close()
        except OSError:
            return False
        return True

    async def spawn(self, program: Program, log: Path) -> Run:
        """Start a program; from the template if it is a module and the template answers."""
        if program.module is None:
            return await spawn(program, log)
        try:
            client = connect(self._path, FORK_SECONDS)
        except OSError:
            return await spawn(program, log)
        with client:
            try:
                pid = await asyncio.to_thread(_order, client, program, log)
                run = Forked(pid)
                client.sendall(b"!")
            except (OSError, ValueError):
                return await spawn(program, log)
        return run


def _order(client: socket.socket, program: Program, log: Path) -> int:
    """Ask for a worker and give its number; it begins once it is told that we know it, and else ends."""
    order = {
        "name": program.name,
        "module": program.module,
        "env": {**os.environ, **program.env},
        "log": str(log),
        "supervisor": os.getpid(),
        "death_signal": int(program.stop_signal),
    }
    client.sendall(json.dumps(order).encode() + b"\n")
    return int(client.makefile("rb").readline())


async def reap(ours: Callable[[], Collection[int]]) -> None:
    """Forget, again and again, processes that fell to us when their parents died, once they have ended.

    `ours` gives the processes that somebody here waits for; those of our own session are waited for, too.
    """
    while True:
        await asyncio.sleep(REAP_SECONDS)
        _forget_strangers(ours())


def _forget_strangers(ours: Collection[int]) -> None:
    import psutil

    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, ChildProcessError):
            strange = child.pid not in ours and os.getsid(child.pid) != os.getsid(0)
            if strange and child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)


class Forked:
    """A child of ours that another process forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._descriptor = os.pidfd_open(pid)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._reap)

    def _reap(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()

    async def wait(self) -> int:
        """Wait for the end and give the exit code."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""
        if self.returncode is None:
            os.kill(self.pid, number)
