"""The rules of enrolments and results that need the register: one code path for a file and for a single event.

Callers load facts for many rows at once and ask the rules row by row. Each rule takes a claim (None where a cell
was wrong: what cannot be asked is skipped), the publisher's scope and that row's facts, and returns problems
without row numbers. Errors come first; `..._notices` are only for rows that have no error at all.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from enrollment.imports.claims import EnrolmentClaim, ResultClaim
from enrollment.imports.problems import Problem, error, warning


@dataclass(frozen=True, slots=True)
class Scope:
    """Who publishes, and the employers whose people this publisher may name in this kind of file."""

    agency: str
    employers: Container[str]


class PersonFact(NamedTuple):
    """What the rules need of a registered person: the employer's code, and the supervisor's NIP."""

    agency: str
    supervisor_nip: str | None = None


@dataclass(frozen=True, slots=True)
class RunFact:
    """What the rules need of a run; `status` is open, full, or closed (anything else counts as closed).

    `seats_left` is quota minus enrolments, never below 0; `programme_jp` in jam pelajaran; `window` the code of the
    problem that keeps new requests out now, and the moment it names.
    """

    code: str
    organiser: str
    open_to: Container[str]
    start: date
    status: str
    seats_left: int
    programme_jp: int
    window: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingResult:
    """A recorded result of the same person in the same run; None where nothing was given."""

    result: str
    completed_on: date
    jp: int
    pre_score: Decimal | None = None
    post_score: Decimal | None = None
    certificate_number: str | None = None

    def says(self, claim: ResultClaim) -> bool:
        """Whether the claim repeats it exactly; an empty cell is "not given", like an absent column."""
        return (
            self.result == claim.result
            and self.completed_on == claim.completed_on
            and self.jp == claim.jp
            and self.pre_score == claim.pre_score
            and self.post_score == claim.post_score
            and (self.certificate_number or None) == (claim.certificate_number or None)
        )


Unmet = Sequence[tuple[str, str]]
"""What a run asks for that somebody does not meet: (rule, what it asks for in words)"""


class Seats:
    """Seats left per run while accepted rows take them one after the other."""

    def __init__(self, left: Mapping[str, int]) -> None:
        self._left = dict(left)

    def take(self, run_code: str) -> bool:
        """Take a seat; False if none is left: the person goes on the waiting list."""
        left = self._left.get(run_code, 0)
        self._left[run_code] = max(left - 1, 0)
        return left > 0


class Verdict(NamedTuple):
    """What is to be answered to one row or event."""

    problems: tuple[Problem, ...]

    @property
    def refused(self) -> bool:
        """Whether any problem is an error."""
        return bool(self.problems) and any(problem.is_error for problem in self.problems)

    @property
    def waitlisted(self) -> bool:
        """Whether it is accepted without a seat."""
        return self._has("run.full") and not self.refused

    @property
    def existing(self) -> bool:
        """Whether it only repeats what is recorded."""
        return self._has("duplicate.existing") and not self.refused

    def _has(self, code: str) -> bool:
        return bool(self.problems) and any(problem.code == code for problem in self.problems)


def judge_enrolment(
    claim: EnrolmentClaim,
    scope: Scope,
    *,
    person: PersonFact | None,
    run: RunFact | None,
    enrolled: bool,
    seats: Seats,
    unmet: Unmet = (),
    asked: bool = False,
) -> Verdict:
    """Decide one request; takes a seat if it is accepted and new. `asked`: a request that they made in time waits for an
    approval."""
    errors = enrolment_errors(
        claim, scope, person=person, run=run, enrolled=enrolled, unmet=unmet, asked=asked
    )
    return Verdict(errors or enrolment_notices(run, enrolled=enrolled, seats=seats))


def judge_result(
    claim: ResultClaim,
    scope: Scope,
    *,
    person: PersonFact | None,
    run: RunFact | None,
    existing: ExistingResult | None,
) -> Verdict:
    """Decide one reported result."""
    errors = result_errors(claim, scope, person=person, run=run, existing=existing)
    return Verdict(errors or result_notices(existing))


def enrolment_errors(
    claim: EnrolmentClaim,
    scope: Scope,
    *,
    person: PersonFact | None,
    run: RunFact | None,
    enrolled: bool,
    unmet: Unmet = (),
    asked: bool = False,
) -> tuple[Problem, ...]:
    """nip.unknown, nip.other_agency, run.unknown, run.closed; then, of who is not in it, the window and what is `unmet`.

    Who asked in time and is approved later (`asked`) is not kept out by the window, whichever way the word comes.
    """
    employer = person.agency if person else scope.agency
    known = run is not None and employer in run.open_to
    who = person_error(claim.nip, scope, person)
    where = _run_error(claim.run_code, run, known=known, enrolled=enrolled)
    if who or where or run is None or enrolled:
        return tuple(problem for problem in (who, where) if problem) if who or where else ()
    window = ("", "") if asked else run.window
    return _requirement_errors(window, unmet) if window[0] or unmet else ()


def enrolment_notices(run: RunFact | None, *, enrolled: bool, seats: Seats) -> tuple[Problem, ...]:
    """duplicate.existing or run.full of a row without error; takes a seat for a new enrolment."""
    if enrolled:
        return (warning("NIP", "duplicate.existing"),)
    seated = run is not None and run.status != "full" and seats.take(run.code)
    return () if seated else (warning("Kode Angkatan", "run.full"),)


def result_errors(
    claim: ResultClaim,
    scope: Scope,
    *,
    person: PersonFact | None,
    run: RunFact | None,
    existing: ExistingResult | None,
) -> tuple[Problem, ...]:
    """nip.unknown, nip.other_agency, run.unknown, run.cancelled, date.before_start, number.range; a differing result."""
    own = run if run is not None and run.organiser == scope.agency else None
    found = [
        person_error(claim.nip, scope, person),
        _own_run_error(claim.run_code, own),
        _date_error(claim, own),
        _jp_error(claim, own),
    ]
    errors = tuple(problem for problem in found if problem)
    return errors or _difference(claim, existing)


def result_notices(existing: ExistingResult | None) -> tuple[Problem, ...]:
    """duplicate.existing of a row without error that repeats a recorded result."""
    return (warning("NIP", "duplicate.existing"),) if existing else ()


def person_error(nip: str | None, scope: Scope, person: PersonFact | None) -> Problem | None:
    """nip.unknown, nip.other_agency."""
    if nip is None:
        return None
    if person is None:
        return error("NIP", "nip.unknown")
    return None if person.agency in scope.employers else error("NIP", "nip.other_agency")


def _run_error(run_code: str | None, run: RunFact | None, *, known: bool, enrolled: bool) -> Problem | None:
    if run_code is None:
        return None
    if run is None or not known:
        return error("Kode Angkatan", "run.unknown")
    open_ = run.status in ("open", "full")
    return None if open_ or enrolled else error("Kode Angkatan", "run.closed")


def _requirement_errors(window: tuple[str, str], unmet: Unmet) -> tuple[Problem, ...]:
    """run.not_open_yet or run.enrolment_over; requirement.missing, audience.outside."""
    code, moment = window
    found = [error("Kode Angkatan", code, allowed=moment)] if code else []
    return (*found, *(error("NIP", rule, allowed=asked) for rule, asked in unmet))


def _own_run_error(run_code: str | None, own: RunFact | None) -> Problem | None:
    """A closed run has results, a cancelled one has none."""
    if run_code and own is None:
        return error("Kode Angkatan", "run.unknown")
    return error("Kode Angkatan", "run.cancelled") if own and own.status == "cancelled" else None


def _date_error(claim: ResultClaim, run: RunFact | None) -> Problem | None:
    if claim.completed_on is None or run is None or claim.completed_on >= run.start:
        return None
    return error("Tanggal Selesai", "date.before_start", allowed=run.start.isoformat())


def _jp_error(claim: ResultClaim, run: RunFact | None) -> Problem | None:
    """JP 1..programme's for a pass, 0..programme's otherwise; without a run no upper limit."""
    if claim.jp is None:
        return None
    least = 1 if claim.result == "passed" else 0
    most = run.programme_jp if run else claim.jp
    if least <= claim.jp <= most:
        return None
    return error("JP", "number.range", allowed=f"{least}–{most}" if run else f"mulai {least}")


def _difference(claim: ResultClaim, existing: ExistingResult | None) -> tuple[Problem, ...]:
    """A result other than the recorded one needs a correction; only sensible when all cells are right."""
    incomplete = None in (claim.result, claim.completed_on, claim.jp)
    if existing is None or incomplete or existing.says(claim):
        return ()
    return (error("NIP", "duplicate.existing"),)
