"""Workers forked from a template: real processes, whose module is small enough to load at once."""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from bina_local import forking
from bina_local.forking import Forked, Template, can_fork
from bina_local.process import Child, Program, run_until_ready, until
from bina_local.state import State
from bina_local.supervisor import Supervisor

pytestmark = pytest.mark.skipif(not can_fork(), reason="elsewhere services start by themselves")
SECONDS = 30
SMALL = """
import sys
import bina_local.template as template
template.MODULES = ("json",)
template.main(sys.argv[1])
"""
WORKER = """
import os, signal, sys
print("told", os.environ["BINA_WORKER"], os.environ.get("ONLY_HERE", "-"), os.getsid(0) == os.getpid(), flush=True)
print("and errors", file=sys.stderr, flush=True)
if __name__ == "__main__" and "CODE" in os.environ:
    raise SystemExit(int(os.environ["CODE"]))
if "SAY" in os.environ:
    raise LookupError(os.environ["SAY"])
signal.pause()
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    """A folder whose path is longer than the system takes for a socket."""
    (tmp_path / ("long" * 30)).mkdir()
    return State.at(tmp_path / ("long" * 30))


@pytest.fixture(autouse=True)
def adopts_nobody_afterwards() -> Iterator[None]:
    """Else orphans of other tests become children of this process, who waits for none of them."""
    yield
    ctypes.CDLL(None).prctl(forking.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pretended.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.fixture
async def template(state: State, modules: Path) -> AsyncIterator[tuple[Template, Child]]:
    template = Template(state)
    program = template.program()
    small = Program(program.name, [sys.executable, "-c", SMALL, program.argv[-1]], program.env)
    child = Child(small, state)
    await run_until_ready(child, template.ready(), SECONDS)
    yield template, child
    await child.stop()


def pretended(**env: str) -> Program:
    told = {"BINA_WORKER": "3", **env}
    return Program("pretended", [sys.executable, "-m", "pretended"], told, module="pretended")


async def said(child: Child, words: str) -> None:
    async def says() -> bool:
        return child.log.exists() and words in child.log.read_text()

    await asyncio.wait_for(until(says, every=0.02), SECONDS)


async def test_a_worker_has_its_environment_its_log_and_a_session_of_its_own(template, state: State):
    worker = Child(pretended(ONLY_HERE="yes"), state, template[0].spawn)
    await worker.start()
    await said(worker, "told 3 yes True")
    await said(worker, "and errors")
    assert isinstance(worker._process, Forked)
    assert psutil.Process(worker.pid).ppid() == os.getpid()
    assert "ONLY_HERE" not in psutil.Process(template[1].pid).environ()
    await worker.stop()
    assert await worker.ended() in (-signal.SIGTERM, 0)


@pytest.mark.parametrize(
    ("env", "code", "words"),
    [({"CODE": "7"}, 7, "told"), ({"SAY": "no table"}, 1, "LookupError: no table")],
)
async def test_how_a_worker_ended_is_known(template, state: State, env: dict, code: int, words: str):
    worker = Child(pretended(**env), state, template[0].spawn)
    await worker.start()
    assert await asyncio.wait_for(worker.ended(), SECONDS) == code
    await said(worker, words)
    await worker.stop()


async def test_a_killed_worker_is_started_again_and_the_template_lives(template, state: State):
    supervisor = Supervisor(state, print, template[0].spawn)
    await supervisor.start(pretended())
    first = supervisor.child("pretended").pid
    os.kill(first, signal.SIGKILL)

    async def again() -> bool:
        return supervisor.child("pretended").pid not in (None, first)

    await asyncio.wait_for(until(again, every=0.02), SECONDS)
    assert not psutil.pid_exists(first)
    assert template[1].running
    await supervisor.stop()


async def test_workers_outlive_the_template_and_start_without_it(template, state: State):
    worker = Child(pretended(), state, template[0].spawn)
    await worker.start()
    template[1].kill()
    await template[1].ended()
    assert worker.running
    worker.kill()
    assert await asyncio.wait_for(worker.ended(), SECONDS) == -signal.SIGKILL
    await worker.start()
    assert not isinstance(worker._process, Forked)
    await worker.stop()


async def test_a_successor_takes_the_place_of_a_worker(template, state: State):
    supervisor = Supervisor(state, print, template[0].spawn)
    await supervisor.start(pretended())
    before, retired = supervisor.child("pretended").pid, []

    async def at_once() -> None:
        return

    async def retire(old: Child) -> None:
        retired.append((old.pid, old.running, supervisor.child("pretended").running))

    await supervisor.replace(pretended(), at_once(), SECONDS, retire)
    note = json.loads((state.run / "pretended.pid").read_text())
    assert retired == [(before, True, True)]
    assert note["pid"] == supervisor.child("pretended").pid != before
    assert [file.name for file in state.run.glob("pretended*")] == ["pretended.pid"]
    await supervisor.stop()
    assert list(state.run.glob("pretended*")) == []


async def test_a_worker_goes_on_where_its_successor_does_not_come(template, state: State):
    supervisor = Supervisor(state, print, template[0].spawn)
    await supervisor.start(pretended())
    before = supervisor.child("pretended").pid

    async def retire(old: Child) -> None:
        raise AssertionError(old)

    with pytest.raises(Exception, match="berhenti sebelum siap"):
        await supervisor.replace(pretended(CODE="1"), asyncio.Event().wait(), SECONDS, retire)
    assert supervisor.child("pretended").pid == before
    await supervisor.stop()


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=0, start_new_session=True)
print(child.pid, flush=True)
"""


