"""What a restore checks and ends before it touches anything, without a broker or a database of its own."""

import json
import sys
from pathlib import Path

import psutil
import pytest

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


@pytest.mark.parametrize("damage", [{"files": None}, {"files": {"kafka": 3}}, {"release": 7}])
async def test_a_manifest_that_cannot_be_read_is_refused(folder: Path, tmp_path: Path, damage: dict):
    manifest = json.loads((folder / NAME).read_text())
    (folder / NAME).write_text(json.dumps(manifest | damage))
    with pytest.raises(BackupRefusedError, match="rusak"):
        await restore(State.at(tmp_path / "state"), folder, ["broker"], nothing)
