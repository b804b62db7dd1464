"""A worker that works off an order and stops in the middle of a chunk, to be killed there: URL, number of chunk."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from bina.messaging.database import create_engine, sessions
from bina.messaging.intake import Intake
from bina.messaging.redrives import Redriver
from messaging import toy


async def main(url: str, fatal: int) -> None:
    make = sessions(create_engine(url))
    reactions = toy.service.reactions(demo=True)
    redriver = Redriver(make, Intake(make, reactions))
    react, day = reactions.react, datetime.now(UTC) + timedelta(days=1)

    async def stopping(contract, events, session):
        told = await react(contract, events, session)
        sys.stdout.write("in the middle\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
        return told

    for chunk in range(1, fatal + 1):
        if chunk == fatal:
            reactions.react = stopping
        await redriver.step(day + timedelta(days=chunk))


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
