"""Searching 5,000 runs on the catalogue's page: by words, organiser, kind, way, seats and order, one after the other.

The page as people get it, its rows, choices and filters rendered; the application is called as the server calls it,
without a socket. Asked is one search after another, so nothing waits. The baseline is what is wanted.
"""

import random
import statistics
import time
from datetime import timedelta
from typing import Any

from bina.messaging import clock

from .desk import AGENCY, Desk, desk
from .figures import Figure, figure, say
from .parts import Parts

RUNS, PROGRAMMES, SEARCHES, WARM = 5_000, 200, 500, 50
TARGET_MS = 60.0
_WORDS = ("pelayanan", "anggaran", "digital", "arsip", "kepemimpinan", "pengadaan", "statistik", "komunikasi")
_KINDS = ("Teknis", "Fungsional", "Manajerial")
_WAYS = ("klasikal", "daring", "bauran")


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Milliseconds, p50 and p99 of each run."""
    middles, ends = [], []
    for number in range(runs):
        async with desk(parts) as at:
            await _fill(at)
            times = [await _search(at, words) for words in _searches(number)][WARM:]
        middles.append(statistics.median(times))
        ends.append(statistics.quantiles(times, n=100)[98])
        say(f"catalogue run {number + 1}: p50 {middles[-1]:.1f} ms, p99 {ends[-1]:.1f} ms")
    note = f"{RUNS:,} runs, {SEARCHES} searches; baseline is the target"
    return [
        figure("catalogue.p50", middles, "ms", [TARGET_MS], note),
        figure("catalogue.p99", ends, "ms", [TARGET_MS], note),
    ]


async def _fill(at: Desk) -> None:
    drawn, today = random.Random(4), clock.today()
    names = [f"Pelatihan {drawn.choice(_WORDS)} {drawn.choice(_WORDS)} {n}" for n in range(PROGRAMMES)]
    programmes = [
        {"code": f"P{n}", "name": name, "jp": 20, "kind": _KINDS[n % 3]} for n, name in enumerate(names)
    ]
    await at.record("programmes", programmes)
    rows: list[dict[str, Any]] = []
    for n in range(RUNS):
        start = today + timedelta(days=drawn.randint(1, 330))
        days = {"starts_on": start.isoformat(), "ends_on": (start + timedelta(days=4)).isoformat()}
        what = {"programme": f"P{n % PROGRAMMES}", "organiser": AGENCY, "mode": drawn.choice(_WAYS)}
        rows.append({"code": f"A-{n}", "seats": drawn.choice((0, 20, 40)), "location": "Jambi"} | days | what)
    await at.record("runs", rows)


def _searches(seed: int) -> list[dict[str, str]]:
    drawn = random.Random(seed)
    choices = {"kata": _WORDS, "penyelenggara": (AGENCY,), "jenis": _KINDS, "cara": _WAYS, "kursi": ("ada",)}
    asked = (
        {name: drawn.choice(of) for name, of in choices.items() if drawn.random() < 0.3}
        for _ in range(SEARCHES + WARM)
    )
    return [words | {"urut": drawn.choice(("mulai", "jp", "sisa"))} for words in asked]


async def _search(at: Desk, words: dict[str, str]) -> float:
    begun = time.perf_counter()
    answer = await at.operator.get("/enrollment/katalog", params=words, headers={"Accept": "text/html"})
    taken = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 200, answer.text[:500]
    return taken
