"""Each machine finds the defects that it is there to find."""

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from messaging.machines import planted
from messaging.machines.bench import TIMEOUT, Bench, drive, seeds
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


@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize(("machine", "plant"), DEFECTS, ids=[plant.__name__ for _, plant in DEFECTS])
def test_a_planted_defect_turns_its_machine_red(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, machine: type[RuleBasedStateMachine], plant: planted.Plant
):
    plant(monkeypatch)
    found = next(filter(None, (red(machine, bench, number) for number in seeds(60))), None)
    assert found, "nothing shows it"
    assert not isinstance(found, (TypeError, AttributeError)), "the machine does not fit what it drives"


def red(machine: type[RuleBasedStateMachine], bench: Bench, number: int) -> Exception | None:
    """Whatever shows a defect: an invariant, or the database itself."""
    try:
        drive(machine, bench, number, shrink=False)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is shown
        return error
    return None
