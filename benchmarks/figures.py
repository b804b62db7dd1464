"""What a measurement is, and how figures are shown and kept."""

import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LATEST = Path(__file__).parent / "latest.json"
SERIES = Path(__file__).parent / "series.json"


@dataclass(frozen=True)
class Figure:
    """A measured value beside its baseline. `ratio` is value over baseline; `spread` is (max - min) over median."""

    name: str
    value: float
    unit: str
    baseline: float | None
    ratio: float | None
    runs: int
    spread: float
    note: str = ""


def figure(
    name: str, values: Sequence[float], unit: str, baseline: Sequence[float] = (), note: str = ""
) -> Figure:
    """Medians of the runs."""
    value = statistics.median(values)
    base = statistics.median(baseline) if baseline else None
    spread = (max(values) - min(values)) / value if value else 0.0
    ratio = value / base if base else None
    return Figure(
        name, round(value, 4), unit, _rounded(base), _rounded(ratio), len(values), round(spread, 3), note
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def show(figures: Sequence[Figure]) -> None:
    """A table for people."""
    line = "{:<28} {:>12} {:<10} {:>12} {:>8} {:>5} {:>7}  {}\n"
    sys.stdout.write(line.format("name", "value", "unit", "baseline", "ratio", "runs", "spread", "note"))
    for f in figures:
        base = "-" if f.baseline is None else f"{f.baseline:,.2f}"
        ratio = "-" if f.ratio is None else f"{f.ratio:.2f}"
        sys.stdout.write(
            line.format(f.name, f"{f.value:,.2f}", f.unit, base, ratio, f.runs, f"{f.spread:.0%}", f.note)
        )


def keep(figures: Sequence[Figure], path: Path = LATEST) -> None:
    """Write them for machines; figures not measured now keep their last value."""
    known = {f["name"]: f for f in json.loads(path.read_text())} if path.exists() else {}
    known |= {f.name: asdict(f) for f in figures}
    path.write_text(json.dumps(list(known.values()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Series:
    """Points (x, y) of one line of a plot."""

    name: str
    points: Sequence[tuple[float, float]]


def keep_series(name: str, series: Sequence[Series], path: Path = SERIES, most: int = 120) -> None:
    """Keep the lines of one plot, thinned; lines of other plots stay."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known[name] = {s.name: _thinned(s.points, most) for s in series}
    path.write_text(json.dumps(known, ensure_ascii=False) + "\n", encoding="utf-8")


def _thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    step = max(1, -(-len(points) // most))
    return [(round(x, 2), round(y, 2)) for x, y in [*points[::step], *points[-1:]]]


def say(text: str) -> None:
    """Progress, on standard error."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
