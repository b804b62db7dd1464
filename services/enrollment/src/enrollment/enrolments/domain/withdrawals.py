"""Giving a seat back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bina.events.agency import Problem
from enrollment.enrolments.domain.changes import Change
from enrollment.enrolments.domain.enrolment import Enrolment
from enrollment.enrolments.domain.problems import refused_because, refuses, told
from enrollment.enrolments.domain.requests import NO_SEATS, Decision, Examined, Known, Pair, Subject
from enrollment.imports import judge_enrolment


@dataclass(frozen=True)
class Withdrawal:
    """An examined ask, and why the seat is given back."""

    examined: Examined
    reason: str = ""


def decide_withdrawals(withdrawals: Sequence[Withdrawal], known: Known) -> list[Decision]:
    """Decide in order of arrival; a second one for the same enrolment only repeats the first."""
    enrolments: dict[Pair, Enrolment] = dict(known.enrolments)
    decisions = []
    for withdrawal in withdrawals:
        decision = _decide(withdrawal, replace(known, enrolments=enrolments))
        if decision.change:
            after = decision.change.after
            enrolments[after.run_id, after.asn_id] = after
        decisions.append(decision)
    return decisions


def _decide(withdrawal: Withdrawal, known: Known) -> Decision:
    examined = withdrawal.examined
    subject = known.subject(examined.claim.nip, examined.claim.run_code)
    problems = (*examined.problems, *_errors(examined, subject))
    if refuses(problems):
        return Decision(examined.ask, subject, "refused", problems)
    assert subject.latest is not None
    if not subject.latest.is_live:
        repeated = (*problems, *refused_because("NIP", "withdrawal.existing", "warning"))
        return Decision(examined.ask, subject, "withdrawn", repeated, enrolment=subject.latest)
    after = subject.latest._replace(state="withdrawn", reason=withdrawal.reason)
    change = Change(subject.latest, after, why=withdrawal.reason, cause=examined.ask.cause)
    return Decision(examined.ask, subject, "withdrawn", problems, change, after)


def _errors(examined: Examined, subject: Subject) -> tuple[Problem, ...]:
    """nip.unknown, nip.other_agency, run.unknown; then whether there is anything to give back."""
    run = subject.run_fact(examined.ask.on)
    if run is not None and subject.latest is not None:
        run = replace(run, open_to=_Everyone())
    verdict = judge_enrolment(
        examined.claim,
        examined.ask.scope,
        person=subject.person_fact,
        run=run,
        enrolled=True,
        seats=NO_SEATS,
    )
    if verdict.refused:
        return told([p for p in verdict.problems if p.is_error])
    if examined.claim.nip and examined.claim.run_code and subject.latest is None:
        return refused_because("NIP", "enrollment.unknown")
    if subject.latest is not None and subject.latest.has_ended:
        return refused_because("NIP", "enrollment.ended")
    return ()


class _Everyone:
    """Whoever was enrolled may leave, even if the run is not open to their agency any more."""

    def __contains__(self, agency: object) -> bool:
        return True
