"""The short form: one round of kills, frozen processes and broken lines, as far as its time goes."""

from pathlib import Path

import pytest

from chaos.driver import Load
from chaos.rig import run
from chaos.saboteur import KILL

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]
SHORT = Load(seed=11, seconds=60, per_second=6, poison=0.03, crowd_every=20)


async def test_nothing_is_lost_doubled_or_stuck_whatever_dies(tmp_path: Path):
    report = await run(SHORT, tmp_path)
    assert report.counts["poison among them"] > 0
    assert sum(act.startswith(KILL) for act in report.acts) >= 4
    assert report.is_green, report.table()
