"""Whoever is erased is gone from every database, parked bytes included, while totals stay true."""

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from bina.web.access import Person
from bina_local.addresses import SERVICES
from bina_local.publication import RawRecord, send_raw
from journeys.agency import REQUEST
from journeys.answering import answer_task, take_test
from journeys.running import Bina, eventually
from journeys.world import Asn, World

pytestmark = pytest.mark.kafka
RUN = "HAPUS-2026-01"
IMPORTS = "/enrollment/api/v1/imports"
_TABLES = """SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg@_%' ESCAPE '@'"""


async def places_of(bina: Bina, needles: Sequence[str]) -> dict[str, int]:
    """Tables of all four databases in which any of the texts stands, as text or in bytes; how many rows each."""
    found: dict[str, int] = {}
    for service in SERVICES:
        connection = await bina.postgres.connect(service)
        for table in [row["name"] for row in await connection.fetch(_TABLES)]:
            question = f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE ANY ($1::text[])"
            if rows := await connection.fetchval(question, _patterns(needles)):
                found[f"{service} {table}"] = rows
        await connection.close()
    return found


def _patterns(needles: Sequence[str]) -> list[str]:
    return [f"%{form}%" for needle in needles for form in (needle, needle.encode().hex())]


FOLLOWERS = ("assessment", "evaluation", "notification")


async def stands_before_the_tombstone(bina: Bina, *people: Asn) -> None:
    """A fact of each that no service can read: parked in three of them, and what follows in its key waits."""
    headers = [("ce_id", b"torn"), ("ce_source", b"enrollment"), ("ce_type", b"asn.recorded.v1")]
    torn = [
        RawRecord("enrollment.asn", str(asn.asn_id).encode(), headers, f'{{"name": "{asn.name}", '.encode())
        for asn in people
    ]
    await send_raw(bina.kafka, torn)
    for service, asn in product(FOLLOWERS, people):
        await eventually(partial(parked_of, bina, service, asn))


async def parked_of(bina: Bina, service: str, asn: Asn) -> list[dict[str, Any]]:
    path, key = f"/{service}/api/v1/ops/parked", str(asn.asn_id)
    found: list[dict[str, Any]] = await bina.platform.get(path, topic="enrollment.asn", key=key)
    return found


async def gave_up(bina: Bina, service: str, asn: Asn) -> list[int]:
    """How many messages of theirs each erasure gave up, as the service's audit says."""
    path = f"/{service}/api/v1/ops/audit"
    found = await bina.platform.get(path, tentang=str(asn.asn_id), jenis="erasure")
    return [entry["detail"].get("discarded", 0) for entry in found["items"]]


async def outcome(world: World, run_id: Any) -> dict[str, Any]:
    """What is said of the run without naming anybody: seats and results, who was trained, asked and answered."""
    page = await world.operator.get("/enrollment/api/v1/enrolments", run=run_id, limit=200)
    run = await world.operator.get(f"/enrollment/api/v1/runs/{run_id}")
    head = world.bina.caller(Person(uuid4(), "Kepala", frozenset({"head"}), world.agency))
    impact = await head.get(f"/evaluation/api/v1/runs/{run_id}/outcome")
    return {
        "states": sorted(row["state"] for row in page["items"]),
        "seats": (run["seats"], run["taken"], run["waiting"]),
        "trained": impact["trained"],
        "tests": (impact["pre"]["n"], impact["post"]["n"]),
        "reactions": [
            (one["asked"], one["answered"])
            for one in impact["lanes"]
            if one["instrument_code"] == "L1-REACTION"
        ],
    }


