"""A backlog on the topic, drained by the notification service as its own process.

The baseline is the steady rate of the very handlers over a short queue, measured before in the same run. Memory is
the proportional set of the service's process, looked at twice a second.
"""

import asyncio
import time
from collections.abc import Iterator
from uuid import uuid5

from bina.events.enrollment import EnrollmentAccepted
from bina.messaging.records import Message

from .figures import Figure, Series, figure, keep_series, say
from .handlers import EVENTS as STEADY_EVENTS
from .handlers import drain, prepared
from .parts import Parts, connect, parts
from .running import Running, running
from .scenarios import AGENCY, PEOPLE, RUNS, SCENARIOS, SPACE, person, records, run

EVENTS, FEWER = 1_000_000, 200_000
PRODUCED_AT_ONCE = 20_000
LOOK_SECONDS = 1.0
LIMIT_SECONDS = 1200
NOTIFICATION = next(s for s in SCENARIOS if s.service.name == "notification")


async def measure(runs: int, events: int) -> list[Figure]:
    """Events per second over the whole backlog, and how much memory grew between its first and last tenth."""
    rates, steady, growth, peaks = [], [], [], []
    for number in range(runs):
        # A broker for each run: what one leaves on the topic is the next one's backlog.
        async with parts() as found:
            steady.append(await _steady(found))
        async with parts() as found:
            line, service = await _drained(found, events)
        rates.append(line[-1][1] / (line[-1][0] - line[0][0]))
        memory = [mib for at, mib in service.memory if at >= line[0][0]]
        tenth = max(1, len(memory) // 10)
        growth.append(sum(memory[-tenth:]) / sum(memory[:tenth]))
        peaks.append(service.peak)
        say(f"backlog run {number + 1}: {rates[-1]:,.0f}/s of {steady[-1]:,.0f}/s, {peaks[-1]:.0f} MiB")
    keep_series("backlog", [Series("applied", line), Series("MiB", service.memory)])
    note = f"{events:,} events, notification"
    return [
        figure("backlog.rate", rates, "events/s", steady, f"{note}; baseline is the steady rate"),
        figure("backlog.memory", peaks, "MiB", [300.0], f"{note}; peak PSS, baseline is the target"),
        figure("backlog.memory_growth", growth, "x", [1.0], f"{note}; last tenth over first tenth"),
    ]


async def _steady(found: Parts) -> float:
    url, _ = await prepared(found, NOTIFICATION)
    return await drain(found, NOTIFICATION, url, NOTIFICATION.load(STEADY_EVENTS))


async def _drained(found: Parts, events: int) -> tuple[list[tuple[float, float]], Running]:
    """(seconds, messages applied) from the first batch on, and the service's process."""
    url, _ = await prepared(found, NOTIFICATION)
    for chunk in _accepted(events):
        await found.produce(chunk)
    database = await connect(url)
    line: list[tuple[float, float]] = []
    async with running("notification", url, found.kafka.cluster) as service, asyncio.timeout(LIMIT_SECONDS):
        while not line or line[-1][1] < events:  # the broker is fresh: nothing else is on its topics
            applied = await database.fetchval("SELECT coalesce(sum(next_offset), 0) FROM messaging.positions")
            at = time.perf_counter() - service.started
            if applied:
                line.append((at, float(applied)))
            await asyncio.sleep(LOOK_SECONDS)
    await database.close()
    first = line[0][1]
    return [(at, applied - first) for at, applied in line], service


def _accepted(events: int) -> Iterator[list[Message]]:
    """Seats given, every one another, a chunk at a time."""
    for start in range(0, events, PRODUCED_AT_ONCE):
        yield records(
            [
                EnrollmentAccepted(
                    enrollment_id=uuid5(SPACE, f"backlog/{n}"),
                    asn_id=person(n % PEOPLE),
                    run_id=run(n // PEOPLE % RUNS),
                    agency_code=AGENCY,
                )
                for n in range(start, min(start + PRODUCED_AT_ONCE, events))
            ]
        )
