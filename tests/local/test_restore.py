"""What a restore checks and ends before it touches anything, without a broker or a database of its own."""

import json
import sys
import tarfile
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from bina_local.aside import replace
from bina_local.backup import postgres_version
from bina_local.cli import app
from bina_local.logcopy import copy_log
from bina_local.manifest import NAME, BackupRefusedError, Manifest, described
from bina_local.restore import restore
from bina_local.state import State


def nothing(*_: object) -> None:
    """Nobody looks."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A backup of a broker that holds one record."""
    data, folder = tmp_path / "data", tmp_path / "backup"
    (data / "enrollment.asn-0").mkdir(parents=True)
    (data / "enrollment.asn-0" / "0.log").write_bytes(b"record")
    folder.mkdir()
    copy_log(data, folder / "kafka", nothing)
    files = [path for path in folder.rglob("*") if path.is_file()]
    Manifest(["broker"], described(folder, files, nothing), "18").write(folder)
    return folder


def test_a_copied_log_is_its_owners_alone(folder: Path):
    assert (folder / "kafka").stat().st_mode & 0o077 == 0


async def test_who_an_earlier_run_left_behind_is_ended_first(folder: Path, tmp_path: Path):
    """A broker that ends later would write its own checkpoints into the log that came back."""
    state = State.at(tmp_path / "state")
    with psutil.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as left:
        note = {"pid": left.pid, "started": left.create_time(), "stop_signal": 15}
        state.save("run/kafka", note)
        (state.run / "kafka.json").rename(state.run / "kafka.pid")
        await restore(state, folder, ["broker"], nothing)
        ended = left.status() == psutil.STATUS_ZOMBIE
        left.kill()
    assert ended
    assert (state.root / "kafka" / "data" / "enrollment.asn-0" / "0.log").read_bytes() == b"record"


async def test_what_the_manifest_does_not_list_does_not_come_back(folder: Path, tmp_path: Path):
    state = State.at(tmp_path / "state")
    (folder / "kafka" / "enrollment.asn-0" / "1.log").write_bytes(b"slipped in")
    (folder / "kafka" / "slipped.in-0").mkdir()
    await restore(state, folder, ["broker"], nothing)
    data = state.root / "kafka" / "data"
    assert [str(p.relative_to(data)) for p in data.rglob("*")] == [
        "enrollment.asn-0",
        "enrollment.asn-0/0.log",
    ]


def databases(folder: Path, postgres: str) -> Path:
    """A backup of databases whose manifest lists one note and no more."""
    (folder / "postgres").mkdir(parents=True)
    for name in ("base", "pg_wal"):
        with tarfile.open(folder / "postgres" / f"{name}.tar.gz", "w:gz"):
            """Nothing in it."""
    for note in ("secrets", "demo", "slipped"):
        (folder / f"{note}.json").write_text("{}")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "slipped.json"]
    Manifest(["databases"], described(folder, files, nothing), postgres).write(folder)
    return folder


async def test_a_note_that_the_manifest_does_not_list_does_not_come_back(tmp_path: Path):
    state = State.at(tmp_path / "state")
    folder = databases(tmp_path / "backup", postgres_version())
    await restore(state, folder, ["databases"], nothing)
    assert ((state.root / "demo.json").exists(), (state.root / "slipped.json").exists()) == (True, False)


@pytest.mark.parametrize("name", ["postgres/base.tar.gz", "postgres/pg_wal.tar.gz", "secrets.json"])
async def test_databases_that_the_manifest_does_not_list_are_refused(tmp_path: Path, name: str):
    folder = databases(tmp_path / "backup", postgres_version())
    manifest = json.loads((folder / NAME).read_text())
    del manifest["files"][name]
    (folder / NAME).write_text(json.dumps(manifest))
    with pytest.raises(BackupRefusedError, match=name):
        await restore(State.at(tmp_path / "state"), folder, ["databases"], nothing)


@pytest.mark.parametrize("data", ["postgres", "kafka/data"])
def test_nothing_starts_between_two_folders_of_a_broken_restore(tmp_path: Path, data: str, monkeypatch):
    async def started(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("bina_local.commands.up._run", started)
    place = State.at(tmp_path).root / data
    aside, draft = place.with_name(f"{place.name}.20261122T010203"), place.with_name(f"{place.name}.new")
    for folder in (aside, draft):
        folder.mkdir(parents=True)
    refused = CliRunner().invoke(app, ["up", "--state", str(tmp_path)])
    assert (refused.exit_code, aside.name in refused.output) == (1, True)
    assert not isinstance(refused.exception, AssertionError)
    replace(draft, place)
    assert isinstance(CliRunner().invoke(app, ["up", "--state", str(tmp_path)]).exception, AssertionError)


async def test_a_manifest_lists_nothing_outside_its_backup(folder: Path, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"x")
    manifest = json.loads((folder / NAME).read_text())
    manifest["files"]["kafka/../../outside"] = described(tmp_path, [outside], nothing)["outside"]
    (folder / NAME).write_text(json.dumps(manifest))
    with pytest.raises(BackupRefusedError, match="rusak"):
        await restore(State.at(tmp_path / "state"), folder, ["broker"], nothing)


@pytest.mark.parametrize("damage", [{"files": None}, {"files": {"kafka": 3}}, {"release": 7}])
async def test_a_manifest_that_cannot_be_read_is_refused(folder: Path, tmp_path: Path, damage: dict):
    manifest = json.loads((folder / NAME).read_text())
    (folder / NAME).write_text(json.dumps(manifest | damage))
    with pytest.raises(BackupRefusedError, match="rusak"):
        await restore(State.at(tmp_path / "state"), folder, ["broker"], nothing)
