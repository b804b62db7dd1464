"""Attendance, tests and corrections: what completes an enrolment besides the organiser's report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run
from enrollment.enrolments import store
from enrollment.enrolments.applying import apply
from enrollment.enrolments.domain import Change, Enrolment
from enrollment.enrolments.store import PostTest


@dataclass(frozen=True)
class Correction:
    """The whole new state of a result, and why it was wrong; without a number a certificate stays as it is."""

    completed: bool
    jp: int
    completed_on: date
    pre_score: Decimal | None
    post_score: Decimal | None
    reason: str
    certificate_number: str | None = None

    def certificate_after(self, number: str) -> str:
        """The number of the certificate then, in place of the one now; no pass, no certificate.

        Case does not tell numbers apart: the same one in another case stays as it was issued, nothing falls.
        """
        if not self.completed:
            return ""
        named = self.certificate_number
        return number if named is None or named.casefold() == number.casefold() else named


async def meet_attendance(
    session: AsyncSession, enrolments: Iterable[Enrolment], runs: Mapping[UUID, Run], met_on: date
) -> list[Event]:
    """Record attendance of accepted participants; completes those whose run asks no more, or who passed."""
    tests = await store.load_post_tests(session, [e.enrollment_id for e in enrolments])
    changes = [
        _attended(one, runs[one.run_id], met_on, tests.get(one.enrollment_id))
        for one in enrolments
        if one.state == "accepted" and one.met_on is None
    ]
    return [fact for facts in await apply(session, changes) for fact in facts]


async def mark_absent(session: AsyncSession, enrolments: Iterable[Enrolment], ended_on: date) -> list[Event]:
    """End accepted participants' enrolments without completion: they did not attend."""
    changes = [
        Change(
            one,
            one._replace(
                state="not_completed",
                reason="absent",
                completed_on=ended_on,
                origin="attendance",
                revision=one.revision + 1,
            ),
        )
        for one in enrolments
        if one.state == "accepted" and one.met_on is None
    ]
    return [fact for facts in await apply(session, changes) for fact in facts]


async def take_scores(session: AsyncSession, tests: Sequence[tuple[PostTest, Event]]) -> list[Event]:
    """Keep post-tests, and complete whoever attended and passed."""
    causes = {test.enrollment_id: event for test, event in tests}
    await store.lock_runs_of(session, causes)
    await store.add_post_tests(session, [test for test, _event in tests])
    found = await store.load_enrolments(session, causes)
    best = await store.load_post_tests(session, found)
    runs = await catalogue.load_runs(session, {e.run_id for e in found.values()})
    changes = [
        _passed(one, runs[one.run_id], best[one.enrollment_id])._replace(cause=causes[one.enrollment_id])
        for one in found.values()
        if _waits_for_test(one, runs[one.run_id]) and _has_passed(runs[one.run_id], best[one.enrollment_id])
    ]
    return [fact for facts in await apply(session, changes) for fact in facts]


async def correct(
    session: AsyncSession, enrolment: Enrolment, run: Run, correction: Correction
) -> list[Event]:
    """Replace a result by the right one; the ledger follows, and a certificate falls with its completion."""
    after = enrolment._replace(
        state="completed" if correction.completed else "not_completed",
        reason="" if correction.completed else enrolment.reason or "failed",
        met_on=enrolment.met_on,
        completed_on=correction.completed_on,
        jp=correction.jp,
        pre_score=correction.pre_score,
        post_score=correction.post_score,
        certificate_number=correction.certificate_after(enrolment.certificate_number),
        origin="correction",
        revision=enrolment.revision + 1,
    )
    earned_on = min(correction.completed_on, run.ends_on) if correction.completed else None
    (facts,) = await apply(session, [Change(enrolment, after, earned_on, why=correction.reason)])
    return facts


def _attended(enrolment: Enrolment, run: Run, met_on: date, test: PostTest | None) -> Change:
    present = enrolment._replace(met_on=met_on)
    if run.pass_score is None:
        return _completed(enrolment, present, run, met_on, by_test=False)
    if test is not None and _has_passed(run, test):
        return _passed(present, run, test)._replace(before=enrolment)
    return Change(enrolment, present)


def _waits_for_test(enrolment: Enrolment, run: Run) -> bool:
    return enrolment.state == "accepted" and enrolment.met_on is not None and run.status != "cancelled"


def _passed(enrolment: Enrolment, run: Run, test: PostTest) -> Change:
    assert enrolment.met_on is not None
    return _completed(enrolment, enrolment, run, max(enrolment.met_on, test.scored_on), by_test=True)


def _completed(before: Enrolment, present: Enrolment, run: Run, day: date, *, by_test: bool) -> Change:
    after = present._replace(
        state="completed",
        completed_on=day,
        jp=run.jp,
        origin="assessment" if by_test else "attendance",
        revision=present.revision + 1,
    )
    # a test taken after the event does not move its JP into another year
    return Change(before, after, earned_on=min(day, run.ends_on))


def _has_passed(run: Run, test: PostTest) -> bool:
    if run.pass_score is None:
        return False  # attendance alone decides there
    return test.passed if test.passed is not None else test.score >= run.pass_score
