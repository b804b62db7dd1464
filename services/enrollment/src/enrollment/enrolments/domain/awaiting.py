"""Requests that wait for somebody's approval. They hold no seat; their ticket keeps the place of when they asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from bina.events.enrollment import ApprovalRequested, ApprovalSettled, EnrollmentRejected
from enrollment.catalogue.admission import Approval
from enrollment.enrolments.domain.enrolment import Enrolment, enrollment_id_of

WAITING = "enrolment.approval"
"""Due work: an approval that its supervisor did not give in time, or whose run is over."""
Stage = Literal["supervisor", "agency"]
Outcome = Literal["open", "approved", "refused", "withdrawn", "lapsed"]


@dataclass(frozen=True)
class Awaiting:
    """A request, and whose word it waits for: `stage`, then the agency's too where `then_agency`.

    `until`: when a supervisor's silence passes it to the agency; `supervisor_id` and `supervisor_at`: who approved as
    such, and when; `ahead`: how many wait for a seat who asked before, where that was looked up.
    """

    approval_id: UUID
    run_id: UUID
    asn_id: UUID
    agency_code: str
    ticket: int
    requested_at: datetime
    note: str = ""
    stage: Stage = "supervisor"
    then_agency: bool = False
    state: Outcome = "open"
    until: datetime | None = None
    supervisor_id: UUID | None = None
    supervisor_at: datetime | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    answer: str = ""
    ahead: int = 0


def first_stage(approval: Approval, *, has_supervisor: bool) -> tuple[Stage, bool]:
    """(whose word it waits for first, whether the agency's after that): without a supervisor the agency's alone."""
    if approval == "agency" or not has_supervisor:
        return "agency", False
    return "supervisor", approval == "both"


def place_of(one: Awaiting, others: Iterable[int]) -> int:
    """The place on the waiting list, from 1, of a request approved only now, among those with kept tickets."""
    return one.ahead + 1 + sum(ticket < one.ticket for ticket in others)


def rejected(one: Awaiting, latest: Enrolment | None, code: str, reason: str) -> EnrollmentRejected:
    """What its person is told of a request that was not granted."""
    return EnrollmentRejected(
        enrollment_id=enrollment_id_of(one.run_id, one.asn_id, latest.attempt + 1 if latest else 1),
        asn_id=one.asn_id,
        run_id=one.run_id,
        agency_code=one.agency_code,
        reason_code=code,
        reason=reason,
    )


def requested(one: Awaiting, approvers: Sequence[UUID]) -> ApprovalRequested:
    """What those are told whose word a request waits for now."""
    return ApprovalRequested(
        approval_id=one.approval_id,
        asn_id=one.asn_id,
        run_id=one.run_id,
        stage=one.stage,
        approver_ids=tuple(approvers),
        until=one.until,
    )


def settled(one: Awaiting) -> ApprovalSettled:
    """What those are told who were asked; raises `ValidationError` for a request that is open."""
    return ApprovalSettled.model_validate(
        {"approval_id": one.approval_id, "asn_id": one.asn_id, "run_id": one.run_id, "outcome": one.state}
    )
