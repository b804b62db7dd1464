"""Rules of the tree: what lies below what, how many serve there, and what a search leaves of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from enrollment.register.domain import Unit


@dataclass
class Node:
    """A unit with those below it. `people` serve in the unit itself, `whole` counts those below it too."""

    unit_id: UUID
    name: str
    parent_id: UUID | None
    people: int
    remote: bool = False
    closed_on: date | None = None
    whole: int = 0
    below: list["Node"] = field(default_factory=list)
    found: bool = False
    """Whether a search meant this one."""


def grow(nodes: Iterable[Node]) -> list[Node]:
    """The top nodes of a tree, each with those below it in the given order, and the whole of their people.

    A node whose parent is not among them is a top one: so does a unit's own staff see their part of a tree.
    """
    by_id = {node.unit_id: node for node in nodes}
    tops: list[Node] = []
    for node in by_id.values():
        above = by_id.get(node.parent_id) if node.parent_id else None
        (above.below if above else tops).append(node)
    for node in tops:
        _sum(node)
    return tops


def _sum(node: Node) -> int:
    node.whole = node.people + sum(_sum(one) for one in node.below)
    return node.whole


def narrowed(tops: Sequence[Node], words: str) -> list[Node]:
    """What a search leaves: units whose name holds the words, and those above them."""
    wanted = words.casefold()
    return [node for node in tops if _narrow(node, wanted)]


def _narrow(node: Node, wanted: str) -> bool:
    node.found = wanted in node.name.casefold()
    node.below = [one for one in node.below if _narrow(one, wanted)]
    return node.found or bool(node.below)


def without_closed(tops: Sequence[Node]) -> list[Node]:
    """The tree of units that are open: nothing open lies below a closed one."""
    kept = [node for node in tops if node.closed_on is None]
    for node in kept:
        node.below = without_closed(node.below)
    return kept


def walked(tops: Sequence[Node]) -> Iterator[Node]:
    """Every node, those above before those below."""
    for node in tops:
        yield node
        yield from walked(node.below)


def name_of(unit: Unit, units: Mapping[UUID, Unit]) -> str:
    """Its name, then those above it, nearest first: `Subbagian Umum · Sekretariat Daerah`."""
    return " · ".join(units[one].name for one in reversed(unit.path) if one in units)


def places_for(unit: Unit | None, units: Mapping[UUID, Unit], top: UUID | None) -> list[Unit]:
    """Below which units one may be placed: open ones, not itself nor any below it; of a part of the tree, within it."""
    return [
        one
        for one in units.values()
        if one.closed_on is None
        and (unit is None or unit.unit_id not in one.path)
        and (top is None or top in one.path)
    ]


class UnitState(NamedTuple):
    """What a unit was called and where it stood from a moment on."""

    since: datetime
    name: str
    parent_id: UUID | None
    closed_on: date | None


class Inside(NamedTuple):
    """What keeps a unit from being closed: who serves in it, open units below it, roles that are granted for it."""

    people: int
    units: int
    roles: int
