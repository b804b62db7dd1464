"""Known vulnerabilities of what the locks name, packages and jars, and a bill of materials per lock; `make audit`.

Red for a vulnerability that nobody accepted, and for an acceptance that has run out. An advisory database that cannot
be reached says nothing about the code, so it turns no build red: it is told aloud, with how many packages went
unexamined. `BINA_AUDIT=strict` makes it red too, for what is released. `BINA_OSV_URL` names another OSV service, one's own
mirror where there is no internet; it is then asked about Python's packages, too, and not their index.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from pip_audit._service import OsvService
from pip_requirements_parser import InstallRequirement, RequirementsFile

from bina_local.jars import Jar, read_lock

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
LOCKS = ("dev", "uv")
"""Together they name all that any lock of Python's packages does."""
JARS = (
    "deploy/local/src/bina_local/kafka-jars.txt",
    "tests/events/kafka-tools-jars.txt",
    "tests/enrollment/keycloak-dist.txt",
    "tests/enrollment/verapdf-jars.txt",
    "benchmarks/peers/debezium-jars.txt",
)
EXAMINED_JARS = JARS[:1]
"""What Bina runs on; the others run for tests and benchmarks only, and have no more than a bill of materials."""
ACCEPTED = ROOT / ".ci" / "accepted-advisories.toml"
SBOM = ROOT / "build" / "sbom"
STATE = ROOT / "build" / "audit.txt"
"""What `.ci/run` says once more at its end: hours of tests lie between."""


@dataclass(frozen=True)
class Acceptance:
    """A vulnerability that stays until a day, and why."""

    id: str
    reason: str
    until: date


@dataclass(frozen=True)
class Verdict:
    """What is wrong, and which packages could not be examined."""

    wrong: list[str]
    unexamined: list[str]


def acceptances(text: str) -> dict[str, Acceptance]:
    """What is accepted, by id; raises TypeError or ValueError where an entry is not whole."""
    entries = [Acceptance(**entry) for entry in tomllib.loads(text).get("accepted", [])]
    for entry in entries:
        if not entry.reason.strip() or not isinstance(entry.until, date):
            raise ValueError(f"{entry.id}: needs a reason and a day")
    return {entry.id: entry for entry in entries}


def judge(report: Mapping[str, Any], accepted: Mapping[str, Acceptance], today: date) -> Verdict:
    """Weigh pip-audit's report: it says "no known vulnerabilities" of packages too that it could not look up."""
    packages = report["dependencies"]
    wrong = [f"acceptance of {a.id} ended on {a.until}" for a in accepted.values() if a.until < today]
    wrong += [line for package in packages for line in _vulnerable(package, accepted)]
    return Verdict(wrong, [package["name"] for package in packages if "skip_reason" in package])


def _vulnerable(package: Mapping[str, Any], accepted: Mapping[str, Acceptance]) -> Iterator[str]:
    for found in package.get("vulns", []):
        if not accepted.keys() & {found["id"], *found.get("aliases", [])}:
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {found['id']}, mended in {fixed}"


