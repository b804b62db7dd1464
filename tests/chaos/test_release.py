"""A column is renamed while commands go on: expand, backfill, move, contract, worker by worker."""

from pathlib import Path

import pytest

from chaos.driver import Load
from chaos.rig import Plan, run

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]
LOAD = Load(seed=3, seconds=100, per_second=3, crowd_every=12)
"""At most so long: it ends with the rollout."""


async def test_a_schema_changes_under_load_and_nothing_is_lost(tmp_path: Path):
    report = await run(LOAD, tmp_path, Plan(kills=False, release=True))
    assert report.counts["releases rolled out"] == 3
    assert report.is_green, report.table()
