"""Splitting a batch so that one key keeps its order although each type is handled as a group.

An event's wave is the wave of the previous event of its (topic, key) plus one; the same wave, where both are of one
type whose handler keeps the order of a key by itself.
"""

from collections.abc import Container, Iterable

from bina.events import Event

from .records import Arrived

Wave = dict[type[Event], list[Arrived]]


def waves(batch: Iterable[Arrived], ordered: Container[type[Event]] = ()) -> list[Wave]:
    """Waves in order; inside one, each (topic, key) stands at most once, but for the types in `ordered`."""
    last: dict[tuple[str, str], tuple[int, type[Event] | None]] = {}
    split: list[Wave] = []
    for arrived in batch:
        contract = type(arrived.event)
        number, before = last.get(arrived.stream, (-1, None))
        if before is not contract or contract not in ordered:
            number += 1
        last[arrived.stream] = number, contract
        if number == len(split):
            split.append({})
        split[number].setdefault(contract, []).append(arrived)
    return split
