"""Rules of tests: which questions, who may take them when, what the answers show."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Literal
from uuid import UUID

from assessment.assessments.bank import Item, TestSet, load_bank
from assessment.assessments.rules import ScoringRules
from assessment.register.domain import Target
from bina.messaging import named_in

Kind = Literal["pre", "post"]
Standing = Literal["open", "late", "missed", "scored", "closed"]

_named = named_in(UUID("6f1c2f0e-52a4-5f5e-9a57-3f0f6e1d9c11"))
LAST_ATTEMPT = 2
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class CompetencyResult:
    """What a test showed of one competency: percent right, indicative level, the highest it could show."""

    code: str
    score: float
    level: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """Percent right of the whole test (unrounded), and per competency."""

    score: float
    competencies: tuple[CompetencyResult, ...]


def own_id(enrollment_id: UUID, kind: Kind, attempt: int = 1) -> UUID:
    """Identity of a test, the same however often and in whatever order the facts come."""
    return _named(f"{enrollment_id}/{kind}/{attempt}")


def reported_id(enrollment_id: UUID, kind: Kind, revision: int = 1) -> UUID:
    """Identity of a score that the organiser reported; a corrected one is another."""
    return _named(f"{enrollment_id}/{kind}/organiser/{revision}")


@lru_cache(maxsize=4096)
def select_items(targets: tuple[Target, ...], kind: Kind, length: int) -> tuple[str, ...]:
    """Ids of the questions, shared fairly by the competencies; pre- and post-test are parallel (sets A and B)."""
    test_set: TestSet = "A" if kind == "pre" else "B"
    columns = [load_bank().form([t.code], t.level, test_set, length) for t in targets]
    rounds = chain.from_iterable(zip_longest(*columns))
    return tuple(item.id for item in rounds if item is not None)[:length]


def questions_of(assessment_id: UUID, item_ids: Iterable[str]) -> list[Item]:
    """The questions in the order in which this test shows them: neighbours in a room see another one."""
    known = {item.id: item for item in load_bank().items}
    return [known[item_id] for item_id in sorted(item_ids, key=lambda i: _draw(assessment_id, i))]


def options_of(assessment_id: UUID, item: Item) -> list[tuple[str, int, str]]:
    """Options in the order in which this test shows them: (letter, index in the bank, words)."""
    order = sorted(range(len(item.options)), key=lambda n: _draw(assessment_id, f"{item.id}/{n}"))
    return [(LETTERS[place], n, item.options[n]) for place, n in enumerate(order)]


def chosen_of(assessment_id: UUID, items: Iterable[Item], letters: Mapping[str, str]) -> dict[str, int]:
    """Answers as indices in the bank, from letters as shown; unknown letters and unanswered items are left out."""
    chosen: dict[str, int] = {}
    for item in items:
        places = {letter: n for letter, n, _ in options_of(assessment_id, item)}
        if (letter := letters.get(item.id, "")) in places:
            chosen[item.id] = places[letter]
    return chosen


def due_on(kind: Kind, opened_on: date, starts_on: date, ends_on: date, rules: ScoringRules) -> date:
    """Last day of a test: a pre-test's is the run's first day, a post-test's some days after it could be taken."""
    if kind == "pre":
        return max(starts_on, opened_on)
    return max(opened_on, ends_on) + timedelta(days=rules.post_days)


def standing_of(kind: Kind, state: str, due: date, today: date) -> Standing:
    """Where a test stands: a pre-test after its day shows nothing any more, a late post-test still does."""
    if state != "open":
        return "scored" if state == "scored" else "closed"
    if today <= due:
        return "open"
    return "missed" if kind == "pre" else "late"


def score(
    items: Sequence[Item], chosen: Mapping[str, int], targets: Iterable[Target], rules: ScoringRules
) -> Scoring:
    """Percent right in all and per competency; unanswered counts as wrong. `items` must not be empty."""
    probed = {t.code: t.level for t in targets}
    by_code: dict[str, list[bool]] = {}
    for item in items:
        by_code.setdefault(item.competency, []).append(chosen.get(item.id) == item.answer)
    results = [_result(code, right, probed.get(code, 1), rules) for code, right in sorted(by_code.items())]
    everything = list(chain.from_iterable(by_code.values()))
    return Scoring(_percent(everything), tuple(results))


def passed(kind: Kind, points: float, pass_score: float | None) -> bool | None:
    """Whether a post-test reached what its run requires; None for a pre-test or where nothing is required."""
    return None if kind == "pre" or pass_score is None else points >= pass_score


def may_retake(kind: Kind, attempt: int, *, passed: bool | None) -> bool:
    """One more attempt after a failed post-test."""
    return kind == "post" and passed is False and attempt < LAST_ATTEMPT


def normalised_gain(pre: float, post: float) -> float | None:
    """Share of the possible gain that was made (N-gain), unrounded; None when nothing was left to gain."""
    return None if pre >= 100 else (post - pre) / (100 - pre)


def _result(code: str, right: Sequence[bool], probed: int, rules: ScoringRules) -> CompetencyResult:
    points = _percent(right)
    return CompetencyResult(code, points, rules.level(points, probed), probed)


def _percent(right: Sequence[bool]) -> float:
    return 100 * sum(right) / len(right)


def _draw(assessment_id: UUID, what: str) -> bytes:
    return hashlib.sha256(f"{assessment_id}/{what}".encode()).digest()