def examined(locks: Sequence[Path], *service: str) -> dict[str, Any] | None:
    """pip-audit's report about locks; None where it could not make one. `service`: another database's options."""
    files = [part for lock in locks for part in ("-r", str(lock))]
    how = ["--disable-pip", "--require-hashes", "--aliases", "on", "--progress-spinner", "off", "-f", "json"]
    done = subprocess.run(
        [BIN / "pip-audit", *files, *how, *service], capture_output=True, text=True, check=False
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return report


def examined_all(osv: str | None) -> dict[str, Any]:
    """Packages and jars in one report; `osv` is asked about both, or else the index and osv.dev."""
    service = ("-s", "osv", "--osv-url", osv) if osv else ()
    locks = [ROOT / "locks" / f"{name}.txt" for name in LOCKS]
    report = examined(locks, *service) or _unexamined(
        part.name for lock in locks for part in packages_of(lock)
    )
    jars = [jar for path in EXAMINED_JARS for jar in read_lock(ROOT / path)]
    report["dependencies"] += examined_jars(jars, osv or OsvService.DEFAULT_OSV_URL)
    return report


def _unexamined(names: Iterable[str]) -> dict[str, Any]:
    skipped = [{"name": name, "skip_reason": "no report"} for name in sorted(set(names))]
    return {"dependencies": skipped}


def examined_jars(jars: Sequence[Jar], osv: str) -> list[dict[str, Any]]:
    """What an OSV service knows about jars, in the shape of pip-audit's report. What was found stays found when the next
    jar cannot be looked up; of a service that is away no more is asked."""
    found: list[dict[str, Any]] = []
    with httpx.Client(timeout=15) as client:
        for jar in jars:
            try:
                found.append(_examined_jar(jar, client, osv))
            except httpx.TransportError as error:
                return found + [_skipped(left, error) for left in jars[len(found) :]]
            except (httpx.HTTPError, ValueError) as error:
                found.append(_skipped(jar, error))
    return found


def _skipped(jar: Jar, error: Exception) -> dict[str, Any]:
    return {"name": str(jar), "skip_reason": str(error)}


def _examined_jar(jar: Jar, client: httpx.Client, osv: str) -> dict[str, Any]:
    name = f"{jar.group}:{jar.artifact}"
    asked = {"package": {"name": name, "ecosystem": "Maven"}, "version": jar.version}
    answer = client.post(osv, json=asked).raise_for_status().json()
    found = [advisory for advisory in answer.get("vulns", []) if "withdrawn" not in advisory]
    return {"name": name, "version": jar.version, "vulns": [_advisory(name, each) for each in found]}


def _advisory(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    ranges = [
        span
        for part in found.get("affected", [])
        if part.get("package", {}).get("name") == name
        for span in part.get("ranges", [])
        if span["type"] == "ECOSYSTEM"
    ]
    fixed = [event["fixed"] for span in ranges for event in span["events"] if "fixed" in event]
    return {"id": found["id"], "aliases": found.get("aliases", []), "fix_versions": fixed}


def write_bill(parts: Iterable[Component], target: Path) -> None:
    """A CycloneDX document of a lock: what an image or an installation is made of."""
    JsonV1Dot6(Bom(components=parts)).output_to_file(str(target), allow_overwrite=True, indent=1)


def packages_of(lock: Path) -> list[Component]:
    """What a lock of Python's packages names."""
    return [_component(package) for package in RequirementsFile.from_file(str(lock)).requirements]


def jars_of(lock: Path) -> list[Component]:
    """What a lock of jars names."""
    return [_jar_component(jar) for jar in read_lock(lock)]


def _jar_component(jar: Jar) -> Component:
    return Component(
        group=jar.group,
        name=jar.artifact,
        version=jar.version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("maven", jar.group, jar.artifact, jar.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=jar.sha256)],
    )


def _component(package: InstallRequirement) -> Component:
    (version,) = (pin.version for pin in package.specifier)
    return Component(
        name=package.name,
        version=version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", name=package.name, version=version),
    )


def state_of(report: Mapping[str, Any], verdict: Verdict) -> str:
    """What the audit came to, in a line."""
    if missing := len(verdict.unexamined):
        return f"NOT EXAMINED, the advisory database did not answer: {missing} packages"
    return f"{len(report['dependencies'])} packages examined, {len(verdict.wrong)} findings"


def main() -> int:
    """0: nothing wrong; 1: vulnerable, or an acceptance ran out; 2: strict, and not all could be examined."""
    SBOM.mkdir(parents=True, exist_ok=True)
    for lock in (ROOT / "locks").glob("*.txt"):
        write_bill(packages_of(lock), SBOM / f"{lock.stem}.cdx.json")
    for lock in (ROOT / path for path in JARS):
        write_bill(jars_of(lock), SBOM / f"{lock.stem}.cdx.json")
    accepted, today = acceptances(ACCEPTED.read_text()), datetime.now(UTC).date()
    report = examined_all(os.environ.get("BINA_OSV_URL"))
    verdict = judge(report, accepted, today)
    told = "\n".join(f"audit: {line}" for line in [*verdict.wrong, state_of(report, verdict)])
    STATE.write_text(f"{told}\n")
    print(told)
    if verdict.wrong:
        return 1
    strict = os.environ.get("BINA_AUDIT") == "strict"
    return 2 if strict and verdict.unexamined else 0


if __name__ == "__main__":
    sys.exit(main())
