"""What a comparison finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from chaos.observing import Observed

LOST, DUPLICATE, ORDER, WRONG, OPEN = "lost", "duplicate", "order", "wrong", "open"
KINDS = (LOST, DUPLICATE, ORDER, WRONG, OPEN)


@dataclass(frozen=True)
class Finding:
    """Something that must not be. `kind`: lost, duplicate (an effect), order (gap or inversion), wrong, open (left
    undone or undecided)."""

    kind: str
    check: str
    what: str


Found = Iterator[tuple[str, str]]
Check = Callable[[Observed], Found]


def find(checks: Iterable[Check], observed: Observed) -> list[Finding]:
    return [Finding(kind, check.__name__, what) for check in checks for kind, what in check(observed)]
