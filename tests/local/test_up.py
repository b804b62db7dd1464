import json
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from bina_local.addresses import SERVICES
from bina_local.ports import any_free

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

BINA = Path(sysconfig.get_path("scripts")) / "bina"
PARTS = {"kafka", "postgres", "gateway", "template", *SERVICES}
SECONDS = 60


def bina(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BINA, *arguments], capture_output=True, text=True, timeout=240, check=False)


@dataclass
class Up:
    """A `bina up` that says it is ready, and what it said until then."""

    process: subprocess.Popen[str]
    said: str

    @property
    def url(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said)
        assert found, self.said
        return found[0]


def start(state: Path, *arguments: str) -> Up:
    command = [str(BINA), "up", "--empty", "--state", str(state), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C menghentikan" in line:
            return Up(process, said)
    raise AssertionError(said)


def children(state: Path) -> dict[str, psutil.Process]:
    return {
        file.stem: psutil.Process(json.loads(file.read_text())["pid"]) for file in state.glob("run/*.pid")
    }


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def first(state: Path) -> Iterator[tuple[Up, dict[str, psutil.Process]]]:
    """A start that was killed without warning, and the children it had."""
    up = start(state, "--port", str(any_free()))
    had = children(state)
    up.process.kill()
    up.process.wait()
    assert up.process.stdout
    up.process.stdout.close()
    yield up, had
    bina("down", "--state", str(state))


@pytest.fixture(scope="module")
def second(state: Path, first: tuple[Up, dict[str, psutil.Process]]) -> Iterator[Up]:
    up = start(state)
    yield up
    up.process.terminate()
    up.process.communicate(timeout=SECONDS)


def test_a_killed_bina_leaves_no_orphan_once_the_next_one_runs(first, second: Up):
    assert set(first[1]) == PARTS
    assert [name for name, process in first[1].items() if process.is_running()] == []


def test_the_next_start_has_the_same_address(first, second: Up):
    assert second.url == first[0].url


def test_everything_answers_behind_one_address(second: Up):
    for path in ("/", "/mailbox"):
        assert httpx.get(second.url + path).status_code == 200


def test_status_names_every_part(second: Up, state: Path):
    found = json.loads(bina("status", "--json", "--state", str(state)).stdout)
    assert {name: status["ready"] for name, status in found["services"].items()} == dict.fromkeys(
        SERVICES, True
    )
    assert set(found["memory_bytes"]) == {"bina up", *PARTS}


def test_a_second_bina_on_the_same_state_is_refused(second: Up, state: Path):
    refused = bina("up", "--state", str(state))
    assert refused.returncode == 1
    assert "sudah berjalan" in refused.stderr


def test_the_clock_is_followed_by_every_service(second: Up, state: Path):
    moved = bina("clock", "advance", "180d", "--state", str(state))
    assert "Semua layanan mengikuti" in moved.stdout, moved.stderr


def test_down_stops_it_in_order(second: Up, state: Path):
    had = children(state)
    assert bina("down", "--state", str(state)).returncode == 0
    said, _ = second.process.communicate(timeout=SECONDS)
    assert second.process.returncode == 0
    assert "Data tetap ada" in said
    assert [name for name, process in had.items() if process.is_running()] == []
