"""The audit of what is locked: red for a known vulnerability, aloud but not red where nobody could be asked."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import pytest

CI = Path(__file__).parents[2] / ".ci"
TODAY = date(2026, 11, 23)
LOCK = "idna==3.6 --hash=sha256:" + "0" * 64 + "\njinja2==3.1.6 --hash=sha256:" + "1" * 64 + "\n"
ADVISORY = {
    "id": "PYSEC-2024-60",
    "summary": "Slow for crafted names",
    "aliases": ["CVE-2024-3651"],
    "affected": [
        {
            "package": {"name": "idna", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.7"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """A database of advisories that knows one."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {"vulns": [ADVISORY]} if asked["package"]["name"] == "idna" else {}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(known).encode())

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", CI / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def database() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.txt"
    path.write_text(LOCK)
    return path


def accepted(audit: ModuleType, id_: str, until: str = "2026-12-31") -> dict:
    return audit.acceptances(f'[[accepted]]\nid = "{id_}"\nreason = "No names are read."\nuntil = {until}\n')


def test_a_known_vulnerability_is_red_until_it_is_accepted(audit: ModuleType, lock: Path, database: str):
    report = audit.examined([lock], "-s", "osv", "--osv-url", database)
    verdict = audit.judge(report, {}, TODAY)
    assert verdict.wrong == ["idna 3.6: PYSEC-2024-60, mended in 3.7"]
    assert verdict.unexamined == []
    for id_ in ("PYSEC-2024-60", "CVE-2024-3651"):
        assert audit.judge(report, accepted(audit, id_), TODAY).wrong == []
    assert audit.judge(report, accepted(audit, "CVE-2020-1"), TODAY).wrong == verdict.wrong


def test_an_acceptance_ends(audit: ModuleType):
    assert audit.judge(
        {"dependencies": []}, accepted(audit, "CVE-2024-3651", until="2026-11-22"), TODAY
    ).wrong == ["acceptance of CVE-2024-3651 ended on 2026-11-22"]


@pytest.mark.parametrize(
    "entry",
    ['id = "A"\nuntil = 2026-12-31', 'id = "A"\nreason = "b"', 'id = "A"\nreason = " "\nuntil = 2026-12-31'],
)
def test_an_acceptance_needs_a_reason_and_a_day(audit: ModuleType, entry: str):
    with pytest.raises((TypeError, ValueError)):
        audit.acceptances(f"[[accepted]]\n{entry}\n")


def test_a_database_that_is_away_is_no_clean_bill(audit: ModuleType, lock: Path):
    assert audit.examined([lock], "-s", "osv", "--osv-url", "http://127.0.0.1:9/") is None


def test_packages_that_could_not_be_looked_up_are_told(audit: ModuleType):
    report = {
        "dependencies": [
            {"name": "a", "skip_reason": "not found"},
            {"name": "b", "version": "1", "vulns": []},
        ]
    }
    assert audit.judge(report, {}, TODAY).unexamined == ["a"]


def test_what_is_accepted_now_is_whole(audit: ModuleType):
    audit.acceptances(audit.ACCEPTED.read_text())


def test_a_bill_names_what_a_lock_does(audit: ModuleType, lock: Path, tmp_path: Path):
    audit.write_bill(lock, tmp_path / "bill.json")
    bill = json.loads((tmp_path / "bill.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert [part["purl"] for part in bill["components"]] == ["pkg:pypi/idna@3.6", "pkg:pypi/jinja2@3.1.6"]
