"""Seats of a run that are held back for groups until a day, and those that are anybody's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain.changes import Change
from enrollment.enrolments.domain.enrolment import Enrolment
from enrollment.imports import Seats

ANYBODYS = ""
"""The pool of seats that are held for no group."""
Groups = Collection[str]
"""The groups that somebody belongs to, as `Held.group` names them"""


class Candidate(NamedTuple):
    """Who waits for a seat, and to which groups they belong now."""

    enrolment: Enrolment
    groups: Groups


class Pools:
    """The free seats of one run on a day. A seat held for a group is given to its people only; who belongs to several
    groups, or to none that has a seat left, takes from the first that has, at last from what is anybody's."""

    def __init__(self, run: Run, taken: Mapping[str, int], on: date) -> None:
        held = run.admission.held if run.admission.holds_on(on) else ()
        self._left = run.seats_left
        self._held = {group: max(seats - taken.get(group, 0), 0) for group, seats in held}

    @property
    def anybodys(self) -> int:
        """Free seats that are held for no group; 0 where what is held is more than what is left."""
        return max(self._left - sum(self._held.values()), 0)

    @property
    def held(self) -> dict[str, int]:
        """Free seats by group, of those that have any."""
        return {group: seats for group, seats in self._held.items() if seats}

    def holds(self, group: str) -> bool:
        """Whether seats are held for a group, taken or not."""
        return group in self._held

    def take(self, groups: Groups) -> str | None:
        """Take a seat for a person of these groups: from which pool; None where none is left for them."""
        if not self._left:
            return None
        own = next((group for group, seats in self._held.items() if seats and group in groups), None)
        if own is None and not self.anybodys:
            return None
        if own is not None:
            self._held[own] -= 1
        self._left -= 1
        return own or ANYBODYS


class SeatsFor(Seats):
    """The seats of a run with pools as the import rules ask, for one person; `pool` is what was taken."""

    def __init__(self, pools: Pools, groups: Groups) -> None:
        super().__init__({})
        self._pools, self._groups = pools, groups
        self.pool: str | None = None

    @property
    def are_held(self) -> bool:
        """Whether there are free seats, for others."""
        return bool(self._pools.held)

    def take(self, run_code: str) -> bool:  # noqa: ARG002 - of one run only
        """Take a seat for this person; False if none is left for them."""
        self.pool = self._pools.take(self._groups)
        return self.pool is not None


def promotions(pools: Pools, waiting: Iterable[Candidate]) -> list[Change]:
    """Who of those waiting, the longest first, gets a free seat; nobody may have two."""
    found = []
    for one, groups in waiting:
        pool = pools.take(groups)
        if pool is not None:
            found.append(Change(one, one._replace(state="accepted", ticket=None, pool=pool)))
    return found


def pools_of(runs: Sequence[Run], taken: Mapping[UUID, Mapping[str, int]], on: date) -> dict[UUID, Pools]:
    """Pools of those runs that hold seats back on a day."""
    return {
        run.run_id: Pools(run, taken.get(run.run_id, {}), on) for run in runs if run.admission.holds_on(on)
    }
