"""Every sample through the machine interface, judged against what is recorded."""

import json
from collections import Counter

import pytest

from .importing import Importing
from .imports.sample_world import SAMPLES
from .imports.test_samples import COUNTS, EXPECTATIONS


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda p: p.name.removesuffix(".expected.json"))
async def test_a_sample_has_its_expected_outcome_on_the_recorded_world(importing: Importing, expectation):
    expected = json.loads(expectation.read_text("utf-8"))
    path = SAMPLES / expectation.name.removesuffix(".expected.json")
    agency = expected["uploader_agency"]
    answer = await importing.upload(path.read_bytes(), expected["kind"], agency, name=path.name)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    rows = await importing.rows(told["id"], agency)
    problems = [*told["problems"], *(problem for row in rows for problem in row["problems"])]
    assert {name: told[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    assert Counter((p["row"], p["column"], p["code"], p["severity"]) for p in problems) == Counter(
        (p["row"], p["column"], p["code"], p["severity"]) for p in expected["problems"]
    )
    assert len(rows) == expected["rows_total"]
    assert sum(row["effect"] != "refused" for row in rows) == expected["accepted"]
    assert await importing.scalar("SELECT content FROM import_files") == path.read_bytes()
