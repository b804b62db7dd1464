"""An assignment and its form in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from bina.messaging import clock
from bina.web.formats import day, days_until
from bina.web.language import counted, current
from bina.web.language import gettext as _
from evaluation.instruments.shipped import Instrument, Question, Words, load_instruments

from .store import Assignment, Form

NEAR_DAYS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it is shown, with what was given and what is wrong with it."""

    id: str
    text: str
    kind: str
    required: bool
    options: Sequence[tuple[str, str]] = ()
    value: str = ""
    error: str = ""

    @property
    def shown(self) -> str:
        """The answer in words; a dash where none was given."""
        return dict(self.options).get(self.value, self.value) or "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of tasks: a single task, or all alumni of one run under one form."""

    title: str
    href: str
    meta: str
    deadline: str
    near: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """What a respondent wants to know before beginning."""

    title: str
    introduction: str
    about: str
    minutes: int
    deadline: datetime
    left: str
    questions: int
    rows: Sequence[tuple[str, str]] = field(default=())


def say(words: Words) -> str:
    """A form's text in the reader's language."""
    return words.en if current() == "en" else words.id


def titles() -> dict[str, str]:
    """What each form is called, by its code."""
    return {code: say(instrument.title) for code, instrument in load_instruments().items()}


def asked(form: Form, given: Mapping[str, Any], errors: Mapping[str, str] | None = None) -> list[Asked]:
    """The form's questions in order."""
    return [_asked(form.instrument, q, given, (errors or {}).get(q.id, "")) for q in form.questions]


def _asked(instrument: Instrument, question: Question, given: Mapping[str, Any], error: str) -> Asked:
    options = [(choice.code, say(choice.text)) for choice in question.choices]
    if question.kind == "scale4":
        options = [(str(n), say(w)) for n, w in enumerate(instrument.scales[question.scale], 1)]
    value = str(given.get(question.id, "") or "")
    return Asked(question.id, say(question.text), question.kind, question.required, options, value, error)


def brief(form: Form) -> Brief:
    """The facts of an assignment."""
    assignment = form.assignment
    return Brief(
        title=say(form.instrument.title),
        introduction=say(form.instrument.introduction),
        about=about(assignment),
        minutes=form.instrument.minutes,
        deadline=datetime.combine(assignment.closes_on, time(23, 59), clock.ZONE),
        left=days_until(assignment.closes_on, clock.today()),
        questions=len(form.questions),
    )


def about(assignment: Assignment) -> str:
    """Whose training it is about: the respondent's own, or an alumnus."""
    if assignment.role == "alumnus":
        return _("Pelatihan Anda sendiri")
    return ", ".join(part for part in (assignment.about_name, assignment.about_position) if part)


def rows_of(assignments: Sequence[Assignment], today: date) -> list[Row]:
    """A person's open tasks; several alumni of one run under one form make one line."""
    groups: dict[tuple[UUID, str], list[Assignment]] = {}
    for assignment in assignments:
        groups.setdefault((assignment.run_id, assignment.instrument_code), []).append(assignment)
    return [_row(group, today) for group in groups.values()]


def row_of(assignment: Assignment, today: date) -> Row:
    """One alumnus's line inside a group."""
    row = _row([assignment], today)
    return Row(
        assignment.about_name or row.title, row.href, assignment.about_position, row.deadline, row.near
    )


def _row(group: Sequence[Assignment], today: date) -> Row:
    first = group[0]
    instrument = load_instruments()[first.instrument_code]
    href = f"/evaluation/tugas/{first.task_id}"
    whom = "" if first.role == "alumnus" else first.about_name
    if len(group) > 1:
        href = f"/evaluation/tugas?angkatan={first.run_id}&formulir={first.instrument_code}"
        whom = counted("%(n)s alumni", len(group)) % {"n": len(group)}
    time = instrument.minutes * len(group)
    minutes = counted("sekitar %(n)s menit", time) % {"n": time}
    meta = " · ".join(part for part in (first.programme_name, whom, minutes) if part)
    return Row(say(instrument.title), href, meta, _deadline(first, today), _near(first, today))


def _deadline(assignment: Assignment, today: date) -> str:
    return f"{day(assignment.closes_on)} ({days_until(assignment.closes_on, today)})"


def _near(assignment: Assignment, today: date) -> bool:
    return (assignment.closes_on - today).days <= NEAR_DAYS
