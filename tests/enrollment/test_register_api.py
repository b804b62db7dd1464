"""Commands on the register: bulk, told only where something changed, closed to others."""

from typing import Any
from uuid import uuid4

import httpx

from bina.events.enrollment import AgencyRecorded, AsnErased, AsnRecorded, ContactErased, ContactRecorded

from .conftest import Site
from .story import CITY, REGENCY, SECTION, UNIT, asked, asn_id, left_long_ago, nip, person


def row(n: int, **changes) -> dict[str, Any]:
    return person(n, **changes).model_dump(mode="json", exclude_unset=True)


async def test_people_are_recorded_with_unit_supervisor_and_contact(site: Site):
    newcomer = row(30, supervisor_nip=nip(2), phone="+62811111111") | {"supervisor_id": None}
    answer = await site.command("asn", {"items": [newcomer]}, "platform")
    assert answer.status_code == 201
    assert answer.json()["recorded"] == 1
    told = await site.svc.emitted()
    recorded, contact = told
    assert isinstance(recorded, AsnRecorded)
    assert (recorded.unit_name, recorded.unit_path) == ("Subbagian Umum", (UNIT, SECTION))
    assert (recorded.supervisor_id, recorded.employment) == (asn_id(2), "PNS")
    assert isinstance(contact, ContactRecorded)
    assert contact.phone == "+62811111111"


async def test_only_what_changed_is_told(site: Site):
    answer = await site.command("asn", {"items": [row(1), row(2, position="Arsiparis")]}, "platform")
    assert (answer.json()["recorded"], answer.json()["unchanged"]) == (1, 1)
    (told,) = await site.svc.emitted()
    assert (told.asn_id, told.position) == (asn_id(2), "Arsiparis")


async def test_two_people_may_swap_nips_but_nobody_takes_anothers(site: Site):
    swapped = [row(1) | {"nip": nip(2)}, row(2) | {"nip": nip(1)}]
    assert (await site.command("asn", {"items": swapped}, "platform")).status_code == 201
    taken = await site.command("asn", {"items": [row(40) | {"nip": nip(3)}]}, "platform")
    assert taken.status_code == 422
    assert [fault["where"] for fault in taken.json()["errors"]] == ["items.0.nip"]


async def test_a_call_is_whole_or_nothing(site: Site):
    stranger = row(31) | {"unit_id": str(uuid4())}
    answer = await site.command("asn", {"items": [row(30), stranger]}, "platform")
    assert answer.status_code == 422
    assert await site.svc.emitted() == []


async def test_a_clerk_writes_own_people_only_and_moves_nobody(site: Site):
    foreign = row(21, agency=REGENCY)
    assert (await site.command("asn", {"items": [foreign]}, "operator")).status_code == 403
    stolen = row(21) | {"id": None, "nip": nip(21)}
    assert (await site.command("asn", {"items": [stolen]}, "operator")).status_code == 403
    assert (await site.command("asn", {"items": [row(3, position="Analis")]}, "operator")).status_code == 201
    assert (await site.command("asn", {"items": [row(3)]}, "head")).status_code == 403


async def test_a_renamed_unit_is_told_with_everyone_below_it(site: Site):
    units = [{"id": str(UNIT), "agency_code": CITY, "name": "Sekretariat Kota"}]
    await site.command("units", {"items": units}, "bkd")
    assert await site.svc.emitted() == []
    moved = [{"id": str(SECTION), "agency_code": CITY, "name": "Subbagian Umum"}]
    await site.command("units", {"items": moved}, "bkd")
    await site.svc.does_due_work()
    told = await site.svc.emitted(AsnRecorded)
    assert {e.asn_id for e in told} == {asn_id(n) for n in range(1, 10)}
    assert {e.unit_path for e in told} == {(SECTION,)}


async def test_a_tree_that_turns_is_refused(site: Site):
    units = [{"id": str(UNIT), "agency_code": CITY, "name": "Setda", "parent_id": str(SECTION)}]
    answer = await site.command("units", {"items": units}, "platform")
    assert answer.status_code == 422


