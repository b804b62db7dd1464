"""The audit of what is locked: red for a known vulnerability, aloud but not red where nobody could be asked."""

import importlib.util
import json
import re
import threading
import tomllib
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType

import pytest
from packaging.utils import canonicalize_name

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


LOG4J = "org.apache.logging.log4j:log4j-core"
OF_A_JAR = {
    "id": "GHSA-jfh8-c2jp-5v3q",
    "aliases": ["CVE-2021-44228"],
    "affected": [
        {
            "package": {"name": LOG4J, "ecosystem": "Maven"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "c77b3cb"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "2.13.0"}, {"fixed": "2.15.0"}]},
            ],
        },
        {"package": {"name": "org.ops4j.pax.logging:pax-logging-log4j2", "ecosystem": "Maven"}},
    ],
}
AWAY = "org.example:not-to-be-had"
KNOWN = {
    ("PyPI", "idna", "3.6"): [ADVISORY],
    ("Maven", LOG4J, "2.14.1"): [
        OF_A_JAR,
        {**OF_A_JAR, "id": "GHSA-gone", "withdrawn": "2022-01-01T00:00:00Z"},
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """A database of advisories that knows one of a package and one of a jar."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        of = (asked["package"]["ecosystem"], asked["package"]["name"], asked["version"])
        known = {"vulns": KNOWN[of]} if of in KNOWN else {}
        self.send_response(503 if of[1] == AWAY else 200)
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


@pytest.fixture
def files(audit: ModuleType, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one package and one jar that are vulnerable; where its last line of the audit is."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "dev.txt").write_text(LOCK)
    (tmp_path / "jars.txt").write_text(f"{LOG4J}:2.14.1 {'2' * 64}\norg.yaml:snakeyaml:2.5 {'3' * 64}\n")
    for name, value in {
        "ROOT": tmp_path,
        "LOCKS": ("dev",),
        "JARS": ("jars.txt",),
        "EXAMINED_JARS": ("jars.txt",),
        "SBOM": tmp_path / "sbom",
        "STATE": tmp_path / "audit.txt",
    }.items():
        monkeypatch.setattr(audit, name, value)
    return tmp_path / "audit.txt"


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
    audit.write_bill(audit.packages_of(lock), tmp_path / "bill.json")
    bill = json.loads((tmp_path / "bill.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert [part["purl"] for part in bill["components"]] == ["pkg:pypi/idna@3.6", "pkg:pypi/jinja2@3.1.6"]


def test_the_last_line_of_a_run_says_whether_packages_were_examined(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(audit, "STATE", tmp_path / "audit.txt")
    monkeypatch.setattr(audit, "SBOM", tmp_path)
    said = []
    for report in ({"dependencies": [{"name": "idna", "skip_reason": "away"}]}, {"dependencies": []}):
        monkeypatch.setattr(audit, "examined_all", lambda _osv, found=report: found)
        assert audit.main() == 0
        said.append(audit.STATE.read_text())
    assert said == [
        "audit: NOT EXAMINED, the advisory database did not answer: 1 packages\n",
        "audit: 0 packages examined, 0 findings\n",
    ]
    assert "build/audit.txt" in (CI / "run").read_text()


def test_another_service_is_asked_about_packages_and_jars(
    audit: ModuleType, files: Path, database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("BINA_OSV_URL", database)
    assert audit.main() == 1
    assert files.read_text().splitlines() == [
        "audit: idna 3.6: PYSEC-2024-60, mended in 3.7",
        f"audit: {LOG4J} 2.14.1: GHSA-jfh8-c2jp-5v3q, mended in 2.15.0",
        "audit: 4 packages examined, 2 findings",
    ]


def test_jars_whose_database_is_away_are_told(audit: ModuleType, files: Path):
    jars = audit.examined_jars(audit.read_lock(files.parent / "jars.txt"), "http://127.0.0.1:9/")
    assert audit.judge({"dependencies": jars}, {}, TODAY).unexamined == [
        f"{LOG4J}:2.14.1",
        "org.yaml:snakeyaml:2.5",
    ]


def test_what_is_found_in_one_jar_stays_when_the_next_cannot_be_looked_up(
    audit: ModuleType, files: Path, database: str
):
    lock = files.parent / "jars.txt"
    lock.write_text(f"{AWAY}:1.0 {'1' * 64}\n{lock.read_text()}{AWAY}:2.0 {'4' * 64}\n")
    verdict = audit.judge({"dependencies": audit.examined_jars(audit.read_lock(lock), database)}, {}, TODAY)
    assert verdict.wrong == [f"{LOG4J} 2.14.1: GHSA-jfh8-c2jp-5v3q, mended in 2.15.0"]
    assert verdict.unexamined == [f"{AWAY}:1.0", f"{AWAY}:2.0"]


def test_jars_are_asked_about_where_packages_had_no_report(
    audit: ModuleType, files: Path, database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit, "examined", lambda *_asked: None)
    verdict = audit.judge(audit.examined_all(database), {}, TODAY)
    assert len(verdict.wrong) == 1
    assert verdict.unexamined == ["idna", "jinja2"]


def test_a_bill_names_jars_with_their_digests(audit: ModuleType, files: Path):
    audit.write_bill(audit.jars_of(files.parent / "jars.txt"), files.parent / "bill.json")
    first, _ = json.loads((files.parent / "bill.json").read_text())["components"]
    assert first["purl"] == "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
    assert first["hashes"] == [{"alg": "SHA-256", "content": "2" * 64}]


def test_every_lock_of_jars_has_a_bill(audit: ModuleType):
    root = CI.parent
    found = {
        path.relative_to(root).as_posix()
        for folder in ("deploy", "tests", "benchmarks", "shared", "services")
        for pattern in ("*-jars.txt", "*-dist.txt")
        for path in (root / folder).rglob(pattern)
    }
    assert found == set(audit.JARS)


def test_what_is_installed_is_locked():
    named = {
        canonicalize_name(name)
        for lock in (CI.parent / "locks").glob("*.txt")
        for name in re.findall(r"^([\w.-]+)", lock.read_text(), re.MULTILINE)
    }
    ours = {tomllib.loads(path.read_text())["project"]["name"] for path in packages()}
    assert {canonicalize_name(part.metadata["Name"]) for part in distributions()} - named == ours


def packages() -> list[Path]:
    return [
        path
        for where in ("shared/*", "services/*", "deploy/local")
        for path in CI.parent.glob(f"{where}/pyproject.toml")
    ]
