"""The years in which JP count, and the ledger: whatever is corrected, its sums are what holds now."""

from datetime import date, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.entitlement.domain import (
    LESSON,
    Entry,
    JpYear,
    Statement,
    entries_of,
    jp_in,
    rule_for,
    running,
    year_of,
)


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


@given(
    st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    st.dates(date(2000, 1, 1), date(2032, 12, 31)),
    st.none() | st.integers(0, 3000),
)
def test_contract_years_lie_end_to_end_within_the_contract(started_on, day, length):
    ends_on = None if length is None else started_on + timedelta(days=length)
    year = year_of("PPPK", started_on, day, ends_on)
    assert day in year
    assert year.of_contract is (started_on <= day and (ends_on is None or day <= ends_on))
    if not year.of_contract:
        assert (year.first, year.last) == (date(day.year, 1, 1), date(day.year, 12, 31))
        return
    assert 0 <= (year.last - year.first).days < 366
    following = year.last + timedelta(days=1)
    after = year_of("PPPK", started_on, following, ends_on)
    assert after.first == following or year.last == ends_on


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


SPACE = UUID("0c0ffee0-0000-4000-8000-000000000000")
YEARS = [JpYear(date(y, 1, 1), date(y, 12, 31)) for y in (2025, 2026)]
DAYS = st.sampled_from([date(2025, 3, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 1)])
WORTH = st.none() | st.tuples(st.integers(0, 400), DAYS)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), WORTH), max_size=25)
"""Statements one after the other: whose, of which of their sources, and what it is worth then; None: nothing."""


class Ledger:
    """Lines as the database keeps them, and what was last said of each source."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.revisions: dict[UUID, int] = {}
        self.holds: dict[UUID, Statement] = {}

    def state(self, person: int, source: int, worth: tuple[int, date] | None) -> Statement:
        id_ = uuid5(SPACE, f"{person}/{source}")
        minutes, day = worth or (0, None)
        self.revisions[id_] = self.revisions.get(id_, 0) + 1
        owner = uuid5(SPACE, str(person))
        stated = Statement("completion", id_, owner, self.revisions[id_], minutes, day, "Keliru")
        self.holds[id_] = stated
        return stated

    def standing(self, source_id: UUID) -> Entry | None:
        back = {entry.reverses for entry in self.entries}
        own = [
            e for e in self.entries if e.source_id == source_id and not e.reverses and e.entry_id not in back
        ]
        assert len(own) <= 1
        return own[0] if own else None

    def write(self, stated: Statement) -> list[Entry]:
        added = entries_of(stated, self.standing(stated.source_id))
        self.entries += added
        return added

    def minutes(self, owner: UUID, year: JpYear) -> int:
        return sum(e.minutes for e in self.entries if e.asn_id == owner and e.earned_on in year)


@given(STEPS)
def test_after_any_corrections_each_years_sum_is_what_holds_now(steps):
    ledger = Ledger()
    for step in steps:
        ledger.write(ledger.state(*step))
    for owner in {one.asn_id for one in ledger.holds.values()}:
        for year in YEARS:
            mine = [one for one in ledger.holds.values() if one.asn_id == owner]
            assert ledger.minutes(owner, year) == sum(
                o.minutes for o in mine if o.earned_on and o.earned_on in year
            )


@given(STEPS)
def test_no_source_counts_twice_and_what_is_written_stays(steps):
    ledger = Ledger()
    for step in steps:
        before = list(ledger.entries)
        ledger.write(ledger.state(*step))
        assert ledger.entries[: len(before)] == before
    assert len({entry.entry_id for entry in ledger.entries}) == len(ledger.entries)
    kept = [(e.source_id, e.revision) for e in ledger.entries if not e.reverses]
    assert len(set(kept)) == len(kept)
    taken_back = [e.reverses for e in ledger.entries if e.reverses]
    assert len(set(taken_back)) == len(taken_back)


@given(STEPS)
def test_saying_the_same_again_writes_nothing(steps):
    ledger = Ledger()
    for step in steps:
        ledger.write(ledger.state(*step))
        assert ledger.write(ledger.state(*step)) == []


@given(
    STEPS,
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), WORTH), max_size=6, unique_by=lambda s: s[:2]),
)
def test_sums_of_one_call_are_those_of_one_after_the_other(before, together):
    ledger = Ledger()
    for step in before:
        ledger.write(ledger.state(*step))
    stated = [ledger.state(*step) for step in together]
    years = {s.source_id: y for s in stated if s.earned_on for y in YEARS if s.earned_on in y}
    added, then = [], {}
    for one in stated:
        added += ledger.write(one)
        if one.source_id in years:
            then[one.source_id] = ledger.minutes(one.asn_id, years[one.source_id])
    after = {
        s.source_id: ledger.minutes(s.asn_id, years[s.source_id]) for s in stated if s.source_id in years
    }
    assert running(stated, added, years, after) == then


@given(st.lists(st.integers(1, 200), max_size=20))
def test_minutes_are_summed_before_they_become_jp(parts):
    whole = jp_in(sum(parts))
    assert whole * LESSON <= sum(parts) < (whole + 1) * LESSON
    assert whole >= sum(jp_in(part) for part in parts)
