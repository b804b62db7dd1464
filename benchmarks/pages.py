"""200 pages a second of an office's day, through the gateway, with broker and databases at work beside, on this machine.

Visits begin at a constant rate, whether or not those before have ended, and count from when their turn was, so that one
that had to wait is not left out. The baseline is a file that the same server hands out at the same rate: what the gateway,
the sockets and the asking itself take. The first seconds of either are thrown away.
"""

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

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
        status = await client.get(visits[number])
        if number >= PER_SECOND * WARM_SECONDS:
            found.append((visits[number].path, time.monotonic() - turn))
        assert status == 200, (visits[number].path, status)

    await pace(len(visits), PER_SECOND, begin)
    client.close()
    return found


class Client:
    """HTTP/1.1 over connections that are kept, with next to no work of its own: it shares the machine with the servers."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def get(self, visit: Visit) -> int:
        """The status of an answer that came as a whole."""
        reader, writer = (
            self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        )
        writer.write(
            f"GET {visit.path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAccept: text/html\r\nX-Fragment: 1\r\n"
            f"Accept-Encoding: gzip\r\nCookie: bina_session={visit.token}\r\n\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        elif b"content-length: " in head:
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        self._idle.append((reader, writer))
        return int(head.split(None, 2)[1])

    def close(self) -> None:
        """Let go of the connections."""
        for _reader, writer in self._idle:
            writer.close()


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
