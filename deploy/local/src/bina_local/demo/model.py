"""What the demo world is made of: people, trainings, and the dated steps of its history."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

Role = Literal["asn", "operator", "evaluator", "head", "bkd", "platform"]
Outcome = Literal["passed", "failed", "withdrawn"]
Answer = int | float | str


@dataclass(frozen=True, slots=True)
class Agency:
    """An instansi; `reports_for` are the employers whose people it may report results of."""

    code: str
    name: str
    reports_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A node of an agency's tree (OPD and below); names are unique within an agency."""

    id: UUID
    agency: str
    name: str
    parent: UUID | None
    remote: bool


@dataclass(frozen=True, slots=True)
class Person:
    """An ASN; `supervisor` is a NIP, `roles` beyond `asn` are appointments."""

    id: UUID
    nip: str
    name: str
    agency: str
    unit_id: UUID
    unit: str
    position: str
    position_type: str
    job_level: str
    grade: str
    sex: Literal["L", "P"]
    email: str
    phone: str
    supervisor: str | None
    status: Literal["PNS", "PPPK"]
    started_on: date
    roles: tuple[Role, ...] = ("asn",)


@dataclass(frozen=True, slots=True)
class Programme:
    """A catalogue entry; `job_levels` and `positions` it is meant for, empty: all."""

    code: str
    name: str
    kind_id: int
    kind: str
    jp: int
    competencies: tuple[str, ...]
    level: int
    quota: int
    mode: str
    job_levels: tuple[str, ...]
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One delivery of a programme; `status` as it stands at the world's as_of.

    `tested_in_bina`: pre- and post-test are taken here, otherwise the organiser reports results.
    """

    code: str
    programme: str
    agency: str
    open_to: tuple[str, ...]
    starts_on: date
    ends_on: date
    announced_on: date
    quota: int
    location: str
    status: Literal["open", "full", "closed", "cancelled"]
    pass_score: float | None = None
    tested_in_bina: bool = False
    cancelled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """An agency asks for a seat for one of its people."""

    nip: str
    run: str
    agency: str
    on: date


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An agency takes one of its people out of a run before it starts."""

    nip: str
    run: str
    agency: str
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """The organiser confirms the attendance that the run requires."""

    nip: str
    run: str
    on: date


@dataclass(frozen=True, slots=True)
class Test:
    """A test taken in Bina; `score` 0-100 in steps of 10 (ten questions)."""

    nip: str
    run: str
    kind: Literal["pre", "post"]
    score: int
    on: date


@dataclass(frozen=True, slots=True)
class Result:
    """The organiser reports one participant's result (kelulusan)."""

    nip: str
    run: str
    outcome: Outcome
    completed_on: date
    jp: int
    pre: float | None
    post: float | None
    certificate: str
    on: date


@dataclass(frozen=True, slots=True)
class Response:
    """A form filled in: answers by question id (1-4, a choice's code, a number, text)."""

    respondent: str
    about: str
    run: str
    instrument: str
    on: date
    answers: dict[str, Answer]


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """What happened on one business day; play the fields in the order they stand."""

    date: date
    announcements: tuple[Run, ...] = ()
    cancellations: tuple[Run, ...] = ()
    requests: tuple[Request, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    tests: tuple[Test, ...] = ()
    results: tuple[Result, ...] = ()
    responses: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A person to sign in as, and what they show."""

    label: str
    nip: str
    role: Literal["asn", "supervisor", "evaluator", "operator", "head", "platform"]
    shows: str


@dataclass(frozen=True, slots=True)
class World:
    """The whole demo world as of one day; equal for equal seeds."""

    as_of: date
    timezone: str
    agencies: tuple[Agency, ...]
    units: tuple[Unit, ...]
    people: tuple[Person, ...]
    programmes: tuple[Programme, ...]
    runs: tuple[Run, ...]
    steps: tuple[HistoryStep, ...]
    accounts: tuple[DemoAccount, ...]
    by_nip: dict[str, Person] = field(compare=False, repr=False)
