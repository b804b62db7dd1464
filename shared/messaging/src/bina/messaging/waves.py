"""Splitting a batch so that one key keeps its order although each type is handled as a group.

An event's wave is the wave of the previous event of its (topic, key) plus one.
"""

from collections.abc import Iterable

from bina.events import Event

from .records import Arrived

Wave = dict[type[Event], list[Arrived]]


def waves(batch: Iterable[Arrived]) -> list[Wave]:
    """Waves in order; inside one, each (topic, key) stands at most once."""
    last: dict[tuple[str, str], int] = {}
    split: list[Wave] = []
    for arrived in batch:
        number = last[arrived.stream] = last.get(arrived.stream, -1) + 1
        if number == len(split):
            split.append({})
        split[number].setdefault(type(arrived.event), []).append(arrived)
    return split
