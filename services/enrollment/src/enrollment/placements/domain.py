"""Rules of placements: ranges of days, one after the other, none over another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

Cause = Literal["start", "import", "api", "page"]
"""How the register heard of it: by a file, a machine or a page; `start`: it stood there before histories were kept."""


@dataclass(frozen=True)
class Placement:
    """Somebody in an agency, a unit and a position, from a day to the day before `until_on` (None: still).

    `ended_for`: why they left service on that day, where they did.
    """

    asn_id: UUID
    from_on: date
    until_on: date | None
    agency_code: str
    unit_id: UUID | None
    position: str
    cause: Cause
    ended_for: str = ""

    def is_as(self, other: "Placement") -> bool:
        """Whether both are the same place."""
        mine = (self.agency_code, self.unit_id, self.position)
        return mine == (other.agency_code, other.unit_id, other.position)


LATE = 365
"""Days that a list may go on naming somebody who has left: what it tells as of today does not contradict a day of
leaving so far back, but one mistyped by years."""


class Seen(NamedTuple):
    """The day from which on somebody may have left, and by what: a placement from a day that somebody said, a list
    (`LATE` days before it was told), an attendance or a result."""

    by: Literal["placement", "list", "attendance", "result"]
    on: date


def contradicts(seen: Seen, left_on: date) -> bool:
    """Whether somebody who left on that day, the first one after service, cannot have been seen so late."""
    return left_on < seen.on


def placed(
    history: Sequence[Placement], now: Placement, left_on: date | None = None, ended_for: str = ""
) -> list[Placement]:
    """The history once somebody serves as `now` says from its first day on, until `left_on`; sorted like `history`.

    What the history says of earlier days stays, but of those from `left_on` on. A place that goes on is not begun anew.
    """
    on = now.from_on
    before = [_until(one, on) for one in history if one.from_on < on]
    if left_on is not None and left_on <= on:
        return _left([_until(one, left_on) for one in before if one.from_on < left_on], left_on, ended_for)
    last = before[-1] if before else None
    same = next((one for one in history if one.from_on == on and one.is_as(now)), now)
    if last and last.until_on == on and last.is_as(now):
        kept = [*before[:-1], replace(last, until_on=left_on, ended_for="")]
    else:
        kept = [*before, replace(same, until_on=left_on, ended_for="")]
    return _left(kept, left_on, ended_for)


def reopened(history: Sequence[Placement], left_on: date | None, now: date | None) -> Sequence[Placement]:
    """The history as it was before somebody left on a day that turns out to be a later one (`now`)."""
    if not history or left_on is None or now is None or now <= left_on or history[-1].until_on != left_on:
        return history
    return [*history[:-1], replace(history[-1], until_on=None, ended_for="")]


def _until(one: Placement, day: date) -> Placement:
    if one.until_on is not None and one.until_on <= day:
        return one
    return replace(one, until_on=day, ended_for="")


def _left(history: list[Placement], left_on: date | None, ended_for: str) -> list[Placement]:
    """Say why on the placement that ends with service."""
    return [
        replace(one, ended_for=ended_for) if left_on is not None and one.until_on == left_on else one
        for one in history
    ]
