"""From results to a profile."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from assessment.profiles.domain import Entry, Result, match_of, profile_of, source_of

FIRST = date(2026, 3, 2)


def result(level: int, *, ceiling: int = 3, days: int = 0, code: str = "M1", sequence: int = 1) -> Result:
    return Result(
        UUID(int=days), code, 50.0, level, ceiling, FIRST + timedelta(days=days), sequence, "Post-test"
    )


def entry(code: str, level: int, standard: int | None) -> Entry:
    return Entry(code, level, standard, "Post-test", FIRST)


def level_of(*results: Result) -> int:
    [found] = profile_of(results, {})
    return found.level


def test_the_newest_result_counts_in_whatever_order_they_come() -> None:
    older, newer = result(3), result(1, days=30)
    assert level_of(older, newer) == level_of(newer, older) == 1


def test_the_post_test_of_the_same_day_is_newer_than_the_pre_test() -> None:
    assert level_of(result(2, sequence=1), result(0, sequence=0)) == 2


def test_a_test_passed_up_to_its_ceiling_does_not_lower_a_higher_level() -> None:
    assert level_of(result(3), result(1, ceiling=1, days=30)) == 3
    assert level_of(result(3), result(0, ceiling=1, days=30)) == 0


def test_gaps_are_listed_only_where_the_job_requires_something() -> None:
    entries = profile_of([result(1), result(1, code="M5"), result(4, code="S1")], {"M1": 3, "S1": 2, "T1": 2})
    assert [(e.code, e.level, e.standard, e.gap) for e in entries] == [
        ("M1", 1, 3, 2),
        ("M5", 1, None, 0),
        ("S1", 4, 2, 0),
    ]
    assert all(e.indicative and e.valid_until is None for e in entries)


def test_jpm_compares_sums_and_caps_only_the_total() -> None:
    match = match_of(
        [entry("M1", 4, 2), entry("M2", 1, 2), entry("T9", 5, None)], {"M1": 2, "M2": 2, "M3": 2}
    )
    assert match is not None
    assert (match.raw, match.percent, match.assessed, match.required) == (125.0, 100.0, 2, 3)


def test_jpm_stays_unrounded() -> None:
    match = match_of([entry("M1", 2, 3)], {"M1": 3})
    assert match is not None
    assert match.percent == pytest.approx(200 / 3)


def test_no_jpm_without_a_standard() -> None:
    assert match_of([entry("M1", 2, None)], {}) is None


def test_a_source_says_that_it_is_indicative() -> None:
    assert source_of("post", "PKA-2026-01") == "Post-test PKA-2026-01, indikatif"
