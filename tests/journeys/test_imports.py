"""A file of enrolments, from its upload to what people hear of it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from journeys.running import Bina, eventually
from journeys.world import Asn, World

pytestmark = pytest.mark.kafka
API = "/enrollment/api/v1/imports"
RUN = "KEARSIPAN-2026-07"
AGENCY = "5508"


async def uploaded(world: World, asn: Asn) -> str:
    """Upload and confirm a file that enrols one person; gives its id."""
    answer = await world.operator.http.post(
        API,
        params={"agency": AGENCY, "kind": "pendaftaran", "name": "peserta.csv"},
        content=f"NIP;Kode Angkatan\n{asn.nip};{RUN}\n".encode(),
        headers={"Idempotency-Key": str(uuid4()), "Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 201, answer.text
    one = answer.json()
    await world.operator.post(f"{API}/{one['id']}/apply", {"plan": one["plan"]})
    await ends(world, one["id"], "applied")
    return str(one["id"])


async def ends(world: World, import_id: str, state: str) -> None:
    async def is_there() -> bool:
        return bool((await world.operator.get(f"{API}/{import_id}"))["state"] == state)

    await eventually(is_there)


async def notices(world: World, asn: Asn) -> list[str]:
    found = await world.as_asn(asn).get("/notification/api/v1/notices", limit=200)
    return [notice["kind"] for notice in found["notices"]]


async def test_people_hear_of_an_import_once_it_can_no_longer_be_undone(bina: Bina):
    world = await World.begin(bina, AGENCY)
    kept, wrong, witness = await world.people(["Rina Marlina", "Ahmad Syauqi", "Nur Hasanah"])
    await world.programme("KEARSIPAN", "Pengelolaan Arsip Dinamis", jp=20)
    await world.run(RUN, "KEARSIPAN", seats=5)
    await uploaded(world, kept)
    mistake = await uploaded(world, wrong)
    await world.operator.post(f"{API}/{mistake}/undo", {})
    await ends(world, mistake, "undone")
    await bina.move_to(bina.now() + timedelta(minutes=16))
    told = await world.notices(kept, "enrollment_accepted", "pretest_ready")
    await world.mail_of(kept, told["enrollment_accepted"][0])
    assert await notices(world, wrong) == []

    late = await uploaded(world, witness)
    assert await notices(world, witness) == []
    await bina.move_to(bina.now() + timedelta(minutes=16))
    await world.notices(witness, "enrollment_accepted")
    await world.operator.post(f"{API}/{late}/undo", {})
    await world.notices(witness, "enrollment_accepted", "enrollment_withdrawn")
    assert await notices(world, wrong) == []
    assert not bina.mails_to(wrong.email)
