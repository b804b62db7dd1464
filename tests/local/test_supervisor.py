import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bina_local import supervisor as supervision
from bina_local.health import SILENT_CHECKS, HealthWatch
from bina_local.process import Child, ChildFailedError, Program, end_leftover, run_until_ready, until
from bina_local.running import AlreadyRunningError, RunLock, end_holder, holder
from bina_local.state import State
from bina_local.supervisor import LONGEST_DELAY, Supervisor, delays, end_leftovers

SECONDS = 20


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.at(tmp_path)


def python(name: str, code: str, **more) -> Program:
    return Program(name, [sys.executable, "-c", code], **more)


def sleeper(name: str = "sleeper") -> Program:
    return python(name, "import signal; signal.pause()")


async def test_a_dead_child_is_started_again(state: State):
    told: list[str] = []
    supervisor = Supervisor(state, told.append)
    await supervisor.start(sleeper())
    first = supervisor.child("sleeper").pid

    async def again() -> bool:
        return supervisor.child("sleeper").pid not in (None, first)

    assert first
    os.kill(first, signal.SIGKILL)
    await asyncio.wait_for(until(again, every=0.02), SECONDS)
    await supervisor.stop()
    assert "sleeper berhenti (kode -9)" in told[0]
    assert not psutil.pid_exists(first)


async def test_a_child_that_keeps_dying_fails_the_start_with_its_log(
    state: State, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervision, "FIRST_DELAY", 0.01)
    supervisor = Supervisor(state, print)
    await supervisor.start(python("broken", "raise SystemExit('no such table')"))
    with pytest.raises(ChildFailedError, match="no such table"):
        await supervisor.until("broken", asyncio.Event().wait(), SECONDS)
    await supervisor.stop()


def test_waits_grow_and_are_capped_and_jittered():
    waits = list(itertools.islice(delays(), 30))
    assert all(0 < wait <= LONGEST_DELAY for wait in waits)
    assert max(waits[:2]) < min(waits[5:])
    assert len(set(waits)) == len(waits)


async def test_stopping_ends_every_child(state: State):
    supervisor = Supervisor(state, print)
    for name in ("kafka", "evaluation", "gateway"):
        await supervisor.start(sleeper(name))
    pids = [supervisor.child(name).pid for name in ("kafka", "evaluation", "gateway")]
    await supervisor.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert list(state.run.glob("*.pid")) == []


async def test_a_child_that_ignores_its_signal_is_killed(state: State):
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    child = Child(python("deaf", code, stop_seconds=0.2), state)

    async def says_up() -> bool:
        return "up" in child.log.read_text()

    await child.start()
    await asyncio.wait_for(until(says_up, every=0.02), SECONDS)
    await child.stop()
    assert await child.ended() == -signal.SIGKILL


async def test_a_start_that_fails_says_what_the_log_says(state: State):
    async def never() -> None:
        await asyncio.Event().wait()

    child = Child(python("broken", "raise SystemExit('port 99 taken')"), state)
    with pytest.raises(ChildFailedError, match="port 99 taken"):
        await run_until_ready(child, never(), SECONDS)


ORPHANS = """
import asyncio, pathlib, sys
from bina_local.process import Child, Program
from bina_local.state import State

async def main():
    state = State.at(pathlib.Path(sys.argv[1]))
    code = "import signal; print('up', flush=True); signal.pause()"
    await Child(Program("orphan", [sys.executable, "-c", code]), state).start()
    print(flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def parent_of_orphan(state: State) -> subprocess.Popen[str]:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(state.root)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    parent.stdout.readline()
    parent.stdout.close()
    return parent


@pytest.mark.skipif(
    sys.platform != "linux", reason="the death signal is Linux's; elsewhere the pid file cleans up"
)
def test_a_killed_parent_leaves_no_orphan(state: State):
    parent = parent_of_orphan(state)
    child = psutil.Process(json.loads((state.run / "orphan.pid").read_text())["pid"])
    parent.kill()
    parent.wait()
    psutil.wait_procs([child], timeout=SECONDS)
    assert not child.is_running()


def process_in(pid_file: Path, process: psutil.Process, started: float) -> None:
    note = {"pid": process.pid, "started": started, "stop_signal": int(signal.SIGTERM)}
    pid_file.write_text(json.dumps(note))


def test_the_next_start_ends_what_was_left(state: State):
    left = psutil.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    process_in(state.run / "kafka.pid", left, left.create_time())
    assert end_leftovers(state) == ["kafka"]
    assert left.wait() == -signal.SIGTERM


def test_the_next_start_waits_for_nobody_who_has_ended_already(state: State):
    """In a container nobody may ever take a dead process's exit code."""
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    with psutil.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as left:
        assert left.stdout
        left.stdout.readline()
        process_in(state.run / "kafka.pid", left, left.create_time())
        parent = subprocess.run(
            [sys.executable, "-c", LEFTOVER, str(state.root)], timeout=SECONDS, check=False
        )
        assert parent.returncode == 0
        assert left.status() == psutil.STATUS_ZOMBIE
    assert not (state.run / "kafka.pid").exists()


LEFTOVER = """
import pathlib, sys
from bina_local.process import end_leftover
assert end_leftover(pathlib.Path(sys.argv[1], "run", "kafka.pid"), 0.2)
"""


def test_a_stranger_with_the_same_number_is_left_alone(state: State):
    stranger = psutil.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    process_in(state.run / "kafka.pid", stranger, stranger.create_time() - 3600)
    assert end_leftovers(state) == []
    assert stranger.is_running()
    stranger.kill()
    stranger.wait()


def test_a_damaged_pid_file_blocks_nothing(state: State):
    (state.run / "kafka.pid").write_text("{")
    assert end_leftover(state.run / "kafka.pid") is False
    assert not (state.run / "kafka.pid").exists()


def test_one_bina_per_state_folder(state: State):
    assert holder(state) is None
    with RunLock(state):
        assert holder(state) == os.getpid()
        with pytest.raises(AlreadyRunningError, match="sudah berjalan"), RunLock(state):
            pass
    assert holder(state) is None


HOLDER = """
import pathlib, signal, sys
from bina_local.running import RunLock
from bina_local.state import State
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with RunLock(State.at(pathlib.Path(sys.argv[1]))):
    print(flush=True)
    signal.pause()
"""


def test_down_asks_the_running_one_and_waits(state: State):
    running = subprocess.Popen([sys.executable, "-c", HOLDER, str(state.root)], stdout=subprocess.PIPE)
    assert running.stdout
    running.stdout.readline()
    running.stdout.close()
    assert end_holder(state) is True
    assert running.wait(SECONDS) == 0
    assert end_holder(state) is False


async def watched(state: State, status: int | None, looks: int) -> bool:
    """Whether the watch ended a child whose health endpoint says `status` that many times."""
    supervisor = Supervisor(state, print)
    await supervisor.start(sleeper())
    before = supervisor.child("sleeper").pid

    async def check() -> int | None:
        return status

    watch = HealthWatch(supervisor, {"sleeper": check})
    for _ in range(looks):
        await watch.look()
    ended = not psutil.pid_exists(before)
    await supervisor.stop()
    return ended


async def test_a_child_that_says_it_is_stuck_is_ended_at_once(state: State):
    assert await watched(state, 503, 1)


async def test_a_silent_child_is_ended_after_a_while(state: State):
    assert not await watched(state, None, SILENT_CHECKS - 1)
    assert await watched(state, None, SILENT_CHECKS)


async def test_a_healthy_child_is_left_alone(state: State):
    assert not await watched(state, 200, SILENT_CHECKS + 1)
