"""200 pages a second of an office's day, through the gateway, with broker and databases at work beside, on this machine.

Visits begin at a constant rate, whether or not those before have ended, and count from when their turn was, so that one
that had to wait is not left out. The baseline is a file that the same server hands out at the same rate: what the gateway,
the sockets and the asking itself take. The first seconds of either are thrown away.
"""

import statistics
import time
from collections.abc import Sequence

import httpx

from .client import Client
from .figures import Figure, figure, say
from .loaded import pace
from .visits import Site, Visit, demonstration

PER_SECOND = 200.0
SECONDS, WARM_SECONDS = 20, 5
TARGET_MS = 80


async def measure(runs: int) -> list[Figure]:
    """Milliseconds, p50 and p99 of each run."""
    ours, bare = [], []
    async with demonstration() as site:
        file = await _file(site)
        for number in range(runs):
            visits = site.visits(int(PER_SECOND * (SECONDS + WARM_SECONDS)), seed=number)
            bare.append(_percentiles(await drive(site.url, [file] * len(visits))))
            found = await drive(site.url, visits)
            ours.append(_percentiles(found))
            say(
                f"pages run {number + 1}: {_words(ours[-1])}; a file {_words(bare[-1])}; slowest {_slowest(found)}"
            )
    note = f"{PER_SECOND:.0f}/s of {len({v.path for v in visits})} pages by {len({v.token for v in visits})} sessions; a file"
    return [
        figure("pages.p50", [run[0] for run in ours], "ms", [run[0] for run in bare], note),
        figure(
            "pages.p99",
            [run[1] for run in ours],
            "ms",
            [run[1] for run in bare],
            f"{note}; target {TARGET_MS} ms",
        ),
    ]


Timed = tuple[str, float]
"""A path and its seconds."""


async def drive(url: str, visits: Sequence[Visit]) -> list[Timed]:
    """Pay the visits at the pace; every answer has to be a page."""
    client, found = Client(url), []

    async def begin(number: int, turn: float) -> None:
        status = await client.get(visits[number].path, _as_page(visits[number].token))
        if number >= PER_SECOND * WARM_SECONDS:
            found.append((visits[number].path, time.monotonic() - turn))
        assert status == 200, (visits[number].path, status)

    await pace(len(visits), PER_SECOND, begin)
    client.close()
    return found


def _as_page(token: str) -> dict[str, str]:
    return {
        "Accept": "text/html",
        "X-Fragment": "1",
        "Accept-Encoding": "gzip",
        "Cookie": f"bina_session={token}",
    }


async def _file(site: Site) -> Visit:
    """The script that every page loads."""
    async with httpx.AsyncClient(base_url=site.url, trust_env=False) as http:
        page = (await http.get("/masuk", headers={"Accept": "text/html"})).text
    return Visit(next(part for part in page.split('"') if part.endswith(".js")), "")


def _percentiles(found: Sequence[Timed]) -> tuple[float, float]:
    times = [seconds * 1000 for _path, seconds in found]
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def _words(run: tuple[float, float]) -> str:
    return f"p50 {run[0]:.1f} ms, p99 {run[1]:.1f} ms"


def _slowest(found: Sequence[Timed]) -> str:
    """The pages that take longest at the middle, codes of runs folded."""
    times: dict[str, list[float]] = {}
    for path, seconds in found:
        folded = "/".join(part if not any(c.isdigit() for c in part) else "…" for part in path.split("/"))
        times.setdefault(folded, []).append(seconds * 1000)
    ranked = sorted(((statistics.median(of), path) for path, of in times.items()), reverse=True)
    return ", ".join(f"{path} {ms:.0f}" for ms, path in ranked[:5])
