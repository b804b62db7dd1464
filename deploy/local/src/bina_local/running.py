"""One `bina up` per state folder: a lock that its process holds until it ends, however it ends."""

import fcntl
import os
import signal
import time
from types import TracebackType
from typing import IO, Self

from bina_local.state import State


class AlreadyRunningError(RuntimeError):
    """Another process holds the state folder."""


class RunLock:
    """Held by `bina up`; the system frees it when the process dies."""

    def __init__(self, state: State) -> None:
        self._path = state.run / "bina.lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise AlreadyRunningError(f"Bina sudah berjalan dari {self._path.parent.parent}") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        self._file.truncate(0)
        self._file.close()


def holder(state: State) -> int | None:
    """The process that runs Bina from this state folder, if one does."""
    try:
        with RunLock(state):
            return None
    except AlreadyRunningError:
        text = (state.run / "bina.lock").read_text()
        return int(text) if text.isdigit() else None


def end_holder(state: State, seconds: float = 60) -> bool:
    """Ask the running Bina to stop and wait for it; False when none runs.

    Raises TimeoutError when it does not end in time.
    """
    pid = holder(state)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while holder(state) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"proses {pid} belum berhenti setelah {seconds:.0f} detik")
        time.sleep(0.2)
    return True
