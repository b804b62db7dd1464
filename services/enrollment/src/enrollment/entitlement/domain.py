"""Right and duty to jam pelajaran: a PNS's floor per calendar year, a PPPK's ceiling per contract year."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple
from uuid import UUID

from bina.messaging import named_in

Source = Literal["completion", "outside", "conversion", "opening"]
"""Where JP come from: a training here, a certificate from elsewhere, other learning, a balance from before."""
_named = named_in(UUID("5b1f1d2e-0a44-5c0e-9a53-6c1f0f7f8b21"))


@dataclass(frozen=True)
class JpRule:
    """A dated rule; `jp` in jam pelajaran a year, `source` names the regulation; empty where none says anything.

    `later`: a floor that holds once a CPNS is a PNS; `unset`: no ceiling is known.
    """

    effective_from: date
    employment: str
    kind: Literal["floor", "ceiling", "later", "unset"]
    jp: int
    year: Literal["calendar", "contract"]
    source: str
    appointment: str = ""


@dataclass(frozen=True)
class Statement:
    """What a source is worth as of its `revision` (1 is the first): minutes of learning, counted in the year of
    `earned_on`; without a day it counts nothing, or nothing any more. `reason`: why it is not as it was before."""

    source: Source
    source_id: UUID
    asn_id: UUID
    revision: int
    minutes: int = 0
    earned_on: date | None = None
    reason: str = ""
    import_id: UUID | None = None
    """The file that said so; none where somebody did."""


class Entry(NamedTuple):
    """One line of the ledger, never changed once it is written; `reverses` names the line that this one takes back."""

    entry_id: UUID
    asn_id: UUID
    source: Source
    source_id: UUID
    revision: int
    minutes: int
    earned_on: date
    reason: str = ""
    reverses: UUID | None = None
    import_id: UUID | None = None


@dataclass(frozen=True)
class JpYear:
    """A year in which JP count, both days included; `of_contract`: a year of a PPPK's contract, else a calendar's."""

    first: date
    last: date
    of_contract: bool = field(default=False, compare=False)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@cache
def _config() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("jp_rules.toml").read_text("utf-8"))


LESSON: int = _config()["lesson"]["minutes"]
"""Minutes of one jam pelajaran. Minutes are summed first; what does not fill a JP counts with the next learning."""


def jp_in(minutes: int) -> int:
    """Whole JP in a sum of minutes, which is never below nothing."""
    return minutes // LESSON


@cache
def _rules() -> tuple[JpRule, ...]:
    return tuple(
        sorted((JpRule(**rule) for rule in _config()["rules"]), key=lambda rule: rule.effective_from)
    )


def rule_for(employment: str, day: date, appointment: str = "") -> JpRule:
    """The rule in force for PNS or PPPK on a day, or for a CPNS or a PPPK of part time; the oldest one before the first."""
    asked = (employment, appointment)
    rules = [rule for rule in _rules() if (rule.employment, rule.appointment) == asked]
    in_force = [rule for rule in rules if rule.effective_from <= day]
    return in_force[-1] if in_force else rules[0]


def year_of(employment: str, started_on: date | None, day: date, ends_on: date | None = None) -> JpYear:
    """The year that a day belongs to: the contract's for PPPK of whom one is recorded for that day, else the calendar's.

    29 February's anniversary is 1 March in common years. A contract that ends within its year ends that year too, which
    counts in full all the same.
    """
    in_contract = started_on is not None and started_on <= day and (ends_on is None or day <= ends_on)
    if rule_for(employment, day).year == "contract" and started_on is not None and in_contract:
        return _contract_year(started_on, day, ends_on)
    return calendar_year(day.year)


def year_named(employment: str, started_on: date | None, ends_on: date | None, year: int) -> JpYear:
    """The year that begins in a calendar year."""
    if started_on is None or year < started_on.year:
        return calendar_year(year)
    return year_of(employment, started_on, _anniversary(started_on, year), ends_on)


def calendar_year(year: int) -> JpYear:
    """1 January to 31 December."""
    return JpYear(date(year, 1, 1), date(year, 12, 31))


def _contract_year(started_on: date, day: date, ends_on: date | None) -> JpYear:
    first = _anniversary(started_on, day.year)
    if first > day:
        first = _anniversary(started_on, day.year - 1)
    last = _anniversary(started_on, first.year + 1) - timedelta(days=1)
    return JpYear(first, min(last, ends_on) if ends_on else last, of_contract=True)


def _anniversary(start: date, year: int) -> date:
    try:
        return start.replace(year=year)
    except ValueError:  # 29 February in a common year
        return date(year, 3, 1)


def entries_of(stated: Statement, standing: Entry | None) -> list[Entry]:
    """The lines that a statement adds to the ledger: what stood is taken back, what holds now is written.

    None where nothing changes. `standing`: the source's line that no other takes back.
    """
    if standing and (standing.minutes, standing.earned_on) == (stated.minutes, stated.earned_on):
        return []
    return [*([_reversal(stated, standing)] if standing else []), *_written(stated)]


def _reversal(stated: Statement, standing: Entry) -> Entry:
    return standing._replace(
        entry_id=_named(f"{standing.entry_id}/reversed"),
        revision=stated.revision,
        minutes=-standing.minutes,
        reason=stated.reason,
        reverses=standing.entry_id,
        import_id=stated.import_id,
    )


def _written(stated: Statement) -> list[Entry]:
    if stated.earned_on is None:
        return []
    id_ = _named(f"{stated.source_id}/{stated.revision}")
    return [
        Entry(
            id_, stated.asn_id, stated.source, stated.source_id, stated.revision, stated.minutes, stated.earned_on,
            stated.reason, import_id=stated.import_id,
        )
    ]  # fmt: skip


def opening_id_of(asn_id: UUID, year: int) -> UUID:
    """The source of somebody's balance of a year."""
    return _named(f"opening/{asn_id}/{year}")


def running(
    stated: Sequence[Statement],
    entries: Sequence[Entry],
    years: Mapping[UUID, JpYear],
    sums: Mapping[UUID, int],
) -> dict[UUID, int]:
    """Each statement's minutes of its year when it was made, by source, from the sums after all of them were.

    `stated` in the order of writing, each of another source; `entries` are what all of them added.
    """
    found = dict(sums)
    place = {one.source_id: n for n, one in enumerate(stated)}
    for one in stated:
        if year := years.get(one.source_id):
            found[one.source_id] -= sum(
                entry.minutes
                for entry in entries
                if entry.asn_id == one.asn_id
                and place[entry.source_id] > place[one.source_id]
                and entry.earned_on in year
            )
    return found