async def uploads(world: World, *people: Asn) -> None:
    """A file in which they stand, read and applied: its bytes are kept, and its rows."""
    lines = [f"{asn.nip};{asn.name};{asn.agency};Arsiparis" for asn in people]
    answer = await world.operator.http.post(
        IMPORTS,
        params={"agency": world.agency, "kind": "pegawai", "name": "pegawai.csv"},
        content="\n".join(["NIP;Nama;Kode Instansi;Jabatan", *lines]).encode(),
        headers={"Idempotency-Key": str(uuid4()), "Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 201, answer.text
    one = answer.json()
    await world.operator.post(f"{IMPORTS}/{one['id']}/apply", {"plan": one["plan"]})

    async def applied() -> bool:
        return bool((await world.operator.get(f"{IMPORTS}/{one['id']}"))["state"] == "applied")

    await eventually(applied)


async def parked(bina: Bina) -> int:
    groups = await bina.platform.get("/enrollment/api/v1/ops/parked/groups")
    return sum(group["count"] for group in groups)


async def goes_through_the_loop(world: World, asn: Asn, run_id: Any) -> None:
    ids = await world.system.publish([world.system.record(REQUEST, {"nip": asn.nip, "run_code": RUN})])
    await world.system.answers(ids)
    await world.notices(asn, "enrollment_accepted", "pretest_ready")
    await take_test(world, asn, "pre", RUN, right=5)
    await world.attend(run_id, [asn])
    await take_test(world, asn, "post", RUN, right=9)
    await world.notices(asn, "training_completed")
    await answer_task(world.as_asn(asn), "L1-REACTION", run_id, asn, scale=4)


async def test_an_erased_person_is_found_nowhere(bina: Bina):
    world = await World.begin(bina, "6472")
    gone, stays = await world.people(["Qodriyah Zulfatinnisa, S.Tr.Sos.", "Wahyu Prasetyo"])
    await world.programme("HAPUS", "Pengelolaan Arsip", jp=8)
    run_id = await world.run(RUN, "HAPUS", seats=10, pass_score=70)
    for asn in (gone, stays):
        await goes_through_the_loop(world, asn, run_id)
    await uploads(world, gone, stays)
    before = await parked(bina)
    record = world.system.record(REQUEST, {"nip": gone.nip, "run_code": RUN})
    await world.system.publish(
        [RawRecord(record.topic, record.key, record.headers, (record.value or b"")[:-3])]
    )

    async def is_parked() -> bool:
        return await parked(bina) > before

    await eventually(is_parked)
    await stands_before_the_tombstone(bina, gone, stays)

    async def all_counted() -> dict[str, Any] | None:
        found = await outcome(world, run_id)
        return found if (found["tests"], found["reactions"]) == ((2, 2), [(2, 2)]) else None

    told = await eventually(all_counted)
    needles = (gone.nip, gone.email, gone.name)
    known = await places_of(bina, needles)
    assert {name.split()[0] for name in known} >= {"enrollment", "evaluation", "notification"}
    assert known.keys() >= {f"enrollment public.{table}" for table in ("import_files", "import_rows")}
    assert known.keys() >= {f"{service} messaging.held" for service in SERVICES}

    path, key = f"/enrollment/api/v1/asn/{gone.asn_id}", {"Idempotency-Key": f"erase-{gone.asn_id}"}
    refused = await world.operator.http.delete(path, headers=key)
    assert refused.json()["type"] == "urn:bina:problem:erasure-not-yet", refused.text
    row = {"nip": gone.nip, "name": gone.name, "agency_code": gone.agency, "email": gone.email}
    await world.operator.post(
        "/enrollment/api/v1/asn", {"items": [row | {"left_on": bina.today().isoformat()}]}
    )
    answer = await world.operator.http.delete(path, headers=key)
    assert answer.status_code == 200, answer.text

    async def left() -> bool:
        return await places_of(bina, needles) == {}

    try:
        await eventually(left, 30)
    except AssertionError:
        raise AssertionError(await places_of(bina, needles)) from None
    assert await outcome(world, run_id) == told
    for service in FOLLOWERS:
        assert await gave_up(bina, service, gone) == [2], "the torn one, and that they left, behind it"
        (other,) = await parked_of(bina, service, stays)
        path = f"/{service}/api/v1/ops/parked/{other['id']}/discard"
        await bina.platform.post(path, {"reason": "Uji selesai", "newest": other["id"]})
    assert (await places_of(bina, (stays.nip,))) != {}
