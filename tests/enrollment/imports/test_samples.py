"""Every sample file against its expected outcome, exactly."""

import json
from collections import Counter
from typing import Any

import pytest

from enrollment.imports import Checked, FileRefused, Kind, judge, kind_of, read

from .sample_world import AS_OF, SAMPLES, register, scope

EXPECTATIONS = sorted(SAMPLES.glob("*.expected.json"))
COUNTS = ("rows_total", "accepted", "warned", "refused")


def outcome(path, expected: dict[str, Any]) -> dict[str, Any]:
    kind = Kind(expected["kind"])
    sheet = read(path.read_bytes(), path.name, kind)
    if isinstance(sheet, FileRefused):
        return {**dict.fromkeys(COUNTS, 0), "problems": multiset(sheet), "detected": sheet.detected}
    judged = judge(sheet, kind, AS_OF, scope(expected["uploader_agency"], kind), register())
    counts = {name: getattr(judged, name) for name in COUNTS}
    return {**counts, "problems": multiset(judged), "detected": judged.detected}


def multiset(judged: Checked | FileRefused) -> Counter[tuple[Any, ...]]:
    return Counter((p.row, p.column, p.code, str(p.severity)) for p in judged.problems)


def matches(actual: dict[str, Any], expected: dict[str, Any]) -> bool:
    wanted = Counter((p["row"], p["column"], p["code"], p["severity"]) for p in expected["problems"])
    counts = all(actual[name] == expected[name] for name in COUNTS)
    return counts and actual["problems"] == wanted


def test_there_are_samples_of_every_kind():
    kinds = {json.loads(p.read_text("utf-8"))["kind"] for p in EXPECTATIONS}
    assert kinds == {*Kind} - {Kind.SALDO_JP}  # the field's samples are of what agencies report


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda p: p.name.removesuffix(".expected.json"))
def test_a_sample_has_exactly_its_expected_outcome(expectation):
    expected = json.loads(expectation.read_text("utf-8"))
    actual = outcome(expectation.with_name(expectation.name.removesuffix(".expected.json")), expected)

    alternative = expected.get("alternative")
    if not (alternative and matches(actual, {**expected, **alternative})):
        wanted = Counter((p["row"], p["column"], p["code"], p["severity"]) for p in expected["problems"])
        assert actual["problems"] == wanted
        assert {n: actual[n] for n in COUNTS} == {n: expected[n] for n in COUNTS}
    for name, value in (expected["detected"] or {}).items():
        assert value is None or getattr(actual["detected"], name) == value


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda p: p.name.removesuffix(".expected.json"))
def test_the_kind_of_a_sample_is_told_from_its_header(expectation):
    path = expectation.with_name(expectation.name.removesuffix(".expected.json"))
    sheet = read(path.read_bytes(), path.name)
    assert not isinstance(sheet, FileRefused)
    assert kind_of(sheet) == json.loads(expectation.read_text("utf-8"))["kind"]


def test_every_value_told_is_the_cells_own_text():
    for expectation in EXPECTATIONS:
        expected = json.loads(expectation.read_text("utf-8"))
        path = expectation.with_name(expectation.name.removesuffix(".expected.json"))
        kind = Kind(expected["kind"])
        sheet = read(path.read_bytes(), path.name, kind)
        assert not isinstance(sheet, FileRefused)
        judged = judge(sheet, kind, AS_OF, scope(expected["uploader_agency"], kind), register())
        told = {(p.row, p.column, p.code): p.value for p in judged.problems}
        wanted = {(p["row"], p["column"], p["code"]): p["value"] for p in expected["problems"]}
        assert {k: v for k, v in told.items() if wanted[k] is not None} == {
            k: v for k, v in wanted.items() if v is not None
        }
