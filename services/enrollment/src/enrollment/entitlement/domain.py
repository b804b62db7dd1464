"""Right and duty to jam pelajaran: a PNS's floor per calendar year, a PPPK's ceiling per contract year."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Literal
from uuid import UUID


@dataclass(frozen=True)
class JpRule:
    """A dated rule; `jp` in jam pelajaran a year, `source` names the regulation."""

    effective_from: date
    employment: str
    kind: Literal["floor", "ceiling"]
    jp: int
    year: Literal["calendar", "contract"]
    source: str


@dataclass(frozen=True)
class Entry:
    """One line of the ledger: JP earned in one enrolment, dated by the end of the event."""

    enrollment_id: UUID
    asn_id: UUID
    run_id: UUID
    jp: int
    earned_on: date


@dataclass(frozen=True)
class JpYear:
    """A year in which JP count, both days included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@cache
def _rules() -> tuple[JpRule, ...]:
    raw = tomllib.loads(resources.files(__package__).joinpath("jp_rules.toml").read_text("utf-8"))
    return tuple(sorted((JpRule(**rule) for rule in raw["rules"]), key=lambda rule: rule.effective_from))


def rule_for(employment: str, day: date) -> JpRule:
    """The rule in force for PNS or PPPK on a day; the oldest one before the first."""
    rules = [rule for rule in _rules() if rule.employment == employment]
    in_force = [rule for rule in rules if rule.effective_from <= day]
    return in_force[-1] if in_force else rules[0]


def year_of(employment: str, started_on: date | None, day: date) -> JpYear:
    """The year that a day belongs to: the contract's for PPPK whose start is recorded, else the calendar's.

    29 February's anniversary is 1 March in common years.
    """
    if rule_for(employment, day).year == "contract" and started_on is not None and started_on <= day:
        return _contract_year(started_on, day)
    return JpYear(date(day.year, 1, 1), date(day.year, 12, 31))


def _contract_year(started_on: date, day: date) -> JpYear:
    first = _anniversary(started_on, day.year)
    if first > day:
        first = _anniversary(started_on, day.year - 1)
    following = _anniversary(started_on, first.year + 1)
    return JpYear(first, following - timedelta(days=1))


def _anniversary(start: date, year: int) -> date:
    try:
        return start.replace(year=year)
    except ValueError:  # 29 February in a common year
        return date(year, 3, 1)


def running(
    entries: Sequence[Entry],
    old: Mapping[UUID, tuple[int, date]],
    years: Mapping[UUID, JpYear],
    sums: Mapping[UUID, int],
) -> dict[UUID, int]:
    """Each line's sum of its year when it was written, from the sums after all of them were.

    `entries` in the order of writing, of people with several; `old` holds (jp, earned_on) of those that replaced
    a line.
    """
    found = dict(sums)
    for place, entry in enumerate(entries):
        year = years[entry.enrollment_id]
        later = [one for one in entries[place + 1 :] if one.asn_id == entry.asn_id]
        added = sum(one.jp for one in later if one.earned_on in year)
        gone = [old[one.enrollment_id] for one in later if one.enrollment_id in old]
        found[entry.enrollment_id] += sum(jp for jp, day in gone if day in year) - added
    return found
