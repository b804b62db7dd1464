import json
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from assessment.standards.reference import load_standards

WORLD: dict[str, Any] = json.loads(
    files("bina_local.demo").joinpath("world.json").read_text(encoding="utf-8")
)
TODAY = date(2026, 11, 20)


def test_the_dictionary_names_the_competencies_of_the_world() -> None:
    ours = [(c.code, c.name_id, c.group) for c in load_standards().competencies.values()]
    assert ours == [(c["code"], c["name"], c["group"]) for c in WORLD["competencies"]]
    assert all(len(set(c.levels)) == 5 and c.name_en for c in load_standards().competencies.values())


@pytest.mark.parametrize("job_level", WORLD["choices"]["Jenjang"])
def test_every_job_level_has_managerial_and_socio_cultural_standards(job_level: str) -> None:
    required = load_standards().required(job_level, "", TODAY)
    assert {f"M{n}" for n in range(1, 9)} | {"S1"} <= set(required) <= set(load_standards().competencies)


@pytest.mark.parametrize(
    ("job_level", "level"),
    [("Pelaksana", 1), ("Pengawas", 2), ("Administrator", 3), ("JPT Pratama", 4), ("JPT Madya", 5)],
)
def test_structural_levels_are_the_usual_ones_and_say_so(job_level: str, level: int) -> None:
    assert load_standards().required(job_level, "", TODAY)["M1"] == level
    rows = [row for row in load_standards().rows if row.job_levels == (job_level,) and "M1" in row.required]
    assert [(row.status, row.citation) for row in rows] == [("usual, not verified", "PermenPANRB 38/2017")]


def test_functional_levels_say_that_they_are_assumptions() -> None:
    rows = [row for row in load_standards().rows if "Ahli Muda" in row.job_levels]
    assert rows
    assert {row.status for row in rows} == {"assumption"}


def test_the_position_adds_technical_competencies() -> None:
    required = load_standards().required("Ahli Pertama", "Auditor", TODAY)
    assert (required["T3"], required["T5"]) == (2, 1)
    assert "T3" not in load_standards().required("Ahli Pertama", "Guru", TODAY)


def test_an_unknown_job_level_or_an_earlier_day_has_no_standard() -> None:
    assert load_standards().required("Staf", "Auditor", TODAY) == {}
    assert load_standards().required("Pelaksana", "", date(2025, 12, 31)) == {}
