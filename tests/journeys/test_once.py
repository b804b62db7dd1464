import asyncio
from uuid import uuid4

import pytest

from journeys.agency import REQUEST
from journeys.running import Bina
from journeys.world import World

pytestmark = pytest.mark.kafka
RUN = "ETIKA-2026-01"


@pytest.fixture(scope="module")
async def world(bina: Bina) -> World:
    world = await World.begin(bina, "7371")
    await world.programme("ETIKA", "Etika Pelayanan", jp=8)
    for code in (RUN, "ETIKA-2026-02"):
        await world.run(code, "ETIKA", seats=20)
    return world


async def test_a_command_sent_twice_acts_once(world: World):
    (asn,) = await world.people(["Andi Tenri"])
    caller, key = world.as_asn(asn), str(uuid4())
    answers = await asyncio.gather(
        *(caller.send("/enrollment/api/v1/enrolments", {"run": RUN}, key) for _ in range(5))
    )
    taken = [answer.json() for answer in answers if answer.is_success]
    assert {answer.status_code for answer in answers} <= {201, 409}  # 409: the first is still at work
    later = await caller.send("/enrollment/api/v1/enrolments", {"run": RUN}, key)
    assert later.status_code == 201
    assert [one["enrollment_id"] for one in taken] == [later.json()["enrollment_id"]] * len(taken)
    other = await caller.send("/enrollment/api/v1/enrolments", {"run": "ETIKA-2026-02"}, key)
    assert other.status_code == 422
    told = await world.notices(asn, "enrollment_accepted", "pretest_ready")
    assert len(told["enrollment_accepted"]) == 1
    run = await world.operator.get(f"/enrollment/api/v1/runs/{RUN}")
    assert run["taken"] == 1


async def test_an_event_sent_twice_acts_once(world: World):
    (asn,) = await world.people(["Basri Hasanuddin"])
    once = world.system.record(REQUEST, {"nip": asn.nip, "run_code": RUN})
    (id_, *_) = await world.system.publish([once, once, once])
    # of the same person, so behind them on the topic: once it is answered, the repetitions were read
    await world.system.tell(REQUEST, nip=asn.nip, run_code="ETIKA-2026-02")
    assert [answer["outcome"] for answer in (await world.system.answered())[id_]] == ["accepted"]
    await world.notices(asn, "enrollment_accepted")  # which refuses a notice told twice


async def test_asking_again_under_another_id_keeps_the_seat(world: World):
    (asn,) = await world.people(["Citra Dewi"])
    first = await world.system.tell(REQUEST, nip=asn.nip, run_code=RUN)
    again = await world.system.tell(REQUEST, nip=asn.nip, run_code=RUN)
    assert first["outcome"] == again["outcome"] == "accepted"
    assert first["enrollment_id"] == again["enrollment_id"]
    assert [problem["code"] for problem in again["problems"]] == ["duplicate.existing"]


async def test_of_two_edits_of_what_both_read_through_the_gateway_the_later_is_refused(world: World):
    http, path = world.operator.http, f"/enrollment/api/v1/runs/{RUN}"
    read = await http.get(path)
    assert read.headers["content-encoding"] in read.headers["etag"]  # the gateway marks what it compresses
    edits = [
        await http.post(
            f"{path}/change",
            json={"seats": seats},
            headers={"Idempotency-Key": str(uuid4()), "If-Match": read.headers["etag"]},
        )
        for seats in (21, 22)
    ]
    assert [one.status_code for one in edits] == [200, 412]
    assert (await world.operator.get(path))["seats"] == 21
