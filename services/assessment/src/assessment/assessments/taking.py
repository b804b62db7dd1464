"""Taking a test: from answers to everything that follows from them, in the transaction of the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import domain, store
from assessment.assessments.domain import Scoring
from assessment.assessments.opening import new_test, told_open
from assessment.assessments.rules import rules_on
from assessment.assessments.store import Assessment
from assessment.plans import store as plans
from assessment.plans.domain import told_recommended
from assessment.profiles import store as profiles
from assessment.profiles.domain import Result, source_of, told_changed
from assessment.register import store as register
from assessment.register.domain import Run
from bina.events import Event
from bina.events.assessment import AssessmentScored, CompetencyScore
from bina.messaging.clock import today
from bina.web import audit


@dataclass(frozen=True, slots=True)
class Submission:
    """An open test that this transaction holds (`store.lock`), and what was answered.

    `chosen` maps item ids to indices in the bank; `on` is the business day of the answer.
    """

    test: Assessment
    chosen: Mapping[str, int]
    on: date


async def submit(session: AsyncSession, submissions: Sequence[Submission]) -> list[Event]:
    """Score tests and return the facts to tell; of an enrolment at most one of each kind.

    An answer has no fact before it: what follows leads back to the one that made the test possible.
    """
    runs = await register.load_runs(session, {s.test.run_id for s in submissions})
    told: list[Event] = []
    for submission in submissions:
        told += await _score(session, submission, runs[submission.test.run_id])
        test = submission.test
        audit.changed(session, "assessment", test.assessment_id, {"state": "open"}, {"state": "scored"})
        audit.on_behalf(session, [test.asn_id])
    people = {s.test.asn_id for s in submissions}
    changed = await profiles.refresh(session, people)
    causes = {s.test.asn_id: s.test.cause for s in submissions}
    told += [told_changed(asn_id, entries).because(causes[asn_id]) for asn_id, entries in changed.items()]
    found = await plans.refresh(session, people, today())
    return [*told, *(told_recommended(r).because(causes[r.asn_id]) for r in found)]


async def _score(session: AsyncSession, submission: Submission, run: Run) -> list[Event]:
    test, on = submission.test, submission.on
    items = domain.questions_of(test.assessment_id, test.items)
    scoring = domain.score(items, submission.chosen, run.targets, rules_on(test.opened_on))
    passed = domain.passed(test.kind, scoring.score, run.pass_score)
    await store.mark_scored(
        session, test.assessment_id, submission.chosen, score=scoring.score, passed=passed, on=on
    )
    await profiles.add_results(session, test.asn_id, _results(test, scoring, on))
    told: list[Event] = [_told_scored(test, scoring, passed=passed, on=on)]
    if domain.may_retake(test.kind, test.attempt, passed=passed):
        told += await _retake(session, test, run, on)
    return told


async def _retake(session: AsyncSession, test: Assessment, run: Run, on: date) -> list[Event]:
    """Open one more post-test while the seat is held; its questions come in another order."""
    held = await register.find_in_states(session, [test.enrollment_id], ["accepted"])
    again = new_test(test, "post", run, on, cause=test.cause, attempt=test.attempt + 1)
    if not held or again.state != "open":
        return []
    await store.open_tests(session, store.values_of([again]))
    return [told_open(again, run)]


def _results(test: Assessment, scoring: Scoring, on: date) -> list[Result]:
    sequence = 0 if test.kind == "pre" else test.attempt
    source = source_of(test.kind, test.run_code)
    return [
        Result(test.assessment_id, r.code, r.score, r.level, r.ceiling, on, sequence, source)
        for r in scoring.competencies
    ]


def _told_scored(test: Assessment, scoring: Scoring, *, passed: bool | None, on: date) -> AssessmentScored:
    return AssessmentScored(
        asn_id=test.asn_id,
        assessment_id=test.assessment_id,
        enrollment_id=test.enrollment_id,
        run_id=test.run_id,
        kind=test.kind,
        score=scoring.score,
        passed=passed,
        scored_on=on,
        competencies=tuple(
            CompetencyScore(code=r.code, score=r.score, level=r.level) for r in scoring.competencies
        ),
    ).because(test.cause)
