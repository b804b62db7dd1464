"""Judging reported results (kelulusan), and what each changes."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from bina.events import Event
from bina.events.agency import Problem
from enrollment.enrolments.domain.changes import Change
from enrollment.enrolments.domain.enrolment import UNDONE, Enrolment, begun
from enrollment.enrolments.domain.problems import refused_because, refuses, told
from enrollment.enrolments.domain.requests import Known, Pair, Subject
from enrollment.imports import ExistingResult, ResultClaim, Scope, check_result, judge_result

CERTIFICATE = "Nomor Sertifikat"
COMPLEMENTED = "Laporan penyelenggara melengkapi hasil presensi."


@dataclass(frozen=True)
class Report:
    """An organiser's statement on one participant.

    `at` is when they say they made it, never later than now; `on` its day in the field's zone: nobody reports what
    had not happened by then.
    """

    nip: str
    run_code: str
    result: str
    completed_on: date
    jp: int
    scope: Scope
    at: datetime
    on: date
    pre_score: float | None = None
    post_score: float | None = None
    certificate_number: str = ""
    cause: Event | None = None


@dataclass(frozen=True)
class ExaminedReport:
    """A report in normal form, with what is wrong without asking the register."""

    report: Report
    claim: ResultClaim
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Judgement:
    """What becomes of a report; without `change` nothing does."""

    report: Report
    outcome: Literal["accepted", "refused"]
    problems: tuple[Problem, ...]
    change: Change | None = None
    enrolment: Enrolment | None = None


def examine_report(report: Report) -> ExaminedReport:
    """Check what can be checked without the register."""
    claim, found = check_result(
        report.on,
        nip=report.nip,
        run_code=report.run_code,
        result=report.result,
        completed_on=report.completed_on,
        jp=report.jp,
        pre_score=report.pre_score,
        post_score=report.post_score,
        certificate_number=report.certificate_number or None,
    )
    return ExaminedReport(report, claim, told(found))


def numbers_named(examined: Sequence[ExaminedReport], known: Known) -> set[tuple[str, str]]:
    """The certificates that reports name, as (organiser of the run, number)."""
    return {
        (run.organiser, number)
        for one in examined
        if (number := one.claim.certificate_number) and (run := known.runs.get(one.claim.run_code or ""))
    }


def judge_reports(
    examined: Sequence[ExaminedReport], known: Known, revoked: AbstractSet[tuple[str, str]]
) -> list[Judgement]:
    """Judge in order of arrival; a report sees what an earlier one of the batch recorded.

    `revoked`: which of `numbers_named` fell before. No report adds to them: one that differs from a recorded
    certificate is refused (`duplicate.existing`), so only a correction or a revocation makes a number fall.
    """
    enrolments: dict[Pair, Enrolment] = dict(known.enrolments)
    judgements = []
    for one in examined:
        judgement = _judge(one, replace(known, enrolments=enrolments), revoked)
        if judgement.change:
            after = judgement.change.after
            enrolments[after.run_id, after.asn_id] = after
        judgements.append(judgement)
    return judgements


def _judge(examined: ExaminedReport, known: Known, revoked: AbstractSet[tuple[str, str]]) -> Judgement:
    report, claim = examined.report, examined.claim
    subject = known.subject(claim.nip, claim.run_code)
    spoilt = refuses(examined.problems)
    verdict = judge_result(
        claim,
        report.scope,
        person=subject.person_fact,
        run=subject.run_fact(report.on),
        existing=None if spoilt else _existing(subject.live, claim),
    )
    problems = (*examined.problems, *told(verdict.problems))
    if spoilt or verdict.refused:
        return Judgement(report, "refused", problems)
    if verdict.existing:
        return Judgement(report, "accepted", problems, enrolment=subject.live)
    change = _change(report, claim, subject)
    # the publisher is the run's organiser, or the verdict had refused
    if (report.scope.agency, change.after.certificate_number) in revoked:
        return Judgement(report, "refused", (*problems, *refused_because(CERTIFICATE, "certificate.revoked")))
    return Judgement(report, "accepted", problems, change, change.after)


def _existing(live: Enrolment | None, claim: ResultClaim) -> ExistingResult | None:
    """The recorded result that a claim must agree with.

    A completion by attendance or test alone is no statement of the organiser's: the first pass it reports
    completes the record, as a new revision; but a certificate that was issued already keeps its number. One that was
    taken back with its import says nothing any more.
    """
    if live is None or not live.has_ended or live.completed_on is None or live.reason == UNDONE:
        return None
    if (
        live.origin in ("attendance", "assessment")
        and claim.result == "passed"
        and not _renumbers(live, claim)
    ):
        return None
    return ExistingResult(
        result="passed" if live.state == "completed" else live.reason,
        completed_on=live.completed_on,
        jp=live.jp,
        pre_score=live.pre_score,
        post_score=live.post_score,
        certificate_number=live.certificate_number or None,
    )


def _renumbers(live: Enrolment, claim: ResultClaim) -> bool:
    issued, named = live.certificate_number, claim.certificate_number or ""
    return bool(issued and named) and issued.casefold() != named.casefold()


def _change(report: Report, claim: ResultClaim, subject: Subject) -> Change:
    """The step from what is recorded to what the claim says; whoever was never enrolled is enrolled by it."""
    assert subject.person is not None
    assert subject.run is not None
    assert claim.jp is not None
    before = subject.live
    person = subject.person
    base = before or begun(subject.run.run_id, person.asn_id, person.agency_code, report.at, subject.latest)
    passed = claim.result == "passed"
    after = base._replace(
        state="completed" if passed else "not_completed",
        reason="" if passed else str(claim.result),
        ticket=None,
        met_on=base.met_on or (claim.completed_on if passed else None),
        completed_on=claim.completed_on,
        jp=claim.jp,
        pre_score=claim.pre_score,
        post_score=claim.post_score,
        certificate_number=(base.certificate_number or claim.certificate_number or "") if passed else "",
        origin="report",
        revision=base.revision + 1,
    )
    assert claim.completed_on is not None
    earned_on = min(claim.completed_on, subject.run.ends_on) if passed else None
    why = COMPLEMENTED if after.revision > 1 else ""
    return Change(before, after, earned_on, why=why, cause=report.cause)
