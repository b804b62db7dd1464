"""Deciding requests: the import rules, the run's seats in order of arrival, the waiting list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from bina.events import Event
from bina.events.agency import Problem
from bina.events.enrollment import EnrollmentRejected
from bina.messaging import new_id
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain.awaiting import Awaiting, place_of
from enrollment.enrolments.domain.changes import Change
from enrollment.enrolments.domain.enrolment import Enrolment, begun, enrollment_id_of
from enrollment.enrolments.domain.pools import ANYBODYS, Groups, Pools, SeatsFor
from enrollment.enrolments.domain.problems import refused_because, refuses, told
from enrollment.imports import (
    EnrolmentClaim,
    PersonFact,
    RunFact,
    Scope,
    Seats,
    Unmet,
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
    the run still takes anybody. `checked`: what `check_enrolment` gave, if that was asked before. `by`: the person who
    asks or approves; who asks for themself may need somebody's approval.
    """

    nip: str
    run_code: str
    scope: Scope
    at: datetime
    on: date
    note: str = ""
    cause: Event | None = None
    checked: tuple[EnrolmentClaim, tuple[Found, ...]] | None = None
    by: UUID | None = None


class Examined(NamedTuple):
    """An ask in normal form, with what is wrong without asking the register."""

    ask: Ask
    claim: EnrolmentClaim
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Known:
    """What is recorded of everything that was asked about.

    `enrolments` holds the latest attempt per (run_id, asn_id); `positions` those waiting, by enrolment; `awaiting` the
    requests that wait for an approval; `unmet` what somebody does not meet of what a run asks for; `windows` the rule
    that keeps new requests out of a run now, by its code; `pools` the free seats of runs that hold some back, `groups` people's
    groups. A desk takes from the pools: they are for one use.
    """

    people: Mapping[str, PersonKey] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    enrolments: Mapping[Pair, Enrolment] = field(default_factory=dict)
    positions: Mapping[UUID, int] = field(default_factory=dict)
    awaiting: Mapping[Pair, Awaiting] = field(default_factory=dict)
    unmet: Mapping[Pair, Unmet] = field(default_factory=dict)
    windows: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    pools: Mapping[UUID, Pools] = field(default_factory=dict)
    groups: Mapping[UUID, Groups] = field(default_factory=dict)

    def subject(self, nip: str | None, run_code: str | None) -> "Subject":
        """The person, the run, and their latest enrolment, as far as known."""
        person, run = self.people.get(nip or ""), self.runs.get(run_code or "")
        latest = self.enrolments.get((run.run_id, person.asn_id)) if person and run else None
        return Subject(person, run, latest)

    def unmet_by(self, subject: "Subject") -> Unmet:
        """What the person does not meet of what the run asks for."""
        if not self.unmet or subject.person is None or subject.run is None:
            return ()
        return self.unmet.get((subject.run.run_id, subject.person.asn_id), ())


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
    """What becomes of an ask. Without `change` nothing changes: refused, or a repetition.

    `awaiting`: the request that waits for an approval from now on, or that does so no more.
    """

    ask: Ask
    subject: Subject
    outcome: Literal["accepted", "waitlisted", "refused", "withdrawn", "awaiting"]
    problems: tuple[Problem, ...] = ()
    change: Change | None = None
    enrolment: Enrolment | None = None
    position: int | None = None
    awaiting: Awaiting | None = None

    @property
    def ids(self) -> list[UUID]:
        """Of what it changes: an enrolment, a request that waits for an approval, or both."""
        changed = [self.change.after.enrollment_id] if self.change else []
        return [*changed, *([self.awaiting.approval_id] if self.awaiting else [])]


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
        self._seats = Seats({code: run.seats_unclaimed for code, run in known.runs.items()})
        self._waiting = {run.run_id: run.waiting for run in known.runs.values()}
        self._tickets = {run.run_id: run.last_ticket for run in known.runs.values()}
        self._positions = dict(known.positions)
        self._awaiting = dict(known.awaiting)
        self._kept: list[Awaiting] = []
        self._run_facts: dict[tuple[str, date], RunFact | None] = {}

    def decide(self, examined: Examined) -> Decision:
        ask, claim = examined.ask, examined.claim
        subject = self._known.subject(claim.nip, claim.run_code)
        spoilt = refuses(examined.problems)
        asks = _asks_approval(ask, subject)
        seats = NO_SEATS if spoilt or asks else self._seats_for(subject)
        verdict = judge_enrolment(
            claim,
            ask.scope,
            person=subject.person_fact,
            run=self._run_fact(subject, ask.on),
            enrolled=subject.live is not None,
            seats=seats,
            unmet=self._known.unmet_by(subject),
            asked=_pair(subject) in self._awaiting,
        )
        if spoilt or verdict.refused:
            errors = told([p for p in verdict.problems if p.is_error])
            return Decision(ask, subject, "refused", (*examined.problems, *errors))
        problems = (*examined.problems, *told(verdict.problems))
        if subject.live:
            return self._repeated(ask, subject, subject.live, problems)
        if asks:
            return self._to_approve(ask, subject, examined.problems)
        if not isinstance(seats, SeatsFor):
            return self._enrolled(ask, subject, problems, ANYBODYS, waits=verdict.waitlisted)
        if verdict.waitlisted and seats.are_held:
            problems = (*problems, *refused_because("Kode Angkatan", "run.held", "warning"))
        return self._enrolled(ask, subject, problems, seats.pool or ANYBODYS, waits=verdict.waitlisted)

    def _seats_for(self, subject: Subject) -> Seats:
        pools = self._known.pools.get(subject.run.run_id) if subject.run and self._known.pools else None
        if pools is None or subject.person is None:
            return self._seats
        return SeatsFor(pools, self._known.groups.get(subject.person.asn_id, ()))

    def _run_fact(self, subject: Subject, on: date) -> RunFact | None:
        """Worked out once per run and day: a batch asks of a few runs many times."""
        asked = subject.run.code if subject.run else "", on
        if asked not in self._run_facts:
            fact = subject.run_fact(on)
            kept_out = self._known.windows.get(asked[0])
            self._run_facts[asked] = replace(fact, window=kept_out) if fact and kept_out else fact
        return self._run_facts[asked]

    def _repeated(
        self, ask: Ask, subject: Subject, live: Enrolment, problems: tuple[Problem, ...]
    ) -> Decision:
        if live.state == "waitlisted":
            position = self._positions.get(live.enrollment_id)
            return Decision(ask, subject, "waitlisted", problems, enrolment=live, position=position)
        return Decision(ask, subject, "accepted", problems, enrolment=live)

    def _enrolled(
        self, ask: Ask, subject: Subject, problems: tuple[Problem, ...], pool: str, *, waits: bool
    ) -> Decision:
        assert subject.person is not None
        assert subject.run is not None
        run_id, person = subject.run.run_id, subject.person
        new = begun(run_id, person.asn_id, person.agency_code, ask.at, subject.latest)
        awaited = self._awaiting.pop((run_id, person.asn_id), None)
        position = None
        new = new._replace(pool=pool) if pool else new
        if waits:
            ticket, position = self._last_place(run_id, awaited)
            new = new._replace(state="waitlisted", ticket=ticket)
            self._positions[new.enrollment_id] = position
        self._enrolments[run_id, person.asn_id] = new
        change = Change(None, new, position=position or 0, cause=ask.cause)
        outcome: Literal["accepted", "waitlisted"] = "waitlisted" if waits else "accepted"
        return Decision(ask, subject, outcome, problems, change, new, position, awaited)

    def _last_place(self, run_id: UUID, awaited: Awaiting | None) -> tuple[int, int]:
        """(ticket, place) of who joins the waiting list: behind all, or where they stood when they asked."""
        self._waiting[run_id] += 1
        if awaited is None:
            return self._next_ticket(run_id), self._waiting[run_id]
        self._kept.append(awaited)
        return awaited.ticket, place_of(awaited, [one.ticket for one in self._kept if one.run_id == run_id])

    def _next_ticket(self, run_id: UUID) -> int:
        self._tickets[run_id] += 1
        return self._tickets[run_id]

    def _to_approve(self, ask: Ask, subject: Subject, problems: tuple[Problem, ...]) -> Decision:
        """Ask for approval, or repeat that it was asked for."""
        assert subject.person is not None
        assert subject.run is not None
        pair = subject.run.run_id, subject.person.asn_id
        if pair not in self._awaiting:
            ticket = self._next_ticket(subject.run.run_id)
            code = subject.person.agency_code
            self._awaiting[pair] = Awaiting(new_id(), *pair, code, ticket, ask.at, ask.note)
        return Decision(ask, subject, "awaiting", problems, awaiting=self._awaiting[pair])


def _pair(subject: Subject) -> Pair | None:
    return (subject.run.run_id, subject.person.asn_id) if subject.run and subject.person else None


def _asks_approval(ask: Ask, subject: Subject) -> bool:
    """Whether somebody asks for themself in a run that wants an approval; what an agency sends is its own word."""
    person, run = subject.person, subject.run
    return bool(run and run.admission.approval and person and person.asn_id == ask.by)


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
