"""The kill rig: load from outside, sabotage, rest, comparison."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from chaos import asked, travelled
from chaos.draining import drain
from chaos.driver import AGENCIES, Driver, Load
from chaos.findings import find
from chaos.journal import Journal
from chaos.observing import observe
from chaos.report import Report, report
from chaos.saboteur import Saboteur
from chaos.stage import Stage

CHECKS = (*asked.CHECKS, *travelled.CHECKS)
PATIENCE = 90.0
"""Seconds that stories may take to end, and then work to be done, after the last act."""
LEASE_SECONDS = 300.0
"""How long the mails wait that a worker had in hand who never comes back under its number."""
WIDE = 120.0
"""From so many seconds of load on there are acts too that take half a minute, or whose end takes most of one."""


async def run(
    load: Load, folder: Path, planted: Mapping[str, str] | None = None, *, calm: bool = False
) -> Report:
    """One run in an empty folder, which keeps journal, logs and report. `calm`: nothing is killed."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is the point
    journal = Journal(folder / "journal.jsonl")
    stage = Stage(folder / "bina", journal, planted)
    try:
        bina = await stage.start(AGENCIES)
        driver = Driver(bina, journal, load)
        await driver.prepare()
        saboteur = Saboteur(stage, journal, load.seed, wide=load.seconds >= WIDE)
        sabotage = asyncio.create_task(saboteur.run(0 if calm else load.seconds))
        try:
            async with asyncio.timeout(load.seconds + PATIENCE):
                await asyncio.gather(driver.run(), sabotage)
        except TimeoutError:
            journal.write("out of time")
        finally:
            await driver.close()
        patience = LEASE_SECONDS + PATIENCE if load.seconds >= WIDE else PATIENCE
        left = await drain(bina, stage.postgres, patience)
        observed = await observe(stage.kafka.bootstrap, stage.postgres, journal.path, left, AGENCIES)
    finally:
        await stage.stop()
        journal.close()
    done = report(observed, load, find(CHECKS, observed), folder)
    done.save()
    return done
