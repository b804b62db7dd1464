"""Rules without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from assessment.standards.reference import load_standards
from notification.deliveries.domain import LONGEST_PAUSE, Outcome, outcome_of, pause_after
from notification.deliveries.view import name_of_kind
from notification.notices.domain import KINDS, reminder_time
from notification.notices.domain.notice import end_of
from notification.notices.domain.reference import competency_name, entitlement_on
from notification.notices.templates import load_templates


def test_every_kind_has_words_and_every_word_a_kind():
    assert set(KINDS) == set(load_templates().notices)
    assert all(name_of_kind(kind) != kind for kind in KINDS)


def test_competencies_are_called_as_in_the_reference_dictionary():
    for competency in load_standards().competencies.values():
        assert competency_name(competency.code, "id") == competency.name_id
        assert competency_name(competency.code, "en") == competency.name_en
    assert competency_name("X9", "id") == "X9"


def test_a_rule_holds_from_its_day_on():
    assert entitlement_on("PNS", date(2017, 4, 6)) is None
    assert (entitlement_on("PNS", date(2026, 1, 1)).jp, entitlement_on("PPPK", date(2026, 1, 1)).jp) == (
        20,
        24,
    )
    assert entitlement_on("Honorer", date(2026, 1, 1)) is None


def test_a_reminder_comes_on_the_third_morning_before_the_last_day():
    eight_in_jakarta = datetime(2026, 12, 1, 1, tzinfo=UTC)
    assert reminder_time(eight_in_jakarta - timedelta(seconds=1), date(2026, 12, 4)) == eight_in_jakarta
    assert reminder_time(eight_in_jakarta, date(2026, 12, 4)) is None


def test_a_day_ends_at_midnight_in_jakarta():
    assert end_of(date(2026, 12, 4)) == datetime(2026, 12, 4, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (421, Outcome.UNTRIED),
        (450, Outcome.RETRY),
        (452, Outcome.RETRY),
        (550, Outcome.FAILED),
        (554, Outcome.FAILED),
        (999, Outcome.RETRY),
    ],
)
def test_replies_mean_what_rfc_5321_says(reply: int, outcome: Outcome):
    assert outcome_of(reply) is outcome


def test_pauses_double_with_jitter_up_to_two_hours():
    first = timedelta(minutes=1)
    assert [pause_after(n, first, 0.5) for n in (1, 2, 3)] == [first, 2 * first, 4 * first]
    assert pause_after(1, first, 0.0) == first / 2
    assert pause_after(50, first, 0.5) == LONGEST_PAUSE
