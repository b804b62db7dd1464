"""A deadline's day: half of a year's requests in 24 hours, and how far behind they leave each stage.

A simulation without chance, minute by minute: what a stage takes comes to the next one in the same minute, what it
cannot take waits in front of it. Nothing is assumed of a worker but its measured rate in `latest.json`; each worker
beyond the first adds `SCALING` of that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .figures import LATEST, Figure, Series, figure, keep_series, say

REQUESTS = 10_000_000
MINUTES = 24 * 60
SHAPE = (2, 1, 1, 1, 1, 2, 6, 20, 55, 80, 90, 75, 45, 70, 85, 80, 65, 45, 40, 55, 75, 100, 90, 60)
"""Requests per hour of a deadline's day, relative: office hours, a noon rest, and the last evening's peak."""
SCALING = 0.8
WORKERS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Stage:
    """One queue: whose rate it has, and how many of its items one item of the stage before makes."""

    name: str
    measured: str
    each: float


STAGES = (
    Stage("enrollment", "handlers.enrollment", 1.0),
    Stage("assessment", "handlers.assessment", 1.0),
    # Beside assessment in life; what it is measured with costs more than a seat does.
    Stage("evaluation", "handlers.evaluation", 1.0),
    # The seat and the test that opens.
    Stage("notification", "handlers.notification", 2.0),
    Stage("mail", "mail", 1.0),
)


@dataclass(frozen=True)
class Queue:
    """A stage's day, minute by minute: items waiting, and seconds until the last of them is taken."""

    backlog: list[float]
    delay: list[float]
    taken: list[float]


def arrivals(requests: int = REQUESTS, shape: Sequence[float] = SHAPE) -> list[float]:
    """Requests of each minute; one hour passes into the next without a step."""
    smooth = []
    for minute in range(MINUTES):
        here, then = shape[minute // 60], shape[(minute // 60 + 1) % len(shape)]
        smooth.append(here + (then - here) * (minute % 60) / 60)
    return [requests * value / sum(smooth) for value in smooth]


def queue(coming: Sequence[float], per_second: float) -> Queue:
    """What waits at each minute's end where so many are taken a second."""
    waiting, found = 0.0, Queue([], [], [])
    for count in coming:
        taken = min(waiting + count, per_second * 60)
        waiting += count - taken
        found.backlog.append(waiting)
        found.delay.append(waiting / per_second)
        found.taken.append(taken)
    return found


def day(rates: Mapping[str, float], workers: int, requests: int = REQUESTS) -> dict[str, Queue]:
    """Every stage's queue with so many workers of each service."""
    coming, found = arrivals(requests), {}
    for stage in STAGES:
        rate = rates[stage.measured] * (1 + SCALING * (workers - 1))
        found[stage.name] = queue([count * stage.each for count in coming], rate)
        coming = found[stage.name].taken
    return found


def measure() -> list[Figure]:
    """Longest delay and backlog of the day by stage and workers; the lines of the stage that waits longest."""
    known = {f["name"]: float(f["value"]) for f in json.loads(LATEST.read_text())}
    missing = [stage.measured for stage in STAGES if stage.measured not in known]
    if missing:
        say(f"rush: measure {', '.join(missing)} first")
        return []
    rates = {stage.measured: known[stage.measured] for stage in STAGES}
    days = {workers: day(rates, workers) for workers in WORKERS}
    slowest = max(STAGES, key=lambda stage: max(days[1][stage.name].delay)).name
    keep_series("rush.coming", [Series("requests per second", _hourly([c / 60 for c in arrivals()]))])
    keep_series(
        "rush.delay",
        [
            Series(f"{slowest}, {n} workers", _hourly([d / 3600 for d in found[slowest].delay]))
            for n, found in days.items()
        ],
    )
    return [_figure(stage, n, found[stage.name], rates) for stage in STAGES for n, found in days.items()]


def _figure(stage: Stage, workers: int, found: Queue, rates: Mapping[str, float]) -> Figure:
    note = f"{max(found.backlog):,.0f} waiting at most, {rates[stage.measured]:,.0f}/s a worker; simulated"
    return figure(f"rush.{stage.name}.{workers}", [max(found.delay) / 60], "min", note=note)


def _hourly(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(minute / 60, value) for minute, value in enumerate(values)][::15]
