"""The samples' reference world as facts."""

import json
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from enrollment.imports import ExistingResult, Kind, PersonFact, Register, RunFact, Scope

SAMPLES = Path(__file__).parents[2] / "samples"
RESULT = {"Lulus": "passed", "Tidak Lulus": "failed", "Mengundurkan Diri": "withdrawn"}


@cache
def world() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((SAMPLES / "world.json").read_text("utf-8"))
    return raw


AS_OF = date.fromisoformat(world()["as_of"])


def scope(agency: str, kind: Kind) -> Scope:
    return Scope(agency, frozenset(world()["uploaders"][agency][kind.right]))


@cache
def register() -> Register:
    return Register(
        people={p["nip"]: PersonFact(p["agency"], p["supervisor"]) for p in world()["asn"]},
        runs={r["code"]: _run(r) for r in world()["runs"]},
        enrolments=frozenset((e["nip"], e["run"]) for e in world()["enrolments"]),
        results={(r["nip"], r["run"]): _result(r) for r in world()["results"]},
        agencies=frozenset(a["code"] for a in world()["agencies"]),
    )


def _run(raw: dict[str, Any]) -> RunFact:
    jp = {p["code"]: p["jp"] for p in world()["programmes"]}
    return RunFact(
        code=raw["code"],
        organiser=raw["agency"],
        open_to=frozenset(raw["open_to"]),
        start=date.fromisoformat(raw["start"]),
        status=raw["status"],
        seats_left=max(raw["quota"] - raw["enrolled"], 0),
        programme_jp=jp[raw["programme"]],
    )


def _result(raw: dict[str, Any]) -> ExistingResult:
    return ExistingResult(
        result=RESULT[raw["status"]],
        completed_on=date.fromisoformat(raw["completed_on"]),
        jp=raw["jp"],
        pre_score=None if raw["pre"] is None else Decimal(str(raw["pre"])),
        post_score=None if raw["post"] is None else Decimal(str(raw["post"])),
        certificate_number=raw["certificate"],
    )
