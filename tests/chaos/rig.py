"""The kill rig: load from outside, sabotage, rest, comparison."""

import asyncio
import logging
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bina_local.addresses import SERVICES
from chaos import asked, mailing, releasing, slipped, travelled
from chaos.counting import Counts
from chaos.draining import drain
from chaos.driver import AGENCIES, Driver, Load
from chaos.findings import find
from chaos.journal import Journal
from chaos.observing import Row, observe
from chaos.releasing import Rollout
from chaos.report import Report, report
from chaos.saboteur import Saboteur
from chaos.stage import Stage

CHECKS = (*asked.CHECKS, *travelled.CHECKS, *slipped.CHECKS, *mailing.CHECKS, *releasing.CHECKS)
PATIENCE = 180.0
"""Seconds that stories may take to end, and then work to be done, after the last act; a busy machine needs them."""
LEASE_SECONDS = 300.0
"""How long the mails wait that a worker had in hand who never comes back under its number."""
FIRST_ROWS = 4.0
"""Seconds of load before a short run's rollout: rows that are there already are what a backfill is for."""
WIDE = 120.0
"""From so many seconds of load on there are acts too that take half a minute, or whose end takes most of one."""


@dataclass(frozen=True)
class Plan:
    """What is done to Bina besides the load. `planted`: what each service finds in its environment.

    `kills`: whether parts die; `release`: whether a schema changes meanwhile, by a rollout of three releases.
    """

    planted: Mapping[str, str] = field(default_factory=dict)
    kills: bool = True
    release: bool = False


async def run(load: Load, folder: Path, plan: Plan = Plan()) -> Report:
    """One run in an empty folder, which keeps journal, logs and report."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is the point
    journal = Journal(folder / "journal.jsonl")
    stage = Stage(folder / "bina", journal, plan.planted)
    try:
        await stage.start(AGENCIES)
        counts = Counts({name: stage.bina.addresses.ports[name] for name in SERVICES})
        counts.start()
        await _act(load, plan, stage, journal)
        left, held = await _rest(load, stage)
        await counts.close()
        began = time.monotonic()
        observed = await observe(stage.kafka.cluster, stage.postgres, journal.path, AGENCIES, left)
        observed.held = held
    finally:
        await stage.stop()
        journal.close()
    findings = find(CHECKS, observed)
    own = {"compared in seconds": int(time.monotonic() - began), **_own_needs()}
    done = report(observed, load, findings, folder, counts.total, own)
    done.save()
    return done


async def _act(load: Load, plan: Plan, stage: Stage, journal: Journal) -> None:
    """Load, kills and rollout, side by side; a short run's load ends with its rollout."""
    driver = Driver(stage.bina, journal, load)
    await driver.prepare()
    wide = load.seconds >= WIDE
    saboteur = Saboteur(stage, journal, load.seed, wide=wide)
    try:
        async with asyncio.timeout(load.seconds + PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(driver.run())
            if plan.kills:
                group.create_task(saboteur.run(load.seconds))
            if plan.release:
                await Rollout(stage, journal).run(load.seconds / 3 if wide else FIRST_ROWS)
                driver.ends = not wide
    except TimeoutError:
        journal.write("out of time")
    finally:
        await driver.close()


async def _rest(load: Load, stage: Stage) -> tuple[dict[str, Any], dict[str, list[Row]]]:
    """Wait until all is done but what an operator must see to, then be the operator; gives (left, held before)."""
    patience = LEASE_SECONDS + PATIENCE if load.seconds >= WIDE else PATIENCE
    left = await drain(stage.bina, stage.postgres, patience)
    held = await slipped.look(stage.postgres)
    if not left:
        await slipped.discard(stage.bina, held)
        left = await drain(stage.bina, stage.postgres, PATIENCE)
    return left, held


def _own_needs() -> dict[str, int]:
    """What this very process needed: driver, lines, letterbox and comparison."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "rig's CPU seconds": int(used.ru_utime + used.ru_stime),
        "rig's memory in MiB": used.ru_maxrss // 1024,
    }
