"""The process that commits: `python -m benchmarks.teller URL KAFKA COMMANDS [FACTS PER_SECOND]`.

Says `ready` once its prelude is told. Without a rate it commits one command at a time and prints each one's key and
when it was committed, in seconds of the machine's monotonic clock. With one it begins a command of so many facts at
each turn and prints at the end, as JSON, when each fact's turn was.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import uvloop

from bina.events import Event
from bina.messaging import Runtime, emit

from .latency import PAUSE_SECONDS, runtime
from .loaded import pace
from .scenarios import LATENCY


async def main(url: str, kafka: str, commands: str, facts: str = "", per_second: str = "") -> None:
    """Tell the prelude, wait for the word to go, tell the load."""
    teller = await runtime(LATENCY.teller, url, kafka)
    await _tell(teller, LATENCY.prelude())
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    if per_second:
        await _by_turns(teller, int(commands), int(facts), float(per_second))
    else:
        await _one_by_one(teller, int(commands))
    await asyncio.to_thread(sys.stdin.readline)
    await teller.stop()


async def _one_by_one(teller: Runtime, commands: int) -> None:
    for event in LATENCY.load(commands):
        await _tell(teller, [event])
        _say(f"{event.key} {time.monotonic():.6f}")
        await asyncio.sleep(PAUSE_SECONDS)


async def _by_turns(teller: Runtime, commands: int, facts: int, per_second: float) -> None:
    events = LATENCY.load(commands * facts)
    turns: dict[str, float] = {}

    async def begin(number: int, turn: float) -> None:
        told = events[number * facts : (number + 1) * facts]
        turns.update(dict.fromkeys((event.key for event in told), turn))
        await _tell(teller, told)

    await pace(commands, per_second, begin)
    _say(json.dumps(turns))


async def _tell(teller: Runtime, events: Sequence[Event]) -> None:
    async with teller.transaction() as session:
        await emit(session, events)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
