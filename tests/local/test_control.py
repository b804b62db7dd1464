"""What a running Bina is asked over its socket, and what becomes of it when it fails or Bina ends meanwhile."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bina_local import supervisor as supervision
from bina_local.addresses import Addresses
from bina_local.control import NAME, Control, ControlError, order
from bina_local.postgres import Postgres
from bina_local.process import Child, ChildFailedError, Program, Run, spawn, until
from bina_local.sockets import connect
from bina_local.state import State
from bina_local.supervisor import Supervisor
from bina_local.workers import Workers, asked

SECONDS = 20
SLEEP = (
    "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN); print('up', flush=True); signal.pause()"
)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.at(tmp_path)


def sleeper(name: str) -> Program:
    return Program(name, [sys.executable, "-c", SLEEP])


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    """Ready."""


async def broken(program: Program, log: Path) -> Run:
    """Services end as soon as they begin; everything else runs."""
    if program.module is not None:
        program = replace(program, argv=[sys.executable, "-c", "raise SystemExit('no such table')"])
    return await spawn(program, log)


@pytest.fixture
async def supervisor(state: State) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(state, print, broken)
    yield supervisor
    await supervisor.stop()


@pytest.fixture
def workers(state: State, supervisor: Supervisor) -> Workers:
    return Workers(state, Addresses.choose(state), Postgres(state.root), supervisor)


@pytest.fixture
async def control(state: State, workers: Workers) -> AsyncIterator[Control]:
    control = Control(state, workers)
    await control.start()
    yield control
    await control.stop()


async def test_what_is_asked_while_bina_ends_is_broken_off(control: Control, workers: Workers, state: State):
    async with workers._changing:
        asking = asyncio.create_task(asyncio.to_thread(order, state, do="restart", service="evaluation"))

        async def under_way() -> bool:
            return bool(workers._changing._waiters)

        await asyncio.wait_for(until(under_way, every=0.01), SECONDS)
        await control.stop()
        with pytest.raises(ControlError, match="dihentikan"):
            await asyncio.wait_for(asking, SECONDS)


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b'{"do": "scale", "service": "evaluation"}\n'])
async def test_an_order_that_cannot_be_read_is_answered(control: Control, state: State, line: bytes):
    def ask() -> dict[str, str]:
        with connect(state.run / NAME, SECONDS) as client, client.makefile("rb") as answer:
            client.sendall(line)
            return dict(json.loads(answer.readline()))

    assert "error" in await asyncio.to_thread(ask)


async def test_a_worker_that_does_not_come_is_not_counted(
    workers: Workers, supervisor: Supervisor, state: State, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervision, "FIRST_DELAY", 0.01)
    await supervisor.start(sleeper("gateway"))
    with pytest.raises(ChildFailedError, match="no such table"):
        await workers.scale("evaluation", 3)
    assert asked(state)["evaluation"] == 1
    assert Addresses.of(state).workers("evaluation") == ["evaluation"]
    assert workers.checks == {}
    with pytest.raises(KeyError):
        supervisor.child("evaluation-1")
    assert list(state.run.glob("evaluation-1*")) == []


async def begun(child: Child) -> None:
    async def says_up() -> bool:
        return child.log.exists() and "up" in child.log.read_text()

    await asyncio.wait_for(until(says_up, every=0.02), SECONDS)


async def test_a_successor_that_is_broken_off_is_ended(supervisor: Supervisor, state: State):
    replacing = asyncio.create_task(
        supervisor.replace(sleeper("worker"), never(), SECONDS, lambda _: at_once())
    )
    await begun(Child(sleeper("worker"), state))
    process = psutil.Process(json.loads((state.run / "worker.next.pid").read_text())["pid"])
    replacing.cancel()
    await asyncio.gather(replacing, return_exceptions=True)
    assert not process.is_running()
    assert list(state.run.glob("worker*")) == []


async def test_who_was_retiring_when_it_was_broken_off_is_ended(supervisor: Supervisor):
    await supervisor.start(sleeper("worker"))
    old, retiring = supervisor.child("worker"), asyncio.Event()

    async def retire(_: Child) -> None:
        retiring.set()
        await never()

    replacing = asyncio.create_task(supervisor.replace(sleeper("worker"), at_once(), SECONDS, retire))
    await asyncio.wait_for(retiring.wait(), SECONDS)
    replacing.cancel()
    await asyncio.gather(replacing, return_exceptions=True)
    assert await asyncio.wait_for(old.ended(), SECONDS) == -signal.SIGTERM
    assert supervisor.child("worker") is not old
    assert supervisor.child("worker").running
