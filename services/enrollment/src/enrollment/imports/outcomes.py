"""What became of rows that were worked off, and whether a row's record is still what the plan was made on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bina.events import Event
from enrollment.imports.plan import LEAVING, Key, State
from enrollment.imports.store import ImportRow, Marked

MOVED = "row.moved"
"""The record is not any more what the plan was made on."""


class Done(NamedTuple):
    """What became of some rows, and what is told of it."""

    marks: list[Marked]
    events: Sequence[Event] = ()


def is_moved(row: ImportRow, states: Mapping[Key, State]) -> bool:
    """Whether what is recorded differs from what the plan was made on, as `store.moved_rows` has it."""
    now = states.get(row.key)
    beside = {"unit"} if row.effect == "removed" else {"unit", *LEAVING}
    return _without(beside, now.values if now else None) != _without(beside, row.before)


def _without(beside: set[str], values: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {name: value for name, value in values.items() if name not in beside}
