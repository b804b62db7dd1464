"""Rules of tests: selection, order, scoring, due days, gain."""

from datetime import date
from uuid import UUID

import pytest

from assessment.assessments import domain
from assessment.assessments.bank import Item, load_bank
from assessment.assessments.rules import VERSIONS, rules_on
from assessment.register.domain import Target

RULES = rules_on(date(2026, 11, 20))
ONE, OTHER = UUID(int=1), UUID(int=2)
TARGETS = (Target("M1", 2), Target("M5", 2))
PRE = domain.select_items(TARGETS, "pre", 10)


def items_of(codes: str) -> list[Item]:
    """Questions of the given competencies, e.g. "M1 M1 M5"."""
    taken: list[Item] = []
    for code in codes.split():
        taken.append(next(i for i in load_bank().items if i.competency == code and i not in taken))
    return taken


def test_ten_questions_are_shared_fairly() -> None:
    assert [i.split("-", maxsplit=1)[0] for i in PRE] == ["M1", "M5"] * 5


def test_a_run_without_known_competencies_has_no_questions() -> None:
    assert domain.select_items((Target("X9", 2),), "pre", 10) == ()


def test_each_test_has_its_own_order_and_keeps_it() -> None:
    first, again, other = (domain.questions_of(who, PRE) for who in (ONE, ONE, OTHER))
    assert first == again
    assert first != other
    assert sorted(i.id for i in other) == sorted(PRE)


def test_letters_lead_back_to_the_options_of_the_bank() -> None:
    items = domain.questions_of(ONE, PRE)
    letters = {i.id: next(k for k, n, _ in domain.options_of(ONE, i) if n == i.answer) for i in items}
    assert domain.chosen_of(ONE, items, letters) == {i.id: i.answer for i in items}
    assert len(set(letters.values())) > 1
    assert domain.chosen_of(ONE, items, {items[0].id: "Z", "nonsense": "A"}) == {}


def test_unanswered_counts_as_wrong_and_scores_stay_unrounded() -> None:
    items = items_of("M1 M1 M1 M5 M5 M5")
    scoring = domain.score(items, {i.id: i.answer for i in items[:2]}, TARGETS, RULES)
    assert scoring.score == pytest.approx(100 * 2 / 6)
    assert [(r.code, r.level, r.ceiling) for r in scoring.competencies] == [("M1", 1, 2), ("M5", 0, 2)]
    assert scoring.competencies[0].score == 100 * 2 / 3


@pytest.mark.parametrize(("score", "level"), [(100, 3), (70, 3), (69.99, 2), (40, 2), (39.99, 1), (0, 1)])
def test_a_percentage_indicates_a_level_at_most_the_probed_one(score: float, level: int) -> None:
    assert RULES.level(score, probed=3) == level


def test_no_level_is_below_zero() -> None:
    assert RULES.level(0, probed=1) == 0


@pytest.mark.parametrize(
    ("kind", "score", "required", "passed"),
    [("post", 70, 70, True), ("post", 69.99, 70, False), ("post", 10, None, None), ("pre", 90, 70, None)],
)
def test_only_a_post_test_of_a_run_that_requires_it_is_passed_or_failed(
    kind, score, required, passed
) -> None:
    assert domain.passed(kind, score, required) is passed


@pytest.mark.parametrize(
    ("pre", "post", "gain", "band"),
    [(40, 82, 0.7, "high"), (40, 58, 0.3, "medium"), (50, 60, 0.2, "low"), (60, 50, -0.25, "low")],
)
def test_n_gain_is_the_share_of_the_possible_gain(pre: float, post: float, gain: float, band: str) -> None:
    found = domain.normalised_gain(pre, post)
    assert found == pytest.approx(gain)
    assert found is not None
    assert RULES.gain_band(found) == band


def test_n_gain_is_undefined_when_nothing_is_left_to_gain() -> None:
    assert domain.normalised_gain(100, 100) is None


def test_a_missed_pre_test_is_over_but_a_late_post_test_is_not() -> None:
    due, later = date(2026, 12, 1), date(2026, 12, 2)
    assert domain.standing_of("pre", "open", due, due) == "open"
    assert domain.standing_of("pre", "open", due, later) == "missed"
    assert domain.standing_of("post", "open", due, later) == "late"
    assert domain.standing_of("post", "scored", due, later) == "scored"


def test_rules_are_dated_and_say_where_they_come_from() -> None:
    assert all(version.note for version in VERSIONS)
    assert rules_on(date(2020, 1, 1)) is VERSIONS[0]