async def test_one_agency_may_stand_alone_and_reports_for_itself(site: Site):
    answer = await site.command("agencies", {"code": "6472", "name": "Pemerintah Kota Salatiga"}, "platform")
    assert answer.json() == {"recorded": 1, "unchanged": 0}
    assert await site.svc.emitted() == [AgencyRecorded(agency_code="6472", name="Pemerintah Kota Salatiga")]
    listed = (await site.reads("agencies", "asn")).json()["items"]
    assert listed[-1]["uploads"]["kelulusan"] == ["6472"]
    assert listed[-2]["uploads"]["kelulusan"] == [REGENCY, CITY]


async def test_erasing_a_person_leaves_no_personal_data(site: Site):
    await left_long_ago(site.svc, 1)
    async with site.client("bkd") as client:
        url = f"/enrollment/api/v1/asn/{asn_id(1)}"
        answer = await client.delete(url, headers={"Idempotency-Key": "erase-one-person"})
    assert answer.status_code == 200
    told = await site.svc.emitted()
    assert told[:2] == [AsnErased(asn_id=asn_id(1)), ContactErased(asn_id=asn_id(1))]
    assert {e.supervisor_id for e in told[2:]} == {None}
    assert await site.svc.rows("SELECT 1 FROM contacts WHERE asn_id = :id", id=asn_id(1)) == []
    await site.svc.receives(asked(1, "KEU-2026-03"), agency=CITY)
    (refused,) = await site.svc.emitted()
    assert refused.problems[0].code == "nip.unknown"


async def test_people_are_listed_page_by_page_within_reach(site: Site):
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await site.reads(f"asn?limit=4{cursor}", "operator")).json()
        seen += [item["nip"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == [nip(n) for n in range(1, 10)]
    assert (await site.reads("asn", "asn", person=1)).status_code == 403
    everyone = (await site.reads("asn", "platform", agency=None)).json()["items"]
    assert len(everyone) == 11


async def test_a_retried_command_acts_once(site: Site):
    async with site.client("platform") as client:
        send: dict[str, Any] = {
            "json": {"items": [row(30)]},
            "headers": {"Idempotency-Key": "same-key-twice"},
        }
        first: httpx.Response = await client.post("/enrollment/api/v1/asn", **send)
        second = await client.post("/enrollment/api/v1/asn", **send)
    assert first.json() == second.json()
    assert len(await site.svc.emitted(AsnRecorded)) == 1


async def test_no_agency_takes_anothers_unit(site: Site):
    stolen = {"items": [{"id": str(SECTION), "agency_code": REGENCY, "name": "Milik kami"}]}
    refused = await site.command("units", stolen, "operator", agency=REGENCY)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:bina:problem:out-of-scope")
    moved = await site.command("units", stolen, "platform", agency=None)
    assert (moved.status_code, moved.json()["errors"][0]["where"]) == (422, "items.0.id")
    (unit,) = await site.svc.rows("SELECT agency_code, name FROM units WHERE unit_id = :id", id=SECTION)
    assert tuple(unit) == (CITY, "Subbagian Umum")


async def test_a_unit_of_an_unknown_agency_is_named(site: Site):
    unit = {"items": [{"id": str(uuid4()), "agency_code": "9999", "name": "Unit"}]}
    refused = await site.command("units", unit, "platform", agency=None)
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "items.0.agency_code")


async def test_a_role_is_granted_in_a_known_agency_and_below_a_unit_of_its_own(site: Site):
    def grant(agency: str, unit: object) -> dict[str, Any]:
        return {"asn_id": str(asn_id(2)), "role": "operator", "agency_code": agency, "unit_id": unit}

    rows = [grant(CITY, str(UNIT)), grant(REGENCY, str(UNIT)), grant(CITY, str(uuid4())), grant("0000", None)]
    refused = await site.command("roles", {"items": rows}, "platform")
    assert refused.status_code == 422
    assert [fault["where"] for fault in refused.json()["errors"]] == [
        "items.1.unit_id",
        "items.2.unit_id",
        "items.3.agency_code",
    ]
    assert await site.svc.rows("SELECT 1 FROM role_grants") == []
    assert (await site.command("roles", {"items": rows[:1]}, "platform")).json() == {"granted": 1}
