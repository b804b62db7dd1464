"""A month as weeks of days, and what stands on each. Weeks begin on Monday, as the national working week does."""

from calendar import Calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bina.messaging import clock
from enrollment.calendar.store import Entry

SHOWN = 4
"""Entries of a day that are seen at once; the others unfold."""
_WEEKS = Calendar(firstweekday=0)


@dataclass
class Day:
    """A day of the sheet; `inside` the month, or of a week that the month shares."""

    on: date
    inside: bool
    entries: list[Entry] = field(default_factory=list)

    @property
    def first(self) -> Sequence[Entry]:
        """What is seen at once; one more is not worth unfolding for."""
        return self.entries if len(self.entries) <= SHOWN + 1 else self.entries[:SHOWN]

    @property
    def rest(self) -> Sequence[Entry]:
        """What unfolds."""
        return self.entries[len(self.first) :]


def sheet_of(month: date, entries: Iterable[Entry]) -> list[list[Day]]:
    """The weeks that a month touches, with what is on their days: one's own first, then by time."""
    weeks = [
        [Day(on, on.month == month.month) for on in week]
        for week in _WEEKS.monthdatescalendar(month.year, month.month)
    ]
    days = {day.on: day for week in weeks for day in week}
    for entry in entries:
        for on in days_of(entry):
            if on in days:
                days[on].entries.append(entry)
    return weeks


def span_of(month: date) -> tuple[date, date]:
    """The first and the last day of its sheet."""
    weeks = _WEEKS.monthdatescalendar(month.year, month.month)
    return weeks[0][0], weeks[-1][-1]


def days_of(entry: Entry) -> list[date]:
    """A session stands on its day; one's own run without sessions on each of its days, another's on its first."""
    if entry.starts_at is not None:
        return [entry.starts_at.astimezone(clock.ZONE).date()]
    last = entry.ends_on if entry.own else entry.starts_on
    return [entry.starts_on + timedelta(days=n) for n in range((last - entry.starts_on).days + 1)]


def before(month: date) -> date:
    """The month before."""
    return (month - timedelta(days=1)).replace(day=1)


def after(month: date) -> date:
    """The month after."""
    return (month + timedelta(days=31)).replace(day=1)
