"""Known vulnerabilities of what the locks name, and a bill of materials per lock; `make audit`.

Red for a vulnerability that nobody accepted, and for an acceptance that has run out. An advisory database that cannot
be reached says nothing about the code, so it turns no build red: it is told aloud, with how many packages went
unexamined. `BINA_AUDIT=strict` makes it red too, for what is released.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from pip_requirements_parser import InstallRequirement, RequirementsFile

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
LOCKS = ("dev", "uv")
"""Together they name all that any lock does."""
ACCEPTED = ROOT / ".ci" / "accepted-advisories.toml"
SBOM = ROOT / "build" / "sbom"


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


def write_bill(lock: Path, target: Path) -> None:
    """A CycloneDX document of a lock: what an image or an installation is made of."""
    named = RequirementsFile.from_file(str(lock)).requirements
    bill = Bom(components=[_component(package) for package in named])
    JsonV1Dot6(bill).output_to_file(str(target), allow_overwrite=True, indent=1)


def _component(package: InstallRequirement) -> Component:
    (version,) = (pin.version for pin in package.specifier)
    return Component(
        name=package.name,
        version=version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", name=package.name, version=version),
    )


def main() -> int:
    """0: nothing wrong; 1: vulnerable, or an acceptance ran out; 2: strict, and not all could be examined."""
    SBOM.mkdir(parents=True, exist_ok=True)
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        write_bill(lock, SBOM / f"{lock.stem}.cdx.json")
    accepted, today = acceptances(ACCEPTED.read_text()), datetime.now(UTC).date()
    report = examined([ROOT / "locks" / f"{name}.txt" for name in LOCKS])
    verdict = judge(report or {"dependencies": []}, accepted, today)
    for line in verdict.wrong:
        print(f"audit: {line}")
    if report is None or verdict.unexamined:
        missing = len(verdict.unexamined) if report else "all"
        print(
            f"audit: NOT EXAMINED, the advisory database did not answer: {missing} packages", file=sys.stderr
        )
    else:
        print(f"audit: {len(report['dependencies'])} packages examined, {len(verdict.wrong)} findings")
    if verdict.wrong:
        return 1
    strict = os.environ.get("BINA_AUDIT") == "strict"
    return 2 if strict and (report is None or verdict.unexamined) else 0


if __name__ == "__main__":
    sys.exit(main())
