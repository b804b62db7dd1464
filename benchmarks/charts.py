"""How long each kind of chart takes to be written out, table and CSV with it, with 500 points under labels of two lengths.

A label too long for a phone makes a second drawing, so such a chart is written nearly twice.
"""

import time
from collections.abc import Callable

from bina.web.charts import Band, Bar, Pair, Series, Stage, dumbbell, funnel, line, ranked_bar
from bina.web.charts import Figure as Chart

from .figures import Figure, figure, say

POINTS = 500
TURNS = 40
TARGET_MS = 5.0
SHORT, LONG = "Unit kerja", "Dinas Kependudukan dan Pencatatan Sipil"


def kinds(label: str) -> dict[str, Callable[[], Chart]]:
    """Every kind that has points; the two bars of a person's JP have one."""
    names = [f"{label} {n}" for n in range(POINTS)]
    scores = [40 + n * 37 % 500 / 10 for n in range(POINTS)]
    bars = [Bar(name, score) for name, score in zip(names, scores, strict=True)]
    pairs = [Pair(name, score, 90 - score / 3) for name, score in zip(names, scores, strict=True)]
    band = Band("separuh tengah", [score - 20 for score in scores], [score + 10 for score in scores])
    stages = [Stage(name, 3 * POINTS - n) for n, name in enumerate(names)]
    return {
        "ranked_bar": lambda: ranked_bar("Nilai per unit", bars, measure="Nilai", target=70),
        "dumbbell": lambda: dumbbell("Nilai", pairs, low=0, high=100, reference="sebelum", found="sesudah"),
        "line": lambda: line("Nilai dari waktu ke waktu", names, [Series("Nilai", scores)]),
        "line_with_band": lambda: line(
            "Nilai dari waktu ke waktu", names, [Series("Nilai", scores)], band=band
        ),
        "funnel": lambda: funnel("Siapa menjawab", stages),
    }


def measure(runs: int) -> list[Figure]:
    """Milliseconds, the median of each run's turns."""
    found = []
    for length, label in (("", SHORT), (".long", LONG)):
        for name, make in kinds(label).items():
            times = [_median(make) for _ in range(runs)]
            note = f"{POINTS} points; baseline is the target"
            found.append(figure(f"charts.{name}{length}", times, "ms", [TARGET_MS], note))
    say(", ".join(f"{f.name} {f.value:.2f} ms" for f in found))
    return found


def _median(make: Callable[[], Chart]) -> float:
    times = []
    for _ in range(TURNS):
        began = time.perf_counter()
        make().__html__()
        times.append(time.perf_counter() - began)
    return sorted(times)[TURNS // 2] * 1000
