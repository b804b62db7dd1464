"""What half an hour holds: kills of each part, commands and events; by seed, without running anything."""

import random
from collections import Counter

import pytest

from bina_local.addresses import SERVICES
from chaos.driver import Load
from chaos.saboteur import KILL, LENGTH, LONGEST_REST, REFUSE, acts
from chaos.stage import BROKER, DATABASE

HALF_AN_HOUR = 1800.0
START_AGAIN = {BROKER: 8.0, DATABASE: 4.0}
"""Seconds in which both are certainly back."""
EVENTS_OF_A_CROWD = 100 * 1.7


def acts_within(seed: int, seconds: float) -> Counter[tuple[str, str]]:
    plan = acts(random.Random(f"{seed}/acts"), wide=True)
    done: Counter[tuple[str, str]] = Counter()
    while seconds > 0:
        act, victim = next(plan)
        done[act, victim] += 1
        usual = LENGTH.get(act, START_AGAIN.get(victim, 1.0))
        seconds -= (usual / 2 if act == REFUSE else usual) + LONGEST_REST
    return done


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_half_an_hour_kills_each_service_twenty_times_and_what_they_stand_on_five_times(seed: int):
    done = acts_within(seed, HALF_AN_HOUR)
    assert min(done[KILL, name] for name in SERVICES) >= 20
    assert min(done[KILL, name] for name in (BROKER, DATABASE)) >= 5


def test_half_an_hour_asks_a_hundred_thousand_times():
    load = Load(7, HALF_AN_HOUR)
    assert load.stories / load.crowd_every * EVENTS_OF_A_CROWD > 100_000
    assert load.stories / load.unreadable_every < 200  # a topic with more of them pauses
