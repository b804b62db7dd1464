import socket

import pytest

from bina_local.addresses import Addresses, parts
from bina_local.ports import HOST, any_free
from bina_local.state import State


@pytest.fixture
def state(tmp_path) -> State:
    return State.at(tmp_path)


def test_every_part_gets_a_port_of_its_own(state: State):
    chosen = Addresses.choose(state, any_free())
    assert set(chosen.ports) == set(parts({}))
    assert len(set(chosen.ports.values())) == len(parts({}))
    assert chosen.moved == []


def test_a_second_start_uses_the_same_ports(state: State):
    first = Addresses.choose(state, any_free())
    assert Addresses.choose(state).ports == first.ports


def test_a_taken_port_is_named_and_another_one_chosen(state: State):
    with socket.create_server((HOST, 0)) as neighbour:
        taken = neighbour.getsockname()[1]
        chosen = Addresses.choose(state, taken)
    (moved,) = chosen.moved
    assert (moved.part, moved.wanted) == ("gateway", taken)
    assert moved.chosen == chosen.ports["gateway"] != taken


def test_the_port_in_use_is_said_on_the_next_start_too(state: State):
    first = Addresses.choose(state, any_free())
    with socket.create_server((HOST, first.ports["kafka"])):
        chosen = Addresses.choose(state)
    assert [moved.part for moved in chosen.moved] == ["kafka"]
    assert chosen.ports["gateway"] == first.ports["gateway"]
