"""Which tasks an enrolment leads to, for whom and in which window."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Literal, NamedTuple
from uuid import UUID

from bina.events.evaluation import EvaluationTaskClosed, EvaluationTaskOpened
from bina.messaging import named_in
from evaluation.instruments.shipped import Instrument, load_instruments

_named = named_in(UUID("6f0f6a52-6c0f-5f0a-9c5c-1f1f3f3c7a10"))
Role = Literal["alumnus", "supervisor", "peer", "evaluator"]
Reason = Literal["answered", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What tasks follow from: an acceptance or a completion, with whoever could be asked about it.

    `on` is the day its windows are counted from, `told_on` the day it became known. `supervisor_id` and
    `evaluator_id` are null where nobody is known or appointed. `void`: the run was cancelled or the person erased,
    so nothing may stay open.
    """

    enrollment_id: UUID
    run_id: UUID
    asn_id: UUID
    agency_code: str
    on: date
    told_on: date
    supervisor_id: UUID | None = None
    evaluator_id: UUID | None = None
    void: bool = False


class Task(NamedTuple):
    """One respondent's task. States:

    planned: its window has not begun · unassigned: it has, and nobody is known to ask · open · answered ·
    expired: asked, no answer in time · lapsed: nobody was ever asked · withdrawn: its reason fell away, or became
    known only after its window.
    `opened`: its opening was told. `baseline`: asked before the training, for comparison.
    """

    task_id: UUID
    enrollment_id: UUID
    run_id: UUID
    about_id: UUID
    agency_code: str
    instrument_code: str
    instrument_version: int
    level: Literal["L1", "L2", "L3", "L4"]
    method: Literal["survey", "interview", "observation"]
    role: Role
    baseline: bool
    attempt: int
    respondent_id: UUID | None
    opens_on: date
    closes_on: date
    state: str
    opened: bool

    def told_open(self, notify_after: datetime | None = None) -> EvaluationTaskOpened:
        """The fact that its respondent can answer from now on; only for an assigned task."""
        assert self.respondent_id is not None
        instrument = load_instruments()[self.instrument_code]
        return EvaluationTaskOpened(
            task_id=self.task_id,
            respondent_id=self.respondent_id,
            run_id=self.run_id,
            about_id=self.about_id,
            enrollment_id=self.enrollment_id,
            instrument_code=self.instrument_code,
            instrument_version=self.instrument_version,
            title=instrument.title.id,
            level=self.level,
            method=self.method,
            role=self.role,
            opens_on=self.opens_on,
            closes_on=self.closes_on,
            minutes=instrument.minutes,
            notify_after=notify_after,
        )

    def told_closed(self, reason: Reason) -> EvaluationTaskClosed:
        """The fact that it takes no answers any more; only for a task whose opening was told."""
        assert self.respondent_id is not None
        return EvaluationTaskClosed(task_id=self.task_id, respondent_id=self.respondent_id, reason=reason)


def task_id(enrollment_id: UUID, instrument: str, role: str, attempt: int = 1) -> UUID:
    """Deterministic, so that redelivery and any order of topics lead to the same row."""
    again = f"/{attempt}" if attempt > 1 else ""
    return _named(f"{enrollment_id}/{instrument}/{role}{again}")


def plan_after_completion(
    occasion: Occasion, attempts: dict[tuple[str, str], int] | None = None
) -> list[Task]:
    """The tasks a completion leads to; the alumnus's own are open at once where their window had begun when told.

    A supervisor's or evaluator's task opens by due work only: who that is may still change until its window begins.
    Whatever window was over when the completion was told is asked of nobody: there is nothing left to answer.
    `attempts` numbers the tasks anew, per (instrument, role), whose earlier one was told and taken back.
    """
    pairs = _asked("completion")
    return [_task(i, role, occasion, attempt=(attempts or {}).get((i.code, role), 1)) for i, role in pairs]


def plan_after_acceptance(occasion: Occasion, announced_start: date) -> list[Task]:
    """The baseline questions; none for those accepted when the training had begun: it would be no baseline.

    The window ends when the training was first announced to begin, if that is earlier.
    """
    if occasion.on > announced_start:
        return []
    return [
        _task(i, role, occasion, latest=announced_start)
        for i, role in _asked("acceptance")
        if i.window.opens_on(occasion.on) <= announced_start
    ]


@cache
def _asked(fact: str) -> tuple[tuple[Instrument, Role], ...]:
    """Instruments and roles in a stable order. One observation per alumnus: by the supervisor, who sees the work."""
    found = sorted(load_instruments().values(), key=lambda i: i.code)
    return tuple((i, role) for i in found if i.window.starts_from == fact for role in _roles(i))


def _roles(instrument: Instrument) -> Sequence[Role]:
    if instrument.method == "observation" and "supervisor" in instrument.respondents:
        return ("supervisor",)
    return instrument.respondents


def _task(
    instrument: Instrument,
    role: Role,
    occasion: Occasion,
    *,
    attempt: int = 1,
    latest: date | None = None,
) -> Task:
    opens_on, closes_on = _days(instrument.code, occasion.on)
    late = closes_on < occasion.told_on
    now = role == "alumnus" and opens_on <= occasion.told_on and not late
    void = occasion.void or late
    asked = now or not void
    return Task(
        task_id=task_id(occasion.enrollment_id, instrument.code, role, attempt),
        enrollment_id=occasion.enrollment_id,
        run_id=occasion.run_id,
        about_id=occasion.asn_id,
        agency_code=occasion.agency_code,
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        level=instrument.level,
        method=instrument.method,
        role=role,
        baseline=instrument.window.starts_from == "acceptance",
        attempt=attempt,
        respondent_id=_respondent(role, occasion) if asked else None,
        opens_on=opens_on,
        closes_on=min(closes_on, latest) if latest else closes_on,
        state="withdrawn" if void else "open" if now else "planned",
        opened=now,
    )


@lru_cache(maxsize=4096)
def _days(code: str, fact: date) -> tuple[date, date]:
    """First and last day of an instrument's window; thousands of tasks of a batch share a few of them."""
    window = load_instruments()[code].window
    return window.opens_on(fact), window.closes_on(fact)


def _respondent(role: Role, occasion: Occasion) -> UUID | None:
    if role == "supervisor":
        return occasion.supervisor_id
    return occasion.evaluator_id if role == "evaluator" else occasion.asn_id


def told(
    tasks: Iterable[Task], notify_after: datetime | None = None
) -> list[EvaluationTaskOpened | EvaluationTaskClosed]:
    """What new tasks tell: that they opened, and, of a void occasion, that they were withdrawn.

    Both are told whatever came first, the occasion or what made it void: neighbours see one history. `notify_after`: of
    their occasion.
    """
    facts: list[EvaluationTaskOpened | EvaluationTaskClosed] = []
    for task in tasks:
        if task.opened:
            facts.append(task.told_open(notify_after))
            if task.state == "withdrawn":
                facts.append(task.told_closed("withdrawn"))
    return facts


def appoint(pool: Sequence[UUID], alumnus_id: UUID, nip: str) -> UUID | None:
    """One of the appointed evaluators: by turns of the alumnus's NIP, never the alumnus; null where none is left."""
    if not pool:
        return None
    turn = int(nip or "0") % len(pool)
    chosen = (*pool[turn:], *pool[:turn])
    return next((evaluator for evaluator in chosen if evaluator != alumnus_id), None)
