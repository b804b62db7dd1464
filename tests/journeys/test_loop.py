from datetime import timedelta

import pytest

from bina.web.access import Person
from journeys.agency import REQUEST
from journeys.answering import answer_task, answers_to, open_task, take_test
from journeys.running import Bina, eventually
from journeys.world import Asn, World

pytestmark = pytest.mark.kafka
RUN = "PTIK-2026-01"
ALUMNI = ["Rahmawati Ningsih", "Muhammad Rifani", "Siti Aisyah Lubis", "Hendra Gunawan", "Noor Latifah"]
AFTER = ["L3-ALUMNUS", "L3-INTERVIEW", "L3-OBSERVATION", "L3-SUPERVISOR"]


@pytest.fixture(scope="module")
async def world(bina: Bina) -> World:
    return await World.begin(bina, "5571")


async def test_from_an_agencys_request_to_what_the_training_changed(world: World, bina: Bina):
    """Five people, the least about whom figures are shown, go through the whole loop."""
    (chief, evaluator) = await world.people(["Drs. H. Fauzan Akbar, M.AP.", "Dewi Kartika, S.Psi."])
    alumni = await world.people(ALUMNI, supervisor=chief, position="Pranata Komputer Ahli Pertama")
    await world.programme("PTIK", "Pengelolaan Informasi Dinas", jp=24)
    run_id = await world.run(RUN, "PTIK", seats=10, pass_score=70)
    await appoint(world, run_id, evaluator)
    answers = await request_seats(world, alumni)
    assert [answer["outcome"] for answer in answers] == ["accepted"] * 5
    await accepted_are_told(world, alumni)

    for alumnus in alumni:
        await answer_task(world.as_asn(alumnus), "L3-BASELINE", run_id, alumnus, scale=2)
        pre = await take_test(world, alumnus, "pre", RUN, right=3)
        assert pre["passed"] is None
    await world.attend(run_id, alumni)
    for alumnus in alumni:
        post = await take_test(world, alumnus, "post", RUN, right=9)
        assert post["passed"] is True

    for alumnus in alumni:
        told = await world.notices(alumnus, "training_completed", "test_scored", "posttest_ready")
        assert "24" in told["training_completed"][0]["body"]
        await world.mail_of(alumnus, told["training_completed"][0])
        receipt = await answer_task(world.as_asn(alumnus), "L1-REACTION", run_id, alumnus, scale=4)
        assert receipt.startswith("EV-")
        assert "24 JP" in await world.as_asn(alumnus).page("/enrollment/jp")
    assert {e["state"] for e in (await world.enrolments(run_id)).values()} == {"completed"}
    await learned_is_published(world, run_id)

    await half_a_year_later(world, bina, run_id, alumni, chief, evaluator)


async def appoint(world: World, run_id: object, evaluator: Asn) -> None:
    """Evaluation may not have heard of the run yet; until then it is nobody's to appoint for."""
    body = {"run_id": str(run_id), "evaluators": [evaluator.nip]}

    async def appointed() -> bool:
        answer = await world.operator.send("/evaluation/api/v1/evaluators", body)
        return answer.status_code == 201

    await eventually(appointed)


async def request_seats(world: World, people: list[Asn]) -> list[dict]:
    records = [world.system.record(REQUEST, {"nip": asn.nip, "run_code": RUN}) for asn in people]
    ids = await world.system.publish(records)
    found = await world.system.answers(ids)
    assert [len(found[id_]) for id_ in ids] == [1] * len(ids)
    return [found[id_][0] for id_ in ids]


async def accepted_are_told(world: World, people: list[Asn]) -> None:
    for asn in people:
        told = await world.notices(asn, "enrollment_accepted", "pretest_ready", "task_opened")
        mail = await world.mail_of(asn, told["enrollment_accepted"][0])
        assert asn.name in mail.text
        assert "Pengelolaan Informasi Dinas" in mail.text
        assert mail.header("message-id").startswith("<")
        assert world.bina.addresses.url in mail.text


async def learned_is_published(world: World, run_id: object) -> None:
    """Before and after, as the agency's head sees it, with how many stand behind each."""
    head = world.bina.caller(Person(None, "Kepala", frozenset({"head"}), world.agency))

    async def both_scores() -> dict | None:
        found = await head.get(f"/evaluation/api/v1/runs/{run_id}/outcome")
        return found if found["trained"] == found["pre"]["n"] == found["post"]["n"] == 5 else None

    found = await eventually(both_scores)
    assert found["pre"]["mean"] < found["post"]["mean"]
    assert found["verdict"] == "changed"


