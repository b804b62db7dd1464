"""What traces cost: a service's real handlers with telemetry on beside the same with it off, run by run in turn.

Both drain the same bytes: every message carries a `traceparent`, one in a hundred that of a trace that is kept, as
the default sampling leaves it. On, spans go over OTLP/HTTP to a sink, a process of its own on this machine.
"""

import asyncio
import contextlib
import os
import random
import statistics
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from bina.messaging import telemetry
from bina.messaging.records import Message

from .figures import Figure, figure, say
from .handlers import EVENTS, drain, prepared
from .parts import Parts
from .scenarios import SCENARIOS, Scenario

KEPT = 0.01
SERVICES = ("assessment", "evaluation")
MOST = 1.05
"""Allowed cost: time per event with telemetry over time without."""


async def measure(parts: Parts, runs: int, only: str = "", events: int = EVENTS) -> list[Figure]:
    """For a service that tells a fact per message, and one that plans work: throughput on over throughput off."""
    chosen = [
        s for s in SCENARIOS if s.service.name in SERVICES and (not only or only.endswith(s.service.name))
    ]
    async with _sink() as url:
        return [await _measure(parts, scenario, runs, events, url) for scenario in chosen]


async def _measure(parts: Parts, scenario: Scenario, runs: int, events: int, sink: str) -> Figure:
    name = scenario.service.name
    rates: dict[bool, list[float]] = {True: [], False: []}
    run = partial(_drain, parts, scenario, traced(scenario.load(events, 0)), sink)
    await run(on=False)  # warms the caches of broker, database and interpreter for both alike
    for number in range(runs):
        for on in (number % 2 == 0, number % 2 == 1):
            rates[on].append(await run(on=on))
        say(f"{name} run {number + 1}: on {rates[True][-1]:,.0f}/s, off {rates[False][-1]:,.0f}/s")
    pairs = [on / off for on, off in zip(rates[True], rates[False], strict=True)]
    note = f"telemetry off, {KEPT:.0%} of traces kept; ratio is the median of pairs, at least {1 / MOST:.2f} wanted"
    found = figure(f"instrumentation.{name}", rates[True], "events/s", rates[False], note)
    return replace(found, ratio=round(statistics.median(pairs), 4))


async def _drain(
    parts: Parts, scenario: Scenario, messages: Sequence[Message], sink: str, *, on: bool
) -> float:
    url, _ = await prepared(parts, scenario)
    if on:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink
        telemetry.start(scenario.service.name)
    try:
        return await drain(parts, scenario, url, messages)
    finally:
        telemetry.stop()
        os.environ.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)


def traced(messages: Sequence[Message]) -> list[Message]:
    """The same messages, each of a trace of its own."""
    drawn = random.Random(4)
    return [m._replace(headers=(*m.headers, ("traceparent", _header(drawn)))) for m in messages]


def _header(drawn: random.Random) -> bytes:
    flag = drawn.random() < KEPT
    return f"00-{drawn.getrandbits(127) + 1:032x}-{drawn.getrandbits(63) + 1:016x}-0{flag:d}".encode()


@contextlib.asynccontextmanager
async def _sink() -> AsyncIterator[str]:
    """A process that takes spans and forgets them."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.instrumentation", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


class _Forgetting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def serve() -> None:
    """Take spans on a free port, told on standard output, until ended."""
    server = HTTPServer(("127.0.0.1", 0), _Forgetting)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    serve()
