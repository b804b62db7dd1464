from typing import Any

import pytest

from bina.web.access import Person
from journeys.agency import REQUEST, RESULT, codes_of
from journeys.answering import open_task
from journeys.running import Bina, eventually
from journeys.world import Asn, World

pytestmark = pytest.mark.kafka
RUN = "PBJ-2026-01"
PEOPLE = ["Akhmad Zaini", "Maria Ulfah", "Supian Noor", "Herlina Yanti", "Gusti Rahman"]


async def test_what_an_organiser_reports_counts_until_it_is_corrected(bina: Bina):
    world = await World.begin(bina, "5500")
    people = await world.people(PEOPLE)
    await world.programme("PBJ", "Pengadaan Barang dan Jasa", jp=30)
    run_id = await world.run(RUN, "PBJ", seats=10)
    for asn in people:
        assert (await world.system.tell(REQUEST, nip=asn.nip, run_code=RUN))["outcome"] == "accepted"

    today = bina.today().isoformat()
    passed = {"result": "passed", "completed_on": today, "jp": 30, "pre_score": 40.0, "post_score": 80.0}
    for asn in people:
        answer = await world.system.tell(RESULT, nip=asn.nip, run_code=RUN, **passed)
        assert (answer["outcome"], codes_of(answer)) == ("accepted", [])
    await figures(world, run_id, trained=5, post=80.0)
    for asn in people:
        told = await world.notices(asn, "training_completed", "test_scored")
        assert "posttest_ready" not in told  # its score came with the result
        await open_task(world.as_asn(asn), "L1-REACTION", run_id, asn)

    await a_contradiction_is_refused(world, people[0], passed)
    await a_correction_is_a_new_fact(world, run_id, people[1])
    await figures(world, run_id, trained=5, post=84.0)
    await a_pass_that_was_none_is_taken_back(world, run_id, people[2])
    await figures(world, run_id, trained=4, post=74.0)


async def figures(world: World, run_id: object, *, trained: int, post: float | None) -> None:
    """The run's outcome comes to say so."""
    head = world.bina.caller(Person(None, "Kepala", frozenset({"head"}), world.agency))

    async def say_so() -> bool:
        answer = await head.http.get(f"/evaluation/api/v1/runs/{run_id}/outcome")
        found = answer.json()
        return answer.is_success and (found["trained"], found["post"]["mean"]) == (trained, post)

    await eventually(say_so)


async def a_contradiction_is_refused(world: World, asn: Asn, passed: dict[str, Any]) -> None:
    repeated = await world.system.tell(RESULT, nip=asn.nip, run_code=RUN, **passed)
    assert (repeated["outcome"], codes_of(repeated)) == ("accepted", ["duplicate.existing"])
    other = passed | {"post_score": 95.0}
    refused = await world.system.tell(RESULT, nip=asn.nip, run_code=RUN, **other)
    assert (refused["outcome"], codes_of(refused)) == ("refused", ["duplicate.existing"])


async def a_correction_is_a_new_fact(world: World, run_id: object, asn: Asn) -> None:
    found = (await world.enrolments(run_id))[asn.nip]
    body = {
        "completed": True,
        "jp": 24,
        "completed_on": found["completed_on"],
        "pre_score": 40,
        "post_score": 100,
        "reason": "Nilai ujian salah ketik.",
    }
    answer = await world.operator.post(f"/enrollment/api/v1/results/{found['id']}/correct", body)
    assert (answer["revision"], answer["jp"]) == (2, 24)
    assert "24 JP" in await world.as_asn(asn).page("/enrollment/jp")


async def a_pass_that_was_none_is_taken_back(world: World, run_id: object, asn: Asn) -> None:
    found = (await world.enrolments(run_id))[asn.nip]
    body = {
        "completed": False,
        "jp": 0,
        "completed_on": found["completed_on"],
        "pre_score": 40,
        "post_score": 30,
        "reason": "Lembar jawaban tertukar dengan peserta lain.",
    }
    await world.operator.post(f"/enrollment/api/v1/results/{found['id']}/correct", body)
    caller = world.as_asn(asn)

    async def nothing_is_asked_of_its_effect() -> bool:
        tasks = (await caller.get("/evaluation/api/v1/tasks"))["tasks"]
        return "L1-REACTION" not in {task["instrument_code"] for task in tasks}

    await eventually(nothing_is_asked_of_its_effect)


async def test_another_agencys_run_is_not_ones_own_to_report_on(bina: Bina):
    """Whoever publishes is known by the topic: the organiser of a run alone reports its results."""
    organiser = await World.begin(bina, "5500")
    (asn,) = await organiser.people(["Rudi Hartono"])
    await organiser.programme("PBJ", "Pengadaan Barang dan Jasa", jp=30)
    await organiser.run("PBJ-2026-02", "PBJ", seats=10)
    stranger = await World.begin(bina, "5508")
    report = {"result": "passed", "completed_on": bina.today().isoformat(), "jp": 30}
    refused = await stranger.system.tell(RESULT, nip=asn.nip, run_code="PBJ-2026-02", **report)
    assert refused["outcome"] == "refused"
    assert set(codes_of(refused)) == {"nip.other_agency", "run.unknown"}
