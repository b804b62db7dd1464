"""How many workers a service has, and what is told of them."""

import re
import signal
import socket

import pytest

from bina_local.addresses import SERVICES, Addresses, parts
from bina_local.operations import over_workers
from bina_local.ports import HOST
from bina_local.postgres import Postgres
from bina_local.state import State
from bina_local.workers import RELOAD, UnknownServiceError, Workers, asked, numbers


def test_one_number_is_for_every_service():
    assert numbers("2") == dict.fromkeys(SERVICES, 2)


def test_services_that_are_not_named_have_one_worker():
    assert numbers("enrollment=2, notification=3") == {
        "enrollment": 2,
        "assessment": 1,
        "evaluation": 1,
        "notification": 3,
    }


@pytest.mark.parametrize("text", ["0", "99", "two", "kafka=2", "enrollment=", "enrollment=-1", ""])
def test_a_number_that_cannot_be_is_refused(text: str):
    with pytest.raises(UnknownServiceError):
        numbers(text)


def test_each_worker_has_a_port_and_each_service_a_spare_one(tmp_path):
    state = State.at(tmp_path)
    chosen = Addresses.choose(state, workers={"enrollment": 3})
    assert set(chosen.ports) == set(parts({"enrollment": 3}))
    assert chosen.workers("enrollment") == ["enrollment", "enrollment-1", "enrollment-2"]
    assert len(chosen.upstreams("enrollment")) == 3
    assert Addresses.choose(state).workers("enrollment") == ["enrollment"]


class Stage:
    """A supervisor without processes, and its gateway: notes which ports it is told of."""

    running = False

    def __init__(self, state: State) -> None:
        self._state = state
        self.told: list[set[int]] = []
        self.begun: list[int] = []

    def child(self, name: str) -> "Stage":
        assert name == "gateway"
        return self

    def signal(self, number: signal.Signals) -> None:
        assert number is RELOAD
        config = (self._state.root / "gateway" / "Caddyfile").read_text()
        [line] = re.findall(r"@evaluation {\n\s*reverse_proxy (.*) {", config)
        self.told.append({int(upstream.rpartition(":")[2]) for upstream in line.split()})

    async def replace(self, program, ready, seconds, retire) -> None:
        ready.close()
        self.begun.append(int(program.env["BINA_HTTP_PORT"]))
        await retire(self)


async def test_the_gateway_knows_the_spare_port_only_while_a_successor_comes(tmp_path):
    state = State.at(tmp_path)
    chosen = Addresses.choose(state, workers={"evaluation": 2})
    one, two, spare = (chosen.ports[name] for name in ("evaluation", "evaluation-1", "evaluation-spare"))
    stage = Stage(state)
    await Workers(state, chosen, Postgres(state.root, 1), stage).restart("evaluation")
    assert stage.begun == [spare, one]
    assert stage.told == [{one, two, spare}, {spare, two}, {spare, two, one}, {spare, one}]
    assert Addresses.of(state).ports["evaluation-spare"] == two


async def test_a_spare_port_that_somebody_took_is_given_up(tmp_path):
    state = State.at(tmp_path)
    chosen = Addresses.choose(state)
    taken = chosen.ports["evaluation-spare"]
    stage = Stage(state)
    with socket.create_server((HOST, taken)):
        await Workers(state, chosen, Postgres(state.root, 1), stage).restart("evaluation")
    assert taken not in {*stage.begun, *set().union(*stage.told)}


def test_without_a_note_each_service_is_to_have_one_worker(tmp_path):
    assert asked(State.at(tmp_path)) == dict.fromkeys(SERVICES, 1)


def said(**more) -> dict:
    status = {
        "service": "evaluation",
        "ready": True,
        "healthy": True,
        "problem": "",
        "lag": {"a": 1, "b": 0},
        "group_lag": {},
        "paused": [],
        "relay_leading": False,
        "memory_bytes": 10,
        "messages": {"applied": 5.0},
        "parked": 2,
    }
    return status | more


def test_a_services_lag_is_that_of_all_its_workers():
    one = said(lag={"a": 1, "b": 0}, group_lag={"a": 9})
    other = said(lag={"b": 2}, relay_leading=True, paused=["b"])
    found = over_workers({"evaluation": one, "evaluation-1": other}, 2)
    assert found["lag"] == {"a": 1, "b": 2}
    assert found["group_lag"] == {"a": 9}  # what nobody has at the moment included
    assert (found["memory_bytes"], found["messages"]) == (20, {"applied": 10.0})
    assert (found["parked"], found["relay_leading"], found["paused"]) == (2, True, ["b"])
    assert (found["workers"]["asked"], found["workers"]["ready"], found["ready"]) == (2, 2, True)


def test_a_worker_that_does_not_answer_is_named_and_the_others_speak():
    silent = {"service": "evaluation", "ready": False, "healthy": False, "error": "tidak menjawab"}
    found = over_workers({"evaluation": silent, "evaluation-1": said()}, 2)
    assert (found["ready"], found["healthy"], found["parked"]) == (False, False, 2)
    assert found["workers"]["each"]["evaluation"]["error"] == "tidak menjawab"
    assert found["workers"]["ready"] == 1


def test_a_service_of_which_nobody_answers_says_so():
    silent = {"service": "evaluation", "ready": False, "healthy": False, "error": "tidak menjawab"}
    found = over_workers({"evaluation": silent}, 1)
    assert (found["ready"], found["error"]) == (False, "tidak menjawab")
