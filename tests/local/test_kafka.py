"""The embedded broker's own start."""

import uuid
from pathlib import Path

import pytest

from bina_local.kafka import Kafka, answers


@pytest.mark.kafka
async def test_any_cluster_id_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Its text form begins with a dash, which the formatting tool takes for an option if it can.
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID("fbefbefb-efbe-4fbe-bbef-befbefbefbef"))
    broker = Kafka(tmp_path)
    await broker.start()
    try:
        assert await answers(broker.port)
    finally:
        await broker.stop()
    properties = (tmp_path / "kafka" / "data" / "meta.properties").read_text()
    assert "cluster.id=-" in properties
