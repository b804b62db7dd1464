"""Whom a run admits, and how: whose approval it asks for, for whom it holds seats back and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

Approval = Literal["", "supervisor", "agency", "both"]
RELEASE = "run.seats_released"
"""Due work: seats held back until yesterday are anybody's."""
BELOW_FLOOR = "below_floor"
"""The group of those whom the ledger has below the year's floor when a seat is given; see `entitlement`."""
AGENCY = "agency:"
"""Begins the name of the group that an agency's people are."""


class Held(NamedTuple):
    """Seats held back for a group: `remote` (units marked so), `women`, `men`, `junior` (PNS of golongan I and II),
    `below_floor` (who has not reached the year's floor of JP), or an agency's people as `agency:5571`."""

    group: str
    seats: int


@dataclass(frozen=True)
class Admission:
    """`held_until` and `substitutes_until` are the last days; without the latter participants are replaced until the
    day before the run starts."""

    approval: Approval = ""
    held: tuple[Held, ...] = ()
    held_until: date | None = None
    substitutes_until: date | None = None

    @property
    def held_seats(self) -> int:
        """How many seats are held back in all."""
        return sum(one.seats for one in self.held)

    def holds_on(self, day: date) -> bool:
        """Whether seats are held back on a day."""
        return bool(self.held) and self.held_until is not None and day <= self.held_until

    def stored(self) -> dict[str, Any]:
        """As its row keeps it; what is left out is as it always was."""
        kept: dict[str, Any] = {
            "approval": self.approval,
            "held": [list(one) for one in self.held],
            "held_until": self.held_until.isoformat() if self.held_until else None,
            "substitutes_until": self.substitutes_until.isoformat() if self.substitutes_until else None,
        }
        return {name: value for name, value in kept.items() if value}


def admission_of(stored: Mapping[str, Any]) -> Admission:
    """What `Admission.stored` gave."""
    return Admission(
        approval=stored.get("approval", ""),
        held=tuple(Held(*one) for one in stored.get("held", ())),
        held_until=_day(stored.get("held_until")),
        substitutes_until=_day(stored.get("substitutes_until")),
    )


def _day(words: str | None) -> date | None:
    return date.fromisoformat(words) if words else None
