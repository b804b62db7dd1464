"""What an agency hears of a request after it was put on a waiting list."""

from collections.abc import Iterable
from typing import Literal, NamedTuple
from uuid import UUID

from bina.events import Event
from bina.events.agency import RequestAnswered
from enrollment.enrolments.domain.changes import Change
from enrollment.enrolments.domain.problems import refused_because

CONCLUDED = "run.concluded"


class WaitingAsk(NamedTuple):
    """An agency's request that waits for a seat; `request_id` is its message's id."""

    enrollment_id: UUID
    agency_code: str
    request_id: str


class Asked(NamedTuple):
    """A request that waits no more, in the agency's own terms."""

    enrollment_id: UUID
    agency_code: str
    request_id: str
    nip: str
    run_code: str


def waiting_asks(changes: Iterable[Change]) -> list[WaitingAsk]:
    """Those whom an agency's message puts on a waiting list."""
    return [
        WaitingAsk(change.after.enrollment_id, envelope.publisher, envelope.id)
        for change in changes
        if change.before is None
        and change.after.state == "waitlisted"
        and change.cause is not None
        and (envelope := change.cause.envelope).publisher
    ]


def left_waiting(changes: Iterable[Change]) -> list[UUID]:
    """Enrolments that wait no more."""
    return [
        change.after.enrollment_id
        for change in changes
        if change.before is not None and change.before.state == "waitlisted"
    ]


def late_answer(change: Change, asked: Asked | None) -> list[Event]:
    """The second answer to a request that waited; none where a message of an agency's own ended the waiting."""
    if asked is None or change.cause is not None:
        return []
    outcome: Literal["accepted", "withdrawn"] = "accepted" if change.after.is_seated else "withdrawn"
    concluded = change.after.reason == CONCLUDED
    return [
        RequestAnswered(
            agency_code=asked.agency_code,
            request_id=asked.request_id,
            nip=asked.nip,
            run_code=asked.run_code,
            outcome=outcome,
            enrollment_id=str(asked.enrollment_id),
            problems=refused_because("Kode Angkatan", CONCLUDED, "warning") if concluded else (),
        )
    ]
