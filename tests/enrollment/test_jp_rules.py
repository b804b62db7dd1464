"""The years in which JP count."""

from datetime import date

import pytest

from enrollment.entitlement.domain import JpYear, rule_for, year_of


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
