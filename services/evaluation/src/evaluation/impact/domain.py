"""How a run's figures are told: means with their n, bands, verdicts, and nothing about fewer than five people."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from uuid import UUID

GATHERED = timedelta(seconds=10)
Verdict = Literal["changed", "unchanged", "unknown"]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and of how many; `shown` withholds it below the rule's minimum."""

    n: int
    value: float | None

    @property
    def shown(self) -> float | None:
        """The value, if enough people stand behind it."""
        return self.value if self.n >= rules().minimum else None


@dataclass(frozen=True, slots=True)
class Lane:
    """What was asked of one role at one level by one instrument.

    `asked` tasks were opened, `answered` of them in time, `waiting` can still be answered; `without` had nobody to
    ask (tanpa atasan, no evaluator). `score` and `change` are means on 1-4.
    """

    level: str
    method: str
    role: str
    baseline: bool
    instrument_code: str
    asked: int
    answered: int
    waiting: int
    planned: int
    without: int
    score: Mean
    change: Mean
    next_on: date | None = None

    @property
    def rate(self) -> float | None:
        """Answers per task asked; null before anyone was asked."""
        return self.answered / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run as far as it is known. Scores are 0-100; `paired_*` are of those with both tests.

    `people_asked` and `people_heard` count the trained about whom anybody was asked, about whom anybody
    answered, and about whom everybody did.
    """

    run_id: UUID
    run_code: str
    programme_name: str
    organiser: str
    starts_on: date
    ends_on: date
    cancelled: bool
    enrolled: int
    trained: int
    people_asked: int
    people_heard: int
    people_complete: int
    pre: Mean
    post: Mean
    paired_pre: Mean
    paired_post: Mean
    lanes: tuple[Lane, ...] = field(default=())

    @property
    def asked(self) -> int:
        """Tasks opened, those before the training left out."""
        return sum(lane.asked for lane in self.lanes if not lane.baseline)

    @property
    def answered(self) -> int:
        """Tasks answered, those before the training left out."""
        return sum(lane.answered for lane in self.lanes if not lane.baseline)

    def of(self, level: str) -> tuple[Lane, ...]:
        """The lanes of a level, after the training."""
        return tuple(lane for lane in self.lanes if lane.level == level and not lane.baseline)

    @property
    def before(self) -> tuple[Lane, ...]:
        """The lanes asked before the training."""
        return tuple(lane for lane in self.lanes if lane.baseline)

    @property
    def gain(self) -> float | None:
        """Normalised gain of those with both tests; undefined where they started at the maximum."""
        pre, post = self.paired_pre.shown, self.paired_post.shown
        top = rules().largest
        if pre is None or post is None or pre >= top:
            return None
        return (post - pre) / (top - pre)


@dataclass(frozen=True, slots=True)
class Rules:
    """Dated, cited configuration; see rules.json."""

    minimum: int
    largest: float
    bands: tuple[tuple[float | None, str], ...]
    gain_changed_from: float
    behaviour_changed_from: float
    publication_at: str
    citations: dict[str, str]
    effective_from: date


@cache
def rules() -> Rules:
    """The rules in force."""
    raw: dict[str, Any] = json.loads(files(__package__).joinpath("rules.json").read_text(encoding="utf-8"))
    return Rules(
        minimum=raw["minimum"]["n"],
        largest=raw["gain"]["largest"],
        bands=tuple((band["from"], band["band"]) for band in raw["gain"]["bands"]),
        gain_changed_from=raw["gain"]["changed_from"],
        behaviour_changed_from=raw["behaviour"]["changed_from"],
        publication_at=raw["publication"]["at"],
        citations={name: part["citation"] for name, part in raw.items() if isinstance(part, dict)},
        effective_from=date.fromisoformat(raw["effective_from"]),
    )


def next_publication(local: datetime) -> datetime:
    """The first publication time after a time of the field's own zone.

    It lies apart from midnight, when windows open and close: their changes must not push it to the next day.
    """
    today = datetime.combine(local.date(), time.fromisoformat(rules().publication_at), local.tzinfo)
    return today if today > local else today + timedelta(days=1)


def next_forming(after: datetime) -> datetime:
    """The end of the few seconds in which answers are gathered before cells are made of them."""
    past = timedelta(seconds=after.timestamp() % GATHERED.total_seconds())
    return after - past + GATHERED


def band_of(gain: float | None) -> str | None:
    """`tinggi`, `sedang` or `rendah`, judged on the unrounded gain; null where it is undefined."""
    if gain is None:
        return None
    return next(band for lowest, band in rules().bands if lowest is None or gain >= lowest)


def knowledge_verdict(outcome: Outcome) -> Verdict:
    """Level 2: whether those with both tests learned at least moderately."""
    return _verdict(outcome.gain, rules().gain_changed_from)


def behaviour_verdict(outcome: Outcome) -> Verdict:
    """Level 3: whether respondents saw the way of working change."""
    return _verdict(joined(lane.change for lane in outcome.of("L3")).value, rules().behaviour_changed_from)


def verdict(outcome: Outcome) -> tuple[str, Verdict]:
    """The furthest level that has enough answers, and what it says."""
    behaviour = behaviour_verdict(outcome)
    return ("L3", behaviour) if behaviour != "unknown" else ("L2", knowledge_verdict(outcome))


def _verdict(value: float | None, changed_from: float) -> Verdict:
    if value is None:
        return "unknown"
    return "changed" if value >= changed_from else "unchanged"


def joined(means: Iterable[Mean]) -> Mean:
    """The mean over groups that may be shown; a hidden group is left out, or the total would give it away."""
    parts = [(m.n, m.shown) for m in means if m.shown is not None]
    n = sum(part for part, _value in parts)
    return Mean(n, sum(part * (value or 0) for part, value in parts) / n if n else None)


def level_mean(lanes: Sequence[Lane]) -> Mean:
    """The mean of a level over its roles."""
    return joined(lane.score for lane in lanes)
