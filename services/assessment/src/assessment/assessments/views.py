"""What pages and the machine interface show of tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from assessment.assessments import domain
from assessment.assessments.bank import Item
from assessment.assessments.domain import Standing
from assessment.assessments.rules import rules_on
from assessment.assessments.store import Assessment
from assessment.profiles.domain import Result
from bina.messaging.clock import ZONE
from bina.web.language import gettext as _


@dataclass(frozen=True, slots=True)
class Card:
    """A test in a list."""

    test: Assessment
    standing: Standing
    due: date
    minutes: int

    @property
    def takeable(self) -> bool:
        """Whether answers still count."""
        return self.standing in {"open", "late"}

    @property
    def deadline(self) -> datetime:
        """The last minute of the last day, in the field's own zone."""
        return datetime.combine(self.due, time(23, 59), ZONE)

    @property
    def name(self) -> str:
        """What kind of test it is."""
        if self.test.kind == "pre":
            return _("Pre-test")
        return _("Post-test") if self.test.attempt < domain.LAST_ATTEMPT else _("Post-test ulang")

    @property
    def href(self) -> str:
        """Its page."""
        page = f"/assessment/tes/{self.test.assessment_id}"
        return f"{page}/hasil" if self.standing == "scored" else page


@dataclass(frozen=True, slots=True)
class Question:
    """A question as this test shows it: options as (letter, words)."""

    item: Item
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A scored test beside the other tests of the same enrolment."""

    card: Card
    results: tuple[Result, ...]
    before: Assessment | None
    repeat: Card | None
    pass_score: float | None

    @property
    def gain(self) -> float | None:
        """N-gain over the pre-test, unrounded; None without one, or when it was full marks."""
        if self.before is None or self.before.score is None or self.card.test.score is None:
            return None
        return domain.normalised_gain(self.before.score, self.card.test.score)

    @property
    def gain_words(self) -> str:
        """The band of the gain in words."""
        if self.gain is None:
            return ""
        words = {"high": _("tinggi"), "medium": _("sedang"), "low": _("rendah")}
        return words[rules_on(self.card.test.opened_on).gain_band(self.gain)]

    @property
    def strong(self) -> list[Result]:
        """Competencies shown at the full level that the run develops."""
        return [r for r in self.results if r.level >= r.ceiling]

    @property
    def weak(self) -> list[Result]:
        """The others, weakest first."""
        return sorted((r for r in self.results if r.level < r.ceiling), key=lambda r: (r.score, r.code))


def card(test: Assessment, today: date) -> Card:
    """A test as it stands on a day."""
    rules = rules_on(test.opened_on)
    due = domain.due_on(test.kind, test.opened_on, test.starts_on, test.ends_on, rules)
    standing = domain.standing_of(test.kind, test.state, due, today)
    return Card(test, standing, due, rules.minutes(len(test.items)) if test.items else 0)


def questions(test: Assessment) -> list[Question]:
    """The questions of a test in its own order."""
    items = domain.questions_of(test.assessment_id, test.items)
    return [
        Question(item, tuple((k, words) for k, _n, words in domain.options_of(test.assessment_id, item)))
        for item in items
    ]


def outcome(
    test: Assessment,
    siblings: Iterable[Assessment],
    results: Iterable[Result],
    pass_score: float | None,
    today: date,
) -> Outcome:
    """A scored test with its pre-test (taken the same way) and the repetition that is open, if any."""
    others = [s for s in siblings if s.assessment_id != test.assessment_id]
    pre = [s for s in others if s.kind == "pre" and s.source == test.source and s.state == "scored"]
    again = [c for s in others if test.passed is False and (c := card(s, today)).takeable]
    return Outcome(
        card(test, today),
        tuple(results),
        pre[0] if pre and test.kind == "post" else None,
        again[0] if again else None,
        pass_score if test.kind == "post" else None,
    )


def unanswered(asked: Iterable[Question], letters: Mapping[str, str]) -> dict[str, str]:
    """Sentences for the questions that lack a valid answer, by item id."""
    return {
        q.item.id: _("Soal %(n)s: pilih satu jawaban.") % {"n": n}
        for n, q in enumerate(asked, 1)
        if letters.get(q.item.id) not in {letter for letter, _words in q.options}
    }


def receipt(assessment_id: UUID) -> str:
    """The number under which a person can ask about a submission."""
    return f"AS-{assessment_id.hex[:8].upper()}"
