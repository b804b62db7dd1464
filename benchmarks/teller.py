"""The process that commits: `python -m benchmarks.teller URL KAFKA COMMANDS`.

Says `ready` once its prelude is told; then commits one command at a time and prints each one's key and when it was
committed, in seconds of the machine's monotonic clock.
"""

import asyncio
import sys
import time
from collections.abc import Sequence

from bina.events import Event
from bina.messaging import Runtime, emit

from .latency import PAUSE_SECONDS, runtime
from .scenarios import LATENCY


async def main(url: str, kafka: str, commands: str) -> None:
    """Tell the prelude, wait for the word to go, tell the load."""
    teller = await runtime(LATENCY.teller, url, kafka)
    await _tell(teller, LATENCY.prelude())
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    for event in LATENCY.load(int(commands)):
        await _tell(teller, [event])
        _say(f"{event.key} {time.monotonic():.6f}")
        await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.to_thread(sys.stdin.readline)
    await teller.stop()


async def _tell(teller: Runtime, events: Sequence[Event]) -> None:
    async with teller.transaction() as session:
        await emit(session, events)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
