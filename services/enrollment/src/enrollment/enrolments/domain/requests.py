"""Deciding requests: the import rules, the run's seats in order of arrival, the waiting list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from bina.events import Event
from bina.events.agency import Problem
from bina.events.enrollment import EnrollmentRejected
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain.changes import Change
from enrollment.enrolments.domain.enrolment import Enrolment, begun, enrollment_id_of
from enrollment.enrolments.domain.problems import refuses, told
from enrollment.imports import (
    EnrolmentClaim,
    PersonFact,
    RunFact,
    Scope,
    Seats,
    check_enrolment,
    judge_enrolment,
)
from enrollment.imports import Problem as Found
from enrollment.register.domain import PersonKey

Pair = tuple[UUID, UUID]
NO_SEATS = Seats({})


class Ask(NamedTuple):
    """Somebody wants a seat, or gives one back.

    `at` is when they say they asked, never later than now; `on` the day it was taken in, which alone decides whether
    the run still takes anybody. `checked`: what `check_enrolment` gave, if that was asked before.
    """

    nip: str
    run_code: str
    scope: Scope
    at: datetime
    on: date
    note: str = ""
    cause: Event | None = None
    checked: tuple[EnrolmentClaim, tuple[Found, ...]] | None = None


class Examined(NamedTuple):
    """An ask in normal form, with what is wrong without asking the register."""

    ask: Ask
    claim: EnrolmentClaim
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Known:
    """What is recorded of everything that was asked about.

    `enrolments` holds the latest attempt per (run_id, asn_id); `positions` those waiting, by enrolment.
    """

    people: Mapping[str, PersonKey] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    enrolments: Mapping[Pair, Enrolment] = field(default_factory=dict)
    positions: Mapping[UUID, int] = field(default_factory=dict)

    def subject(self, nip: str | None, run_code: str | None) -> "Subject":
        """The person, the run, and their latest enrolment, as far as known."""
        person, run = self.people.get(nip or ""), self.runs.get(run_code or "")
        latest = self.enrolments.get((run.run_id, person.asn_id)) if person and run else None
        return Subject(person, run, latest)


class Subject(NamedTuple):
    """Whom and what a message is about."""

    person: PersonKey | None
    run: Run | None
    latest: Enrolment | None

    @property
    def live(self) -> Enrolment | None:
        """The enrolment that counts."""
        return self.latest if self.latest and self.latest.is_live else None

    @property
    def person_fact(self) -> PersonFact | None:
        """The person as the import rules ask."""
        return PersonFact(self.person.agency_code) if self.person else None

    def run_fact(self, on: date) -> RunFact | None:
        """The run as the import rules ask, on a day."""
        run = self.run
        if run is None:
            return None
        return RunFact(
            code=run.code,
            organiser=run.organiser,
            open_to=run.open_to,
            start=run.starts_on,
            status=run.status_on(on),
            seats_left=run.seats_left,
            programme_jp=run.jp,
        )


class Decision(NamedTuple):
    """What becomes of an ask. Without `change` nothing changes: refused, or a repetition."""

    ask: Ask
    subject: Subject
    outcome: Literal["accepted", "waitlisted", "refused", "withdrawn"]
    problems: tuple[Problem, ...] = ()
    change: Change | None = None
    enrolment: Enrolment | None = None
    position: int | None = None


def examine(ask: Ask) -> Examined:
    """Check what can be checked without the register."""
    claim, found = ask.checked or check_enrolment(
        ask.on, nip=ask.nip, run_code=ask.run_code, note=ask.note or None
    )
    return Examined(ask, claim, told(found))


def decide(examined: Sequence[Examined], known: Known) -> list[Decision]:
    """Decide requests in order of arrival; earlier ones take the seats."""
    desk = _Desk(known)
    return [desk.decide(one) for one in examined]


class _Desk:
    """Hands out seats and tickets, and remembers whom it enrolled a moment ago."""

    def __init__(self, known: Known) -> None:
        self._enrolments = dict(known.enrolments)
        self._known = replace(known, enrolments=self._enrolments)
        self._seats = Seats({code: run.seats_left for code, run in known.runs.items()})
        self._waiting = {run.run_id: run.waiting for run in known.runs.values()}
        self._tickets = {run.run_id: run.last_ticket for run in known.runs.values()}
        self._positions = dict(known.positions)
        self._run_facts: dict[tuple[str, date], RunFact | None] = {}

    def decide(self, examined: Examined) -> Decision:
        ask, claim = examined.ask, examined.claim
        subject = self._known.subject(claim.nip, claim.run_code)
        spoilt = refuses(examined.problems)
        verdict = judge_enrolment(
            claim,
            ask.scope,
            person=subject.person_fact,
            run=self._run_fact(subject, ask.on),
            enrolled=subject.live is not None,
            seats=NO_SEATS if spoilt else self._seats,
        )
        if spoilt or verdict.refused:
            errors = told([p for p in verdict.problems if p.is_error])
            return Decision(ask, subject, "refused", (*examined.problems, *errors))
        problems = (*examined.problems, *told(verdict.problems))
        if subject.live:
            return self._repeated(ask, subject, subject.live, problems)
        return self._enrolled(ask, subject, problems, waits=verdict.waitlisted)

    def _run_fact(self, subject: Subject, on: date) -> RunFact | None:
        """Worked out once per run and day: a batch asks of a few runs many times."""
        asked = subject.run.code if subject.run else "", on
        if asked not in self._run_facts:
            self._run_facts[asked] = subject.run_fact(on)
        return self._run_facts[asked]

    def _repeated(
        self, ask: Ask, subject: Subject, live: Enrolment, problems: tuple[Problem, ...]
    ) -> Decision:
        if live.state == "waitlisted":
            position = self._positions.get(live.enrollment_id)
            return Decision(ask, subject, "waitlisted", problems, enrolment=live, position=position)
        return Decision(ask, subject, "accepted", problems, enrolment=live)

    def _enrolled(
        self, ask: Ask, subject: Subject, problems: tuple[Problem, ...], *, waits: bool
    ) -> Decision:
        assert subject.person is not None
        assert subject.run is not None
        run_id, person = subject.run.run_id, subject.person
        new = begun(run_id, person.asn_id, person.agency_code, ask.at, subject.latest)
        position = None
        if waits:
            self._waiting[run_id] += 1
            self._tickets[run_id] += 1
            position = self._waiting[run_id]
            new = new._replace(state="waitlisted", ticket=self._tickets[run_id])
            self._positions[new.enrollment_id] = position
        self._enrolments[run_id, person.asn_id] = new
        change = Change(None, new, position=position or 0, cause=ask.cause)
        outcome: Literal["accepted", "waitlisted"] = "waitlisted" if waits else "accepted"
        return Decision(ask, subject, outcome, problems, change, new, position)


def rejection(decision: Decision) -> list[Event]:
    """What a refusal is told as: a fact of its person, if both person and run are known and the asker may name her."""
    person, run = decision.subject.person, decision.subject.run
    in_scope = person is not None and person.agency_code in decision.ask.scope.employers
    if decision.outcome != "refused" or person is None or run is None or not in_scope:
        return []
    attempt = decision.subject.latest.attempt + 1 if decision.subject.latest else 1
    first = next(p for p in decision.problems if p.severity == "error")
    rejected = EnrollmentRejected(
        enrollment_id=enrollment_id_of(run.run_id, person.asn_id, attempt),
        asn_id=person.asn_id,
        run_id=run.run_id,
        agency_code=person.agency_code,
        reason_code=first.code,
        reason=first.advice,
    )
    return [rejected.because(decision.ask.cause)]
