"""A child process with a log, a pid file and an orderly end."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bina_local.state import State, write_private

KILL_SECONDS, LOOK_SECONDS = 5.0, 0.05
LAUNCHER = Path(__file__).with_name("launch.py")


class ChildFailedError(RuntimeError):
    """A child ended before it was ready; the message carries the end of its log."""


@dataclass(frozen=True)
class Program:
    """What to run and how it likes to be ended. `module`: what argv runs is this Python module's `__main__`."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15
    user: str | None = None
    passes_folders: bool = False
    module: str | None = None

    def command(self) -> list[str]:
        """The arguments that start it as our child: ended with us, and as its own user."""
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(self.stop_signal))]
        return [*launcher, self.user or "-", "1" if self.passes_folders else "0", *self.argv]


class Run(Protocol):
    """A process of ours, however it was started."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """None while it lives; a signal that ended it is told as its negative number."""

    async def wait(self) -> int:
        """Wait for the end and give the exit code."""

    def send_signal(self, signal: int, /) -> None:
        """Send it a signal. Raises ProcessLookupError when it has ended."""


Spawn = Callable[[Program, Path], Awaitable[Run]]
"""Starts a program whose output goes to the end of a log."""


async def spawn(program: Program, log: Path) -> Run:
    """Start a program of its own accord. Call it from the main thread: the death signal follows who forked."""
    with log.open("ab") as file:
        return await asyncio.create_subprocess_exec(
            *program.command(),
            env={**os.environ, **program.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


class Child:
    """One run of a program. `start` again after it ended starts the next run."""

    def __init__(self, program: Program, state: State, spawned: Spawn = spawn, *, suffix: str = "") -> None:
        """`suffix` keeps its pid file apart from that of a child of the same name."""
        self.program = program
        self.log = state.logs / f"{program.name}.log"
        self._pid_file = state.run / f"{program.name}{suffix}.pid"
        self._spawn = spawned
        self._process: Run | None = None

    @property
    def pid(self) -> int | None:
        """The running process, or None."""
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    def rotate_log(self) -> None:
        """Begin a new log; the one before is kept beside it."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))

    async def start(self) -> None:
        """Start the program; call it from the main thread."""
        self._process = await self._spawn(self.program, self.log)
        remember(self._pid_file, self._process.pid, self.program.stop_signal)

    def succeed(self, predecessor: "Child") -> None:
        """Take the place of a child of the same name that has ended."""
        self._pid_file = self._pid_file.replace(predecessor._pid_file)  # noqa: SLF001 another of this class

    async def ended(self) -> int:
        """Wait for the end and give the exit code."""
        assert self._process is not None, "never started"
        return await self._process.wait()

    async def stop(self) -> None:
        """End the process by its own signal; kill it when it does not listen."""
        if self._process is None:
            return
        if self.running:
            self.signal(self.program.stop_signal)
            try:
                await asyncio.wait_for(self._process.wait(), self.program.stop_seconds)
            except TimeoutError:
                self.kill()
                await self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process if it lives."""
        if self.running and self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def failure(self) -> ChildFailedError:
        """An error that says what the log ended with."""
        tail = self.log.read_text(errors="replace").splitlines()[-12:] if self.log.exists() else []
        return ChildFailedError(
            "\n".join([f"{self.program.name} berhenti sebelum siap; akhir {self.log}:", *tail])
        )


async def until(probe: Callable[[], Awaitable[bool]], every: float = 0.1) -> None:
    """Ask again and again until the answer is yes: another process tells in no other way."""
    while not await probe():  # noqa: ASYNC110 there is no event to wait for
        await asyncio.sleep(every)


async def run_until_ready(child: Child, ready: Coroutine[Any, Any, None], seconds: float) -> None:
    """Start a child and wait until it is ready, it ended, or the time is over."""
    await child.start()
    waiting = asyncio.ensure_future(ready)
    ended = asyncio.ensure_future(child.ended())
    try:
        await asyncio.wait({waiting, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done() and child.running:
            return waiting.result()
    finally:
        ended.cancel()
        waiting.cancel()
    await child.stop()
    raise child.failure()


def remember(pid_file: Path, pid: int, stop_signal: int) -> None:
    """Write down which process this is: its number alone may be someone else's tomorrow."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(pid).create_time()
        write_private(pid_file, json.dumps({"pid": pid, "started": started, "stop_signal": int(stop_signal)}))


def still_ours(pid_file: Path) -> dict[str, Any] | None:
    """What the file says, if that very process still lives."""
    import psutil

    try:
        note: dict[str, Any] = json.loads(pid_file.read_text())
        process = psutil.Process(note["pid"])
        same = (
            abs(process.create_time() - note["started"]) < 2
        )  # the system's idea of its boot time moves a little
        alive = process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return note if same and alive else None


def end_leftover(pid_file: Path, seconds: float = 15) -> bool:
    """End the process of an earlier run that outlived its supervisor; True when there was one."""
    import psutil

    note = still_ours(pid_file)
    if note is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(note["pid"])
            process.send_signal(note["stop_signal"])
            if not _gone(pid_file, seconds):
                process.kill()
                _gone(pid_file, KILL_SECONDS)
    pid_file.unlink(missing_ok=True)
    return note is not None


def _gone(pid_file: Path, seconds: float) -> bool:
    """Whether the process ends in time. Nobody may ever wait for it, as in a container whose first process does not."""
    deadline = time.monotonic() + seconds
    while still_ours(pid_file) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True
