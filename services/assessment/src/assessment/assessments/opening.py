"""Tests as they come about: opened by Bina for a seat in a run, or reported by the run's organiser."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from assessment.assessments import domain
from assessment.assessments.domain import Kind
from assessment.assessments.rules import rules_on
from assessment.register.domain import Run
from bina.events import Envelope
from bina.events.assessment import AssessmentOpened, AssessmentScored
from bina.events.enrollment import TrainingCompleted, TrainingResultCorrected


class Seat(Protocol):
    """Whoever takes part in a run: facts of an enrolment, or a test of it."""

    @property
    def enrollment_id(self) -> UUID:
        """One person in one run."""

    @property
    def asn_id(self) -> UUID:
        """The person."""

    @property
    def run_id(self) -> UUID:
        """The run."""


class NewTest(NamedTuple):
    """A test to be opened; `state` is closed at once where its run was cancelled before it was known.

    `cause` is how the fact travelled that made the test possible; what comes of the test leads back to it.
    """

    assessment_id: UUID
    enrollment_id: UUID
    asn_id: UUID
    run_id: UUID
    kind: Kind
    attempt: int
    state: str
    opened_on: date
    items: tuple[str, ...]
    cause: Envelope | None


@dataclass(frozen=True, slots=True)
class Reported:
    """A score 0-100 as the organiser reported it."""

    assessment_id: UUID
    enrollment_id: UUID
    asn_id: UUID
    run_id: UUID
    kind: Kind
    score: float
    passed: bool | None
    reported_on: date


def new_test(
    seat: Seat, kind: Kind, run: Run, day: date, *, cause: Envelope | None, attempt: int = 1
) -> NewTest:
    """A test for a seat, opened on a day; without `items` where the bank has no question for the run."""
    return NewTest(
        assessment_id=domain.own_id(seat.enrollment_id, kind, attempt),
        enrollment_id=seat.enrollment_id,
        asn_id=seat.asn_id,
        run_id=seat.run_id,
        kind=kind,
        attempt=attempt,
        state="closed" if run.cancelled_at else "open",
        opened_on=day,
        items=domain.select_items(run.targets, kind, rules_on(day).questions),
        cause=cause,
    )


def told_open(test: NewTest, run: Run, notify_after: datetime | None = None) -> AssessmentOpened:
    """What is told of an opened test; the person hears of it no sooner than of the seat."""
    rules = rules_on(test.opened_on)
    return AssessmentOpened(
        asn_id=test.asn_id,
        assessment_id=test.assessment_id,
        enrollment_id=test.enrollment_id,
        run_id=test.run_id,
        kind=test.kind,
        opens_on=test.opened_on,
        due_on=domain.due_on(test.kind, test.opened_on, run.starts_on, run.ends_on, rules),
        questions=len(test.items),
        minutes=rules.minutes(len(test.items)),
        notify_after=notify_after,
    ).because(test.cause)


def reported(event: TrainingCompleted | TrainingResultCorrected, pass_score: float | None) -> list[Reported]:
    """The scores that came with a result, dated by it: the organiser tells no other day."""
    revision = event.revision if isinstance(event, TrainingResultCorrected) else 1
    scores: tuple[tuple[Kind, float | None], ...] = (("pre", event.pre_score), ("post", event.post_score))
    return [
        Reported(
            assessment_id=domain.reported_id(event.enrollment_id, kind, revision),
            enrollment_id=event.enrollment_id,
            asn_id=event.asn_id,
            run_id=event.run_id,
            kind=kind,
            score=score,
            passed=domain.passed(kind, score, pass_score),
            reported_on=event.completed_on,
        )
        for kind, score in scores
        if score is not None
    ]


def told_reported(score: Reported, notify_after: datetime | None = None) -> AssessmentScored:
    """What is told of a reported score, to the person no sooner than its result; it names no competencies."""
    return AssessmentScored(
        asn_id=score.asn_id,
        assessment_id=score.assessment_id,
        enrollment_id=score.enrollment_id,
        run_id=score.run_id,
        kind=score.kind,
        score=score.score,
        passed=score.passed,
        source="organiser",
        scored_on=score.reported_on,
        notify_after=notify_after,
    )
