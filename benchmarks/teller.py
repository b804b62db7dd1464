"""The process that commits: `python -m benchmarks.teller URL KAFKA`.

Says `ready` once its prelude is told. Each line that it hears is a load: COUNT START [FACTS PER_SECOND]. Without a rate
it commits one fact at a time, with one it begins a command of so many facts at each turn. Then it says, as JSON, when
each fact was committed or when its turn was, in seconds of the machine's monotonic clock.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import uvloop

from bina.events import Event
from bina.messaging import Runtime, emit
from bina.messaging.cluster import Cluster

from .latency import PAUSE_SECONDS, runtime
from .loaded import pace
from .scenarios import LATENCY


async def main(url: str, servers: str, user: str, password: str) -> None:
    """Tell the prelude, then every load that is asked for."""
    teller = await runtime(LATENCY.teller, url, Cluster(servers, user, password))
    await _tell(teller, LATENCY.prelude())
    while (await teller.status()).outbox["depth"]:  # noqa: ASYNC110 - the broker decides
        await asyncio.sleep(0.1)
    _say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        count, start, *rate = line.split()
        events = LATENCY.load(int(count), int(start))
        _say(json.dumps(await _tell_all(teller, events, *rate)))
    await teller.stop()


async def _tell_all(
    teller: Runtime, events: Sequence[Event], facts: str = "", per_second: str = ""
) -> dict[str, float]:
    if per_second:
        return await _by_turns(teller, events, int(facts), float(per_second))
    return await _one_by_one(teller, events)


async def _one_by_one(teller: Runtime, events: Sequence[Event]) -> dict[str, float]:
    committed: dict[str, float] = {}
    for event in events:
        await _tell(teller, [event])
        committed[event.key] = time.monotonic()
        await asyncio.sleep(PAUSE_SECONDS)
    return committed


async def _by_turns(
    teller: Runtime, events: Sequence[Event], facts: int, per_second: float
) -> dict[str, float]:
    turns: dict[str, float] = {}

    async def begin(number: int, turn: float) -> None:
        told = events[number * facts : (number + 1) * facts]
        turns.update(dict.fromkeys((event.key for event in told), turn))
        await _tell(teller, told)

    await pace(len(events) // facts, per_second, begin)
    return turns


async def _tell(teller: Runtime, events: Sequence[Event]) -> None:
    async with teller.transaction() as session:
        await emit(session, events)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
