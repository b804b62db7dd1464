"""What two records that may be of one person say, what hangs on them, and what keeps them from being merged."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from enrollment.register.domain import Asn

COMPARED = (
    "nip", "name", "status", "agency_code", "unit_name", "position", "job_level", "grade", "gender", "started_on",
    "left_on",
)  # fmt: skip


class Pair(NamedTuple):
    """Two records, the smaller id first, and why they may be one: `name` (and birth date) or `nip` (nearly alike)."""

    first: Asn
    second: Asn
    why: str

    @property
    def differing(self) -> Sequence[str]:
        """Fields that say something else."""
        return [name for name in COMPARED if getattr(self.first, name) != getattr(self.second, name)]


class Dependent(NamedTuple):
    """How much hangs on a record, which a merge gives to the other one. `jp` counts in whole JP; `requests` are those
    that wait or waited for an approval."""

    enrolments: int = 0
    certificates: int = 0
    jp: int = 0
    credits: int = 0
    levels: int = 0
    roles: int = 0
    accounts: int = 0
    requests: int = 0


class Clash(NamedTuple):
    """What two records have and one person cannot have twice: a `run` by its code, a `credit` by number and provider,
    a `balance` of JP by its year."""

    what: str
    name: str


def in_order(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """A pair as it is remembered."""
    return (one, other) if one < other else (other, one)
