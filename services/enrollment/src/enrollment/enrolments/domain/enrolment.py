"""One ASN in one run, from request to result."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from bina.messaging import named_in

_named = named_in(UUID("3b0f5f0e-1d5e-4a49-9a36-0a1c7f2f6c21"))
State = Literal["accepted", "waitlisted", "withdrawn", "completed", "not_completed"]
Origin = Literal["", "attendance", "assessment", "report", "correction"]
UNDONE = "import.undone"
"""Reason of an enrolment or a result that a file brought, and that the undoing of its import took back."""
UNLISTED = "import.unlisted"
"""Reason of a seat given back because its agency's full list of the run does not name its person."""
SEATED = frozenset({"accepted", "completed", "not_completed"})
ENDED = frozenset({"completed", "not_completed"})


class Enrolment(NamedTuple):
    """An enrolment's whole state. `agency_code` is the employer at the time of the request.

    `ticket` orders the waiting list; `pool` is the group
    whose held seat it has, empty for a seat that is anybody's. A result has `completed_on`, `jp`, scores 0–100 as the organiser reported them,
    its `revision` (1 is the first) and `origin`: what completed it.
    """

    enrollment_id: UUID
    run_id: UUID
    asn_id: UUID
    agency_code: str
    state: State
    requested_at: datetime
    attempt: int = 1
    ticket: int | None = None
    met_on: date | None = None
    completed_on: date | None = None
    reason: str = ""
    jp: int = 0
    pre_score: Decimal | None = None
    post_score: Decimal | None = None
    certificate_number: str = ""
    origin: Origin = ""
    revision: int = 0
    pool: str = ""

    @property
    def is_live(self) -> bool:
        """Whether it counts; a withdrawn one leaves room for another attempt."""
        return self.state != "withdrawn"

    @property
    def is_seated(self) -> bool:
        """Whether it takes one of the run's seats."""
        return self.state in SEATED

    @property
    def is_only_seat(self) -> bool:
        """Whether neither attendance nor a result was ever recorded."""
        return self.met_on is None and self.revision == 0

    @property
    def has_ended(self) -> bool:
        """Whether it has a result."""
        return self.state in ENDED


def enrollment_id_of(run_id: UUID, asn_id: UUID, attempt: int = 1) -> UUID:
    """The identity of an enrolment; whoever withdrew and asks again begins a new one."""
    name = f"{run_id}/{asn_id}" if attempt == 1 else f"{run_id}/{asn_id}/{attempt}"
    return _named(name)


def begun(run_id: UUID, asn_id: UUID, agency_code: str, at: datetime, former: Enrolment | None) -> Enrolment:
    """A new, accepted enrolment after a former one that was withdrawn, if there was one."""
    attempt = former.attempt + 1 if former else 1
    return Enrolment(
        enrollment_id=enrollment_id_of(run_id, asn_id, attempt),
        run_id=run_id,
        asn_id=asn_id,
        agency_code=agency_code,
        state="accepted",
        requested_at=at,
        attempt=attempt,
    )
