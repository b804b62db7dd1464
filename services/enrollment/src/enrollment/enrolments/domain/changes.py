"""From an enrolment's state before and after: which facts are told, which seats move."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from bina.events import Event
from bina.events.enrollment import (
    AttendanceMet,
    CertificateIssued,
    CertificateRevoked,
    EnrollmentAccepted,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from enrollment.enrolments.domain.enrolment import Enrolment


class Change(NamedTuple):
    """One enrolment's step. `before` None: it is new. `earned_on` dates the JP of a completion in the ledger.

    `position` on the waiting list, for one who joins it; `why` a correction or withdrawal was made; `issued_on` a new
    certificate, where that is not the day of the completion; `taken_back`: an import was, of which nobody decided that
    its certificates are void, so that their numbers may be reported again.
    """

    before: Enrolment | None
    after: Enrolment
    earned_on: date | None = None
    position: int = 0
    why: str = ""
    cause: Event | None = None
    issued_on: date | None = None
    taken_back: bool = False

    @property
    def fallen(self) -> str:
        """The number of the certificate that is void from here on."""
        number = self.before.certificate_number if self.before else ""
        return number if number != self.after.certificate_number else ""


@dataclass(frozen=True)
class SeatChange:
    """What happens to a run's seats: seats taken, people waiting, the last ticket drawn."""

    run_id: UUID
    taken: int
    waiting: int
    last_ticket: int


def seat_changes(changes: Iterable[Change]) -> list[SeatChange]:
    """The sum of changes per run, sorted by run; runs without any are left out."""
    sums: dict[UUID, tuple[int, int, int]] = {}
    for change in changes:
        taken, waiting, ticket = sums.get(change.after.run_id, (0, 0, 0))
        before, after = change.before, change.after
        taken += after.is_seated - (before is not None and before.is_seated)
        waiting += (after.state == "waitlisted") - (before is not None and before.state == "waitlisted")
        sums[after.run_id] = (taken, waiting, max(ticket, after.ticket or 0))
    return [SeatChange(run_id, *sums[run_id]) for run_id in sorted(sums) if any(sums[run_id])]


def facts_of(change: Change, jp_in_year: int = 0) -> list[Event]:
    """What a change is told as, in the order in which it happened."""
    return [fact.because(change.cause) for fact in _facts(change, jp_in_year)]


def _facts(change: Change, jp_in_year: int) -> Iterator[Event]:
    before, after = change.before, change.after
    yield from _seating(change)
    met = [AttendanceMet(**_ids(after), met_on=after.met_on)] if after.met_on else []
    attendance = [] if before and before.met_on else met
    result = [_result(change, jp_in_year)] if after.revision > (before.revision if before else 0) else []
    # a report brings the test's score with the result: who hears of the attendance after it asks for no test
    # and who must not hear of a result that is taken back must not hear of its certificate either
    yield from _revoked(change)
    yield from (*result, *attendance) if after.origin == "report" else (*attendance, *result)
    yield from _issued(change)


def _revoked(change: Change) -> Iterator[Event]:
    if change.fallen:
        yield CertificateRevoked(**_ids(change.after), number=change.fallen, reason=change.why)


def _issued(change: Change) -> Iterator[Event]:
    after = change.after
    if after.certificate_number and after.certificate_number != _certificate(change.before):
        assert after.completed_on is not None
        issued_on = change.issued_on or after.completed_on
        yield CertificateIssued(**_ids(after), number=after.certificate_number, issued_on=issued_on)


def _certificate(before: Enrolment | None) -> str:
    return before.certificate_number if before else ""


def _seating(change: Change) -> Iterator[Event]:
    before, after = change.before, change.after
    if after.state == "waitlisted" and before is None:
        yield EnrollmentWaitlisted(**_ids(after), agency_code=after.agency_code, position=change.position)
    elif after.is_seated and not (before and before.is_seated):
        yield _accepted(after)
    elif after.state == "withdrawn" and before and before.is_live:
        yield EnrollmentWithdrawn(**_ids(after), reason=change.why)


def _accepted(after: Enrolment) -> Event:
    return EnrollmentAccepted(
        **_ids(after),
        agency_code=after.agency_code,
        origin="result" if after.origin == "report" else "request",
    )


def _result(change: Change, jp_in_year: int) -> Event:
    after = change.after
    assert after.completed_on is not None
    scores = {"pre_score": _float(after.pre_score), "post_score": _float(after.post_score)}
    if after.revision > 1:
        return TrainingResultCorrected(
            **_ids(after),
            revision=after.revision,
            completed=after.state == "completed",
            jp=after.jp,
            completed_on=after.completed_on,
            reason=change.why,
            **scores,
        )
    if after.state == "completed":
        return TrainingCompleted(
            **_ids(after),
            agency_code=after.agency_code,
            jp=after.jp,
            completed_on=after.completed_on,
            jp_in_year=jp_in_year,
            **scores,
        )
    return TrainingNotCompleted.model_validate(
        {**_ids(after), "reason": after.reason, "ended_on": after.completed_on}
    )


def _ids(enrolment: Enrolment) -> dict[str, UUID]:
    return {
        "enrollment_id": enrolment.enrollment_id,
        "asn_id": enrolment.asn_id,
        "run_id": enrolment.run_id,
    }


def _float(score: Decimal | None) -> float | None:
    return None if score is None else float(score)
