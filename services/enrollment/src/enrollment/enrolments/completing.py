"""Attendance, tests and corrections: what completes an enrolment besides the organiser's report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
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
    """Record attendance of accepted participants; completes those who lack nothing else."""
    waiting = [one for one in enrolments if one.state == "accepted" and one.met_on is None]
    known = await _known(session, waiting)
    changes = [_attended(one, runs[one.run_id], met_on, known) for one in waiting]
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
    runs = await catalogue.load_runs(session, {e.run_id for e in found.values()})
    tested = [one for one in found.values() if runs[one.run_id].pass_score is not None]
    changes = [
        change._replace(cause=causes[change.after.enrollment_id])
        for change in await _due(session, tested, runs)
    ]
    return [fact for facts in await apply(session, changes) for fact in facts]


async def complete_reported(
    session: AsyncSession, enrolments: Iterable[Enrolment], runs: Mapping[UUID, Run]
) -> list[Event]:
    """Complete whoever attended, passed where that is asked, and whose report was received."""
    changes = await _due(session, [one for one in enrolments if runs[one.run_id].report_required], runs)
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


class _Known(NamedTuple):
    """What besides attendance is known of enrolments: post-tests, and the days on which reports were received."""

    tests: Mapping[UUID, PostTest]
    reports: Mapping[UUID, date]


async def _known(session: AsyncSession, enrolments: Sequence[Enrolment]) -> _Known:
    ids = [one.enrollment_id for one in enrolments]
    return _Known(await store.load_post_tests(session, ids), await store.load_received(session, ids))


async def _due(
    session: AsyncSession, enrolments: Sequence[Enrolment], runs: Mapping[UUID, Run]
) -> list[Change]:
    """The completions of those who attended and lack nothing else by now."""
    waiting = [one for one in enrolments if _waits(one, runs[one.run_id])]
    known = await _known(session, waiting)
    found = [(one, runs[one.run_id], _completed_on(one, runs[one.run_id], known)) for one in waiting]
    return [_completed(one, one, run, day) for one, run, day in found if day is not None]


def _attended(enrolment: Enrolment, run: Run, met_on: date, known: _Known) -> Change:
    present = enrolment._replace(met_on=met_on)
    day = _completed_on(present, run, known)
    return Change(enrolment, present) if day is None else _completed(enrolment, present, run, day)


def _waits(enrolment: Enrolment, run: Run) -> bool:
    return enrolment.state == "accepted" and enrolment.met_on is not None and run.status != "cancelled"


def _completed_on(enrolment: Enrolment, run: Run, known: _Known) -> date | None:
    """The day on which the last of what a run asks for was there, None while something lacks."""
    assert enrolment.met_on is not None
    days = [enrolment.met_on]
    if run.pass_score is not None:
        test = known.tests.get(enrolment.enrollment_id)
        if test is None or not _has_passed(run.pass_score, test):
            return None
        days.append(test.scored_on)
    if run.report_required:
        received = known.reports.get(enrolment.enrollment_id)
        if received is None:
            return None
        days.append(received)
    return max(days)


def _completed(before: Enrolment, present: Enrolment, run: Run, day: date) -> Change:
    after = present._replace(
        state="completed",
        completed_on=day,
        jp=run.jp,
        origin="attendance" if run.pass_score is None else "assessment",
        revision=present.revision + 1,
    )
    # a test taken after the event does not move its JP into another year
    return Change(before, after, earned_on=min(day, run.ends_on))


def _has_passed(pass_score: Decimal, test: PostTest) -> bool:
    return test.passed if test.passed is not None else test.score >= pass_score
