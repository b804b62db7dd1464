"""The years in which JP count."""

from datetime import date
from uuid import uuid4

import pytest

from enrollment.entitlement.domain import Entry, JpYear, rule_for, running, year_of


@pytest.mark.parametrize(
    ("started_on", "day", "first", "last"),
    [
        (date(2024, 3, 1), date(2026, 11, 20), date(2026, 3, 1), date(2027, 2, 28)),
        (date(2024, 3, 1), date(2026, 2, 28), date(2025, 3, 1), date(2026, 2, 28)),
        (date(2024, 3, 1), date(2026, 3, 1), date(2026, 3, 1), date(2027, 2, 28)),
        (date(2024, 2, 29), date(2026, 2, 28), date(2025, 3, 1), date(2026, 2, 28)),
        (date(2024, 2, 29), date(2028, 2, 29), date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_a_pppk_counts_by_contract_year(started_on, day, first, last):
    assert year_of("PPPK", started_on, day) == JpYear(first, last)


def test_a_pns_counts_by_calendar_year():
    assert year_of("PNS", date(2010, 3, 1), date(2026, 11, 20)) == JpYear(
        date(2026, 1, 1), date(2026, 12, 31)
    )


def test_an_unrecorded_contract_counts_by_calendar_year():
    assert year_of("PPPK", None, date(2026, 11, 20)).first == date(2026, 1, 1)


@pytest.mark.parametrize(("employment", "kind", "jp"), [("PNS", "floor", 20), ("PPPK", "ceiling", 24)])
def test_floor_and_ceiling_are_cited(employment, kind, jp):
    rule = rule_for(employment, date(2026, 11, 20))
    assert (rule.kind, rule.jp) == (kind, jp)
    assert rule.source.startswith("PP ")


def test_a_sum_counts_later_lines_as_they_were_before():
    year, next_year = (JpYear(date(y, 1, 1), date(y, 12, 31)) for y in (2026, 2027))
    person, run = uuid4(), uuid4()
    first, moved, new = (
        Entry(uuid4(), person, run, jp, day)
        for jp, day in ((10, date(2026, 5, 1)), (20, date(2027, 1, 5)), (30, date(2026, 6, 1)))
    )
    years = {first.enrollment_id: year, moved.enrollment_id: next_year, new.enrollment_id: year}
    sums = {first.enrollment_id: 45, moved.enrollment_id: 20, new.enrollment_id: 45}  # 5 were there before
    old = {moved.enrollment_id: (8, date(2026, 12, 30))}
    found = running([first, moved, new], old, years, sums)
    assert [found[one.enrollment_id] for one in (first, moved, new)] == [45 - 30 + 8, 20, 45]
