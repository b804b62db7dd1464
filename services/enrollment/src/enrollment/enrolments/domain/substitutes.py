"""Who takes the very seat of somebody of the same agency who leaves."""

from dataclasses import replace
from datetime import date, timedelta

from bina.events.agency import Problem
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain.changes import Change
from enrollment.enrolments.domain.enrolment import Enrolment, begun
from enrollment.enrolments.domain.pools import ANYBODYS
from enrollment.enrolments.domain.problems import refused_because, refuses, told
from enrollment.enrolments.domain.requests import Decision, Examined, Known
from enrollment.imports import enrolment_errors

SUBSTITUTED = "Digantikan oleh pegawai lain dari instansi yang sama."
"""Reason of an enrolment whose seat went to a substitute."""


def until(run: Run) -> date:
    """The last day on which participants are replaced: the run's own, or the day before it starts."""
    return run.admission.substitutes_until or run.starts_on - timedelta(days=1)


def decide_substitute(examined: Examined, known: Known, leaving: Enrolment) -> Decision:
    """Give the seat of who leaves to another: by the rules of requests, what the run asks for among them, but enrolment
    need not be open any more, and who waits goes before those in front of them."""
    ask, claim = examined.ask, examined.claim
    subject = known.subject(claim.nip, claim.run_code)
    problems = (*examined.problems, *_errors(examined, known, leaving))
    if refuses(problems):
        return Decision(ask, subject, "refused", problems)
    assert subject.person is not None
    person, before = subject.person, subject.live
    new = before or begun(leaving.run_id, person.asn_id, person.agency_code, ask.at, subject.latest)
    after = new._replace(state="accepted", ticket=None, pool=leaving.pool)
    awaited = known.awaiting.get((leaving.run_id, person.asn_id))
    change = Change(before, after, cause=ask.cause)
    return Decision(ask, subject, "accepted", problems, change, after, awaiting=awaited)


def _errors(examined: Examined, known: Known, leaving: Enrolment) -> tuple[Problem, ...]:
    ask, claim = examined.ask, examined.claim
    subject = known.subject(claim.nip, claim.run_code)
    run = subject.run_fact(ask.on)
    run = run and replace(run, status="open")
    found = enrolment_errors(
        claim,
        ask.scope,
        person=subject.person_fact,
        run=run,
        enrolled=subject.live is not None,
        unmet=known.unmet_by(subject),
    )
    if found:
        return told(found)
    if subject.live and subject.live.is_seated:
        return refused_because("NIP", "substitute.seated")
    if subject.person and subject.person.agency_code != leaving.agency_code:
        return refused_because("NIP", "substitute.other_agency")
    held = leaving.pool if leaving.run_id in known.pools else ANYBODYS
    if subject.person and held not in (ANYBODYS, *known.groups.get(subject.person.asn_id, ())):
        return refused_because("NIP", "substitute.held")
    return ()
