"""Two records of one person made one, through all four services: trained under the one, seen under the other."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from journeys.agency import REQUEST
from journeys.answering import answer_task, take_test
from journeys.running import Bina, Caller, eventually
from journeys.world import Asn, World

pytestmark = pytest.mark.kafka
RUN = "GABUNG-2026-01"
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


async def merge(operator: Caller, kept: Asn, gone: Asn) -> None:
    path = "/enrollment/pegawai/ganda"
    token = FORM_TOKEN.search(await operator.page(path))
    assert token
    form = {
        "tetap": str(kept.asn_id),
        "lain": str(gone.asn_id),
        "form_token": token[1],
        "command_key": uuid4().hex,
    }
    answer = await operator.http.post(f"{path}/gabung", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text


async def places_of(bina: Bina, service: str, asn: Asn, tables: tuple[str, ...]) -> dict[str, int]:
    """In how many rows of each table the person stands."""
    connection = await bina.postgres.connect(service)
    asked = {table: f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE $1" for table in tables}
    found = {table: await connection.fetchval(sql, f"%{asn.asn_id}%") for table, sql in asked.items()}
    await connection.close()
    return found


TABLES = {
    "enrollment": ("asn", "enrolments", "jp_entries", "contacts"),
    "assessment": ("people", "enrollments", "assessments", "competency_results", "profile_entries"),
    "evaluation": ("people", "enrolments", "tasks"),
    "notification": ("people", "enrolments", "notices", "deliveries", "contacts"),
}


async def test_what_was_done_under_one_record_is_the_others_everywhere(bina: Bina):
    world = await World.begin(bina, "3578")
    (gone,) = await world.people(["Galuh Tirtawening"])
    await world.programme("GABUNG", "Pengelolaan Arsip", jp=8)
    run_id = await world.run(RUN, "GABUNG", seats=10, pass_score=70)
    ids = await world.system.publish([world.system.record(REQUEST, {"nip": gone.nip, "run_code": RUN})])
    await world.system.answers(ids)
    await world.notices(gone, "enrollment_accepted", "pretest_ready")
    await take_test(world, gone, "pre", RUN, right=5)
    await world.attend(run_id, [gone])
    nip = gone.nip[:-3] + "9" + gone.nip[-2:]  # nobody of the journeys has such a serial number
    row = {"nip": nip, "name": gone.name, "agency_code": gone.agency, "email": f"{nip}@bina.example"}
    answer = await world.operator.post("/enrollment/api/v1/asn", {"items": [row]})
    kept = Asn(UUID(answer["ids"][nip]), nip, gone.name, row["email"], gone.agency)

    await merge(world.operator, kept, gone)

    async def left() -> bool:
        found = [await places_of(bina, service, gone, tables) for service, tables in TABLES.items()]
        return not any(rows for tables in found for rows in tables.values())

    await eventually(left)
    await take_test(world, kept, "post", RUN, right=9)
    await world.notices(kept, "enrollment_accepted", "training_completed", "task_opened")
    await answer_task(world.as_asn(kept), "L1-REACTION", run_id, kept, scale=4)
    (enrolled,) = (await world.enrolments(run_id)).items()
    assert (enrolled[0], enrolled[1]["state"]) == (nip, "completed")
    for service, tables in TABLES.items():
        missing: dict[str, Any] = await places_of(bina, service, kept, tables)
        assert all(missing.values()), (service, missing)