async def half_a_year_later(
    world: World, bina: Bina, run_id: object, alumni: list[Asn], chief: Asn, evaluator: Asn
) -> None:
    start = bina.now()
    await bina.move_to(start + timedelta(days=180))
    chief_caller, evaluator_caller = world.as_asn(chief, "supervisor"), world.as_asn(evaluator, "evaluator")
    for alumnus in alumni:
        await open_task(world.as_asn(alumnus), "L3-ALUMNUS", run_id, alumnus)
        await open_task(chief_caller, "L3-SUPERVISOR", run_id, alumnus)
        await open_task(chief_caller, "L3-OBSERVATION", run_id, alumnus)
        await open_task(evaluator_caller, "L3-INTERVIEW", run_id, alumnus)
    await world.notices(evaluator, "task_opened")

    # one waits for the reminder: three days before the last day
    prompt, (late,) = alumni[:-1], alumni[-1:]
    for alumnus in prompt:
        await answer_task(world.as_asn(alumnus), "L3-ALUMNUS", run_id, alumnus, scale=3)
    await bina.move_to(start + timedelta(days=207, hours=1))
    told = await world.notices(late, "task_reminder")
    assert late.name in (await world.mail_of(late, told["task_reminder"][0])).text
    assert "task_reminder" not in await world.notices(prompt[0], "task_opened")
    await answer_task(world.as_asn(late), "L3-ALUMNUS", run_id, late, scale=3)
    for alumnus in alumni:
        await answer_task(chief_caller, "L3-SUPERVISOR", run_id, alumnus, scale=3)
    await answer_task(chief_caller, "L3-OBSERVATION", run_id, late, scale=3)
    await answer_task(evaluator_caller, "L3-INTERVIEW", run_id, late, scale=3)
    await changed_is_published(world, run_id)


async def changed_is_published(world: World, run_id: object) -> None:
    head = world.bina.caller(Person(None, "Kepala", frozenset({"head"}), world.agency))

    async def told() -> dict:
        outcome = await head.get(f"/evaluation/api/v1/runs/{run_id}/outcome")
        return outcome if any(lane["change"]["n"] for lane in outcome["lanes"]) else {}

    found = await eventually(told)
    lanes = {lane["instrument_code"]: lane for lane in found["lanes"]}
    assert {code: (lanes[code]["asked"], lanes[code]["answered"]) for code in lanes} == {
        "L3-BASELINE": (5, 5),
        "L1-REACTION": (5, 5),
        "L3-ALUMNUS": (5, 5),
        "L3-SUPERVISOR": (5, 5),
        "L3-OBSERVATION": (5, 1),
        "L3-INTERVIEW": (5, 1),
    }
    assert lanes["L3-OBSERVATION"]["response_rate"] == pytest.approx(0.2)
    assert lanes["L3-ALUMNUS"]["score"] == {"n": 5, "mean": 3.0}
    assert lanes["L3-INTERVIEW"]["score"]["mean"] is None  # one person's answer is never shown
    assert (found["verdict_level"], found["verdict"]) == ("L3", "changed")
    page = await head.page(f"/evaluation/dampak/{run_id}")
    assert "Pengelolaan Informasi Dinas" in page


async def test_answers_outside_the_form_are_refused(world: World):
    """The form's own rules hold at the edge, too."""
    (asn,) = await world.people(["Yulia Rahman"])
    run_id = await world.run("PTIK-2026-02", "PTIK", seats=5)
    answer = await world.system.tell(REQUEST, nip=asn.nip, run_code="PTIK-2026-02")
    assert answer["outcome"] == "accepted"
    caller = world.as_asn(asn)
    task = await open_task(caller, "L3-BASELINE", run_id, asn)
    path = f"/evaluation/api/v1/tasks/{task['task_id']}/answers"
    wrong = await caller.send(path, {"answers": answers_to("L3-BASELINE", 5)})
    assert wrong.status_code == 422
    assert wrong.json()["type"] == "urn:bina:problem:answers-invalid"
