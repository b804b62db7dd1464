"""Power cuts in the middle of a stream: every request takes effect once, in every service."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from bina_local.addresses import SERVICES
from journeys.agency import REQUEST
from journeys.running import Bina, eventually
from journeys.world import Asn, World

pytestmark = pytest.mark.kafka
PEOPLE = 300
BATCH = 25
RUN = "KOMUNIKASI-2026-01"
TOLD = ("enrollment_accepted", "pretest_ready", "task_opened")


async def test_no_request_is_lost_or_doubled_when_services_die(bina: Bina):
    world = await World.begin(bina, "3578")
    people = await world.people([f"Peserta ke-{number}" for number in range(PEOPLE)], with_email=False)
    await world.programme("KOMUNIKASI", "Komunikasi Publik", jp=12)
    start = (bina.today() + timedelta(days=5)).isoformat()
    run_id = await world.run(RUN, "KOMUNIKASI", seats=PEOPLE, starts_on=start)
    ids = await publish_while_services_die(world, people)

    answered = await world.system.answers(ids)
    outcomes = Counter(tuple(answer["outcome"] for answer in answered[id_]) for id_ in ids)
    assert outcomes == {("accepted",): PEOPLE}
    enrolled = await world.enrolments(run_id)
    assert Counter(e["state"] for e in enrolled.values()) == {"accepted": PEOPLE}
    run = await world.operator.get(f"/enrollment/api/v1/runs/{RUN}")
    assert (run["taken"], run["waiting"]) == (PEOPLE, 0)
    await evaluation_asked_everybody(world, run_id)
    await everybody_is_told_once(world, people)
    await all_are_well(world)


async def publish_while_services_die(world: World, people: list[Asn]) -> list[str]:
    """Write the stream in batches; after every second one, the next service dies and comes back meanwhile."""
    ids: list[str] = []
    victims = list(SERVICES)
    comebacks: list[asyncio.Task[None]] = []
    for first in range(0, len(people), BATCH):
        batch = people[first : first + BATCH]
        ids += await world.system.publish(
            world.system.record(REQUEST, {"nip": asn.nip, "run_code": RUN}) for asn in batch
        )
        if victims and (first // BATCH) % 2:
            name = victims.pop(0)
            await world.bina.kill(name)
            comebacks.append(asyncio.create_task(world.bina.start(name)))
    assert not victims
    await asyncio.gather(*comebacks)
    return ids


async def evaluation_asked_everybody(world: World, run_id: object) -> None:
    async def all_asked() -> bool:
        found = await world.platform.http.get(f"/evaluation/api/v1/runs/{run_id}/outcome")
        lanes = found.json()["lanes"] if found.is_success else []
        asked = [lane["asked"] for lane in lanes if lane["instrument_code"] == "L3-BASELINE"]
        assert not asked or asked[0] <= PEOPLE
        return asked == [PEOPLE]

    await eventually(all_asked)


async def everybody_is_told_once(world: World, people: list[Asn]) -> None:
    """`notices` itself refuses anything told twice."""
    for first in range(0, len(people), BATCH):
        found = await asyncio.gather(*(world.notices(asn, *TOLD) for asn in people[first : first + BATCH]))
        assert all(len(told[kind]) == 1 for told in found for kind in TOLD)


async def all_are_well(world: World) -> None:
    for name in SERVICES:
        status = await world.platform.get(f"/{name}/api/v1/ops/status")
        assert (status["healthy"], status["waiting"]) == (True, 0), status
        parked = await world.platform.get(f"/{name}/api/v1/ops/parked")
        assert not [held for held in parked if not held["topic"].startswith("agency.")]
        assert not [held for held in parked if held["topic"] == world.system.inbound]
