import pytest

from journeys.agency import REQUEST, WITHDRAWAL
from journeys.running import Bina, eventually
from journeys.world import World

pytestmark = pytest.mark.kafka
RUN = "KEARSIPAN-2026-01"


async def test_a_seat_that_is_given_back_goes_to_the_first_who_waits(bina: Bina):
    world = await World.begin(bina, "5508")
    first, second, third, fourth = await world.people(
        ["Ahmad Syauqi", "Rina Marlina", "Budi Santoso", "Nur Hasanah"]
    )
    await world.programme("KEARSIPAN", "Pengelolaan Arsip Dinamis", jp=20)
    run_id = await world.run(RUN, "KEARSIPAN", seats=2)
    outcomes = [
        await world.system.tell(REQUEST, nip=asn.nip, run_code=RUN) for asn in (first, second, third, fourth)
    ]
    assert [(answer["outcome"], answer["position"]) for answer in outcomes] == [
        ("accepted", None),
        ("accepted", None),
        ("waitlisted", 1),
        ("waitlisted", 2),
    ]
    told = await world.notices(third, "enrollment_waitlisted")
    assert "1" in told["enrollment_waitlisted"][0]["body"]
    await world.mail_of(third, told["enrollment_waitlisted"][0])

    gone = await world.system.tell(WITHDRAWAL, nip=first.nip, run_code=RUN, reason="Tugas ke luar daerah")
    assert gone["outcome"] == "withdrawn"
    moved = await world.notices(third, "enrollment_waitlisted", "enrollment_accepted", "pretest_ready")
    await world.mail_of(third, moved["enrollment_accepted"][0])
    left = await world.notices(first, "enrollment_withdrawn")
    await world.mail_of(first, left["enrollment_withdrawn"][0])
    assert "enrollment_accepted" not in await world.notices(fourth, "enrollment_waitlisted")

    enrolled = await world.enrolments(run_id)
    states = {asn.name: enrolled[asn.nip]["state"] for asn in (first, second, third, fourth)}
    assert states == {
        "Ahmad Syauqi": "withdrawn",
        "Rina Marlina": "accepted",
        "Budi Santoso": "accepted",
        "Nur Hasanah": "waitlisted",
    }
    run = await world.operator.get(f"/enrollment/api/v1/runs/{RUN}")
    assert (run["seats"], run["taken"], run["waiting"]) == (2, 2, 1)
    again = await world.system.tell(REQUEST, nip=fourth.nip, run_code=RUN)
    assert (again["outcome"], again["position"]) == ("waitlisted", 1)


async def test_a_run_with_more_seats_takes_all_who_wait(bina: Bina):
    world = await World.begin(bina, "5508")
    people = await world.people(["Lina Wati", "Joko Susilo", "Fitri Handayani"])
    await world.programme("PELAYANAN", "Pelayanan Publik Prima", jp=16)
    await world.run("PELAYANAN-2026-01", "PELAYANAN", seats=1)
    for asn in people:
        await world.system.tell(REQUEST, nip=asn.nip, run_code="PELAYANAN-2026-01")
    await world.operator.post("/enrollment/api/v1/runs/PELAYANAN-2026-01/change", {"seats": 3})
    for asn in people:
        await world.notices(asn, "enrollment_accepted")

    async def nobody_waits() -> bool:
        run = await world.operator.get("/enrollment/api/v1/runs/PELAYANAN-2026-01")
        return (run["taken"], run["waiting"]) == (3, 0)

    await eventually(nobody_waits)
