import asyncio
import json
import re
import subprocess
import sysconfig
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from bina.messaging.cluster import Cluster
from bina_local.addresses import SERVICES
from bina_local.context import Context
from bina_local.ports import any_free

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

BINA = Path(sysconfig.get_path("scripts")) / "bina"
PARTS = {"kafka", "postgres", "gateway", "identity", "template", *SERVICES}
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


def lives(process: psutil.Process) -> bool:
    """One that ended and that nobody has waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Asking:
    """Asks for a page again and again until told to end.

    Each time over a line of its own: one that is kept may be closed the moment it is asked over again.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._enough = threading.Event()
        self._statuses: list[int] = []
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        while not self._enough.is_set():
            self._statuses.append(httpx.get(self._url, timeout=SECONDS).status_code)

    def end(self) -> list[int]:
        self._enough.set()
        self._thread.join()
        return self._statuses


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
    assert [name for name, process in first[1].items() if lives(process)] == []


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


def passwords(said: str) -> list[str]:
    return re.findall(r"password=(\S+)", said)


async def test_an_agency_is_told_its_password_once_and_another_when_it_asks(second: Up, state: Path):
    add = ("agency", "add", "KOTA-X", "Kota X", "--state", str(state))
    said, again, renewed = [await asyncio.to_thread(bina, *add, *more) for more in ((), (), ("--renew",))]
    assert (said.returncode, again.returncode, renewed.returncode) == (0, 0, 0), said.stderr + renewed.stderr
    assert "username=agency.KOTA-X" in said.stdout
    [first_password], [other_password] = passwords(said.stdout), passwords(renewed.stdout)
    assert passwords(again.stdout) == []
    assert "--renew" in again.stdout
    broker = Context.of(state).kafka.servers
    async with AIOKafkaProducer(**Cluster(broker, "agency.KOTA-X", other_password).client()) as producer:
        await producer.send_and_wait("agency.enrollments.KOTA-X", b"{}", key=b"k")
    with pytest.raises(KafkaConnectionError):
        await refused(AIOKafkaProducer(**Cluster(broker, "agency.KOTA-X", first_password).client()))


async def refused(producer: AIOKafkaProducer) -> None:
    try:
        await producer.start()
    finally:
        await producer.stop()


def test_one_agency_does_not_write_anothers_topic(second: Up, state: Path, tmp_path: Path):
    for code in ("KOTA-Y", "KOTA-Z"):
        assert bina("agency", "add", code, code, "--state", str(state)).returncode == 0
    file = tmp_path / "raw.jsonl"
    file.write_text('{"topic": "agency.enrollments.KOTA-Z", "key": "k", "value_base64": "e30="}')
    raw = ("publish", "--raw", str(file), "--state", str(state), "--agency")
    assert "1 rekaman ditulis" in bina(*raw, "KOTA-Z").stdout
    foreign = bina(*raw, "KOTA-Y")
    assert (foreign.returncode, "Kafka menolak" in foreign.stderr) == (1, True), foreign.stderr
    unknown = bina(*raw, "KOTA-W")
    assert (unknown.returncode, "bina agency add KOTA-W" in unknown.stderr) == (1, True), unknown.stderr


def workers(state: Path) -> dict[str, tuple[int, int]]:
    services = json.loads(bina("status", "--json", "--state", str(state)).stdout)["services"]
    return {
        name: (status["workers"]["ready"], status["workers"]["asked"]) for name, status in services.items()
    }


def settled(state: Path, wanted: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The workers once they are as wanted: a group that is being assigned anew is not ready for a moment."""
    until = time.monotonic() + SECONDS
    while (found := workers(state)) != wanted and time.monotonic() < until:
        time.sleep(0.2)
    return found


def test_a_service_has_as_many_workers_as_asked(second: Up, state: Path):
    grown = bina("scale", "evaluation", "2", "--state", str(state))
    assert (grown.returncode, "evaluation: 2 pekerja" in grown.stdout) == (0, True), grown.stderr
    each = dict.fromkeys(SERVICES, (1, 1))
    more = each | {"evaluation": (2, 2)}
    assert settled(state, more) == more
    assert set(children(state)) == PARTS | {"evaluation-1"}
    assert httpx.get(second.url + "/evaluation/x").status_code == 404
    shrunk = bina("scale", "evaluation", "1", "--state", str(state))
    assert shrunk.returncode == 0, shrunk.stderr
    assert set(children(state)) == PARTS
    assert settled(state, each) == each


def test_a_restart_gives_a_service_a_new_process_without_a_pause(second: Up, state: Path):
    before = children(state)
    asking = Asking(second.url + "/masuk")
    restarted = bina("restart", "enrollment", "--state", str(state))
    statuses = asking.end()
    after = children(state)
    assert restarted.returncode == 0, restarted.stderr
    assert after["enrollment"].pid != before["enrollment"].pid
    assert {name for name in PARTS if after[name].pid != before[name].pid} == {"enrollment"}
    assert (len(statuses) > 1, set(statuses)) == (True, {200})


def test_what_cannot_be_scaled_is_refused(second: Up, state: Path, tmp_path: Path):
    unknown = bina("scale", "kafka", "2", "--state", str(state))
    assert (unknown.returncode, "tidak dikenal" in unknown.stderr) == (1, True)
    nobody = bina("restart", "--state", str(tmp_path))
    assert (nobody.returncode, "bina up" in nobody.stderr) == (1, True)


def test_a_killed_worker_comes_back(second: Up, state: Path):
    before = children(state)["assessment"]
    before.kill()
    psutil.wait_procs([before], timeout=SECONDS)
    answer = httpx.get(second.url + "/assessment/x", timeout=SECONDS)
    while answer.status_code == 503:
        answer = httpx.get(second.url + "/assessment/x", timeout=SECONDS)
    assert children(state)["assessment"].pid != before.pid


def test_down_stops_it_in_order(second: Up, state: Path):
    had = children(state)
    assert bina("down", "--state", str(state)).returncode == 0
    said, _ = second.process.communicate(timeout=SECONDS)
    assert second.process.returncode == 0
    assert "Data tetap ada" in said
    assert [name for name, process in had.items() if lives(process)] == []
