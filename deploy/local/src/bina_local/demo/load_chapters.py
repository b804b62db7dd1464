"""Cuts the world's year into chapters: the clock stands still within one, at its end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from .model import HistoryStep, World
from .runs import FIRST_DAY

LONGEST_DAYS = 14
EVENING, MORNING = time(18), time(8)
REACTION_DAYS = 13
LAST_DAYS = (4, 1)
"""Chapters end this many days before the end; only what the last one tells is fresh enough for an e-mail."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Steps that are played while the clock stands at `until`; the next chapter's is `following`."""

    until: datetime
    following: datetime
    steps: tuple[HistoryStep, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included, between which a chapter has to end."""

    first: date
    last: date


def chapters(world: World, longest_days: int = LONGEST_DAYS) -> list[Chapter]:
    """As few as possible; after the last, empty one the clock stands at the morning of the world's as_of."""
    zone = ZoneInfo(world.timezone)
    days = ends(spans(world), FIRST_DAY, world.as_of, longest_days)
    moments = [datetime.combine(day, EVENING, zone) for day in days]
    moments.append(datetime.combine(world.as_of, MORNING, zone))
    cut = list(_cut(world.steps, days))
    return [
        Chapter(until, following, steps)
        for (until, following), steps in zip(pairwise([*moments, moments[-1]]), [*cut, ()], strict=True)
    ]


def spans(world: World) -> list[Span]:
    """Seats are given before a run starts, so that baseline and pre-test come in time, and given back before it
    ends, so that others move up; its end is told while reactions are still asked for."""
    asked: dict[str, date] = {}
    ended: dict[str, date] = {}
    for step in world.steps:
        asked |= {request.run: step.date for request in step.requests}
        ended |= {result.run: step.date for result in step.results}
        ended |= {test.run: step.date for test in step.tests if test.kind == "post"}
    starts = {run.code: run.starts_on - timedelta(days=1) for run in world.runs}
    reactions = {run.code: run.ends_on + timedelta(days=REACTION_DAYS) for run in world.runs}
    found = [(day, starts[run]) for run, day in asked.items()]
    found += [(day, reactions[run]) for run, day in ended.items()]
    lasts = {run.code: run.ends_on for run in world.runs}
    found += [(step.date, lasts[left.run]) for step in world.steps for left in step.withdrawals]
    return [Span(first, max(first, last)) for first, last in found if first < world.as_of]


def ends(wanted: Iterable[Span], start: date, as_of: date, longest_days: int) -> list[date]:
    """The last days of chapters: one at least in each span, none longer than allowed, and the fixed last ones."""
    fixed = [as_of - timedelta(days=days) for days in LAST_DAYS]
    left = sorted(wanted, key=lambda span: span.last)
    found: list[date] = []
    day = start
    while day < fixed[-1]:
        left = [span for span in left if not found or span.first > day]
        limits = [span.last for span in left] + [limit for limit in fixed if limit > day]
        day = min(*limits, day + timedelta(days=longest_days))
        found.append(day)
    return found


def _cut(steps: tuple[HistoryStep, ...], days: list[date]) -> Iterator[tuple[HistoryStep, ...]]:
    after = date.min
    for day in days:
        yield tuple(step for step in steps if after < step.date <= day)
        after = day
