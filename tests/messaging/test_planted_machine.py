"""Each machine finds the defects that it is there to find."""

import pytest
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from messaging.machines import planted
from messaging.machines.bench import LONG, TIMEOUT, Bench, hunting
from messaging.test_delivery_machine import DeliveryMachine
from messaging.test_relay_machine import RelayMachine

DEFECTS = [
    (RelayMachine, planted.outbox_by_cursor),
    (RelayMachine, planted.marked_before_acknowledged),
    (RelayMachine, planted.marked_one_by_one),
    (DeliveryMachine, planted.no_inbox),
    (DeliveryMachine, planted.conflict_ignored),
    (DeliveryMachine, planted.key_not_blocked),
    (DeliveryMachine, planted.topics_in_order),
    (DeliveryMachine, planted.followers_out_of_order),
    (DeliveryMachine, planted.unreadable_held_first),
    (DeliveryMachine, planted.offset_before_commit),
    (DeliveryMachine, planted.not_sought_back),
]


@pytest.mark.skipif(not LONG, reason="takes minutes: HYPOTHESIS_PROFILE=long")
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize(("machine", "plant"), DEFECTS, ids=[plant.__name__ for _, plant in DEFECTS])
def test_a_planted_defect_turns_its_machine_red(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, machine: type[RuleBasedStateMachine], plant: planted.Plant
):
    plant(monkeypatch)
    planted_machine = type("Machine", (machine,), {"bench": bench})
    with pytest.raises(Exception) as found:  # noqa: PT011 - whatever shows it: an invariant, or the database itself
        run_state_machine_as_test(planted_machine, settings=hunting(100))
    assert not isinstance(found.value, (TypeError, AttributeError)), "the machine does not fit what it drives"