def begun(code: str) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code], text=True, start_new_session=True, **pipes)


async def test_what_fell_to_us_is_forgotten_once_it_ended(state: State, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forking, "REAP_SECONDS", 0.02)
    Template(state).program()
    kept, parent = begun("raise SystemExit(3)"), begun(PARENT)
    assert parent.stdout
    orphan = psutil.Process(int(parent.stdout.readline()))
    parent.stdout.close()
    assert (parent.wait(), orphan.ppid()) == (0, os.getpid())

    async def ended() -> bool:
        return psutil.Process(kept.pid).status() == psutil.STATUS_ZOMBIE

    await asyncio.wait_for(until(ended, every=0.02), SECONDS)
    reaping = asyncio.create_task(forking.reap(lambda: {kept.pid}))
    assert parent.stdin
    parent.stdin.close()

    async def gone() -> bool:
        return not psutil.pid_exists(orphan.pid)

    await asyncio.wait_for(until(gone, every=0.02), SECONDS)
    reaping.cancel()
    assert kept.wait() == 3  # nobody took its exit code away
    kept.communicate()


ORPHANS = """
import asyncio, pathlib, sys
from bina_local.forking import Template
from bina_local.process import Child, Program, run_until_ready
from bina_local.state import State

async def main():
    state = State.at(pathlib.Path(sys.argv[1]))
    template = Template(state)
    program = template.program()
    small = Program(program.name, [sys.executable, "-c", sys.argv[2], program.argv[-1]], program.env)
    await run_until_ready(Child(small, state), template.ready(), 30)
    await Child(Program("pretended", ["false"], {"BINA_WORKER": "0"}, module="pretended"), state, template.spawn).start()
    print(flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_supervisor_leaves_neither_worker_nor_template(state: State, modules: Path):
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(state.root), SMALL], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    parent.stdout.readline()
    parent.stdout.close()
    left = [psutil.Process(json.loads(f.read_text())["pid"]) for f in state.run.glob("*.pid")]
    assert len(left) == 2
    parent.kill()
    parent.wait()
    psutil.wait_procs(left, timeout=SECONDS)
    assert not any(process.is_running() for process in left)
