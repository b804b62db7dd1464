"""How many workers a service has, and what is told of them."""

import pytest

from bina_local.addresses import SERVICES, Addresses, parts
from bina_local.gateway import caddyfile
from bina_local.operations import over_workers
from bina_local.state import State
from bina_local.workers import UnknownServiceError, asked, numbers


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
    assert len(chosen.upstreams("enrollment")) == 4
    assert Addresses.choose(state).workers("enrollment") == ["enrollment"]


def test_a_successor_keeps_the_gateways_configuration(tmp_path):
    state = State.at(tmp_path)
    chosen = Addresses.choose(state, workers={"enrollment": 2})
    before, worker = caddyfile(chosen, tmp_path), chosen.ports["enrollment-1"]
    chosen.swap(state, "enrollment-1", "enrollment-spare")
    assert caddyfile(chosen, tmp_path) == before
    assert Addresses.of(state).ports["enrollment-spare"] == worker


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
