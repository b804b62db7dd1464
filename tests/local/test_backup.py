"""Backups of a broker and databases that run, brought back elsewhere."""

import json
import shutil
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from typer.testing import CliRunner

from bina_local import topics
from bina_local.access import admit
from bina_local.backup import take
from bina_local.cli import app
from bina_local.kafka import Kafka
from bina_local.manifest import NAME, BackupRefusedError, Manifest
from bina_local.postgres import Postgres
from bina_local.restore import PARTS, restore
from bina_local.running import RunLock
from bina_local.state import State

pytestmark = pytest.mark.kafka
TOPIC = topics.Topic("enrollment.enrollments", 2, 1, {"flush.messages": "1"})


def nothing(*_: object) -> None:
    """Nobody looks."""


async def write(kafka: Kafka, *values: bytes) -> None:
    async with AIOKafkaProducer(**kafka.cluster.client()) as producer:
        for value in values:
            await producer.send_and_wait(TOPIC.name, value, key=value)


async def read(kafka: Kafka) -> set[bytes]:
    found = set()
    async with AIOKafkaConsumer(
        TOPIC.name, **kafka.cluster.client(), auto_offset_reset="earliest"
    ) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while [p for p, end in ends.items() if await consumer.position(p) < end]:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found |= {record.value for record in records}
    return found


async def names(postgres: Postgres) -> list[str]:
    connection = await postgres.connect("evaluation")
    try:
        return [row["name"] for row in await connection.fetch("SELECT name FROM things ORDER BY 1")]
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def backed_up(tmp_path_factory) -> tuple[Path, State]:
    """A backup taken from a running state, which went on afterwards."""
    state, folder = State.at(tmp_path_factory.mktemp("state")), tmp_path_factory.mktemp("backup") / "first"
    kafka, postgres = Kafka(state.root), Postgres(state.root)
    await kafka.start()
    await postgres.start()
    await admit(kafka.bootstrap, kafka.password)
    try:
        await topics.ensure(kafka.cluster, [TOPIC])
        await postgres.ensure_database("evaluation")
        connection = await postgres.connect("evaluation")
        await connection.execute("CREATE TABLE things (name text); INSERT INTO things VALUES ('kept')")
        await write(kafka, b"kept", b"kept too")
        state.save("ports", {"postgres": postgres.port, "kafka": kafka.port})
        with RunLock(state):
            await take(state, folder, nothing)
        await connection.execute("INSERT INTO things VALUES ('later')")
        await connection.close()
        await write(kafka, b"later")
    finally:
        await kafka.stop()
        await postgres.stop()
    return folder, state


async def test_what_was_backed_up_comes_back_and_nothing_later(backed_up, tmp_path: Path):
    folder, _ = backed_up
    state = State.at(tmp_path)
    await restore(state, folder, PARTS, nothing)
    kafka, postgres = Kafka(state.root), Postgres(state.root)
    await kafka.start()
    await postgres.start()
    await admit(kafka.bootstrap, kafka.password)
    try:
        assert await read(kafka) == {b"kept", b"kept too"}
        assert await names(postgres) == ["kept"]
        await write(kafka, b"new")
        assert b"new" in await read(kafka)
    finally:
        await kafka.stop()
        await postgres.stop()


async def test_one_part_comes_back_and_what_was_there_is_put_aside(backed_up):
    folder, state = backed_up
    await restore(state, folder, ["databases"], nothing)
    postgres, kafka = Postgres(state.root), Kafka(state.root)
    await postgres.start()
    await kafka.start()
    await admit(kafka.bootstrap, kafka.password)
    try:
        assert await names(postgres) == ["kept"]
        assert b"later" in await read(kafka)
    finally:
        await postgres.stop()
        await kafka.stop()
    assert list(state.root.glob("postgres.2*"))


async def test_a_stopped_bina_is_backed_up_too(backed_up, tmp_path: Path):
    _, state = backed_up
    manifest = await take(state, tmp_path / "second", nothing)
    assert manifest.parts == ["databases", "broker"]
    assert Manifest.read(tmp_path / "second") == manifest


async def test_a_damaged_or_newer_backup_is_refused(backed_up, tmp_path: Path):
    folder, _ = backed_up
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    log = next(p for p in copy.rglob("*.log") if p.stat().st_size)
    log.write_bytes(log.read_bytes()[:-1] + b"!")
    with pytest.raises(BackupRefusedError, match=f"{log.name} berubah"):
        await restore(State.at(tmp_path / "a"), copy, PARTS, nothing)
    log.unlink()
    with pytest.raises(BackupRefusedError, match="hilang"):
        await restore(State.at(tmp_path / "a"), copy, PARTS, nothing)
    manifest = json.loads((copy / NAME).read_text())
    (copy / NAME).write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(BackupRefusedError, match="lebih baru"):
        await restore(State.at(tmp_path / "a"), copy, PARTS, nothing)
    (copy / NAME).unlink()
    with pytest.raises(BackupRefusedError, match="tidak ada"):
        await restore(State.at(tmp_path / "a"), copy, PARTS, nothing)
    assert not (tmp_path / "a" / "postgres").exists()


def test_a_backup_overwrites_nothing(backed_up, tmp_path: Path):
    _, state = backed_up
    (tmp_path / "mine").write_text("x")
    found = CliRunner().invoke(app, ["backup", str(tmp_path), "--state", str(state.root)])
    assert found.exit_code == 1
    assert "tidak kosong" in found.output
