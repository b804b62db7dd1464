"""A person sees all that is kept of them, and who looked; nobody else's data, and no reader's name."""

from uuid import uuid4

import pytest

from bina.web.own_data import reading

from .conftest import Site
from .story import CITY, PAST, SMALL, asked, asn_id, enrollment_id, nip, reported

CLERK = 900


async def data_of(site: Site, n: int, *roles: str) -> dict:
    answer = await site.reads("me/data", *(roles or ("asn",)), person=n)
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    found: dict = answer.json()
    return found


def rows(data: dict, table: str) -> list[dict]:
    return [row for kept in data["kept"] if kept["table"] == table for row in kept["rows"]]


async def page_of(site: Site, path: str, *, fragment: bool = False, **who) -> str:
    async with site.client("asn", **who) as client:
        answer = await client.get(path, headers={"X-Fragment": "1"} if fragment else {})
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_everything_of_a_person_and_nothing_of_another(site: Site):
    await site.svc.receives(asked(2, SMALL), reported(2, PAST), asked(3, SMALL), agency=CITY)
    data = await data_of(site, 2)
    assert rows(data, "asn")[0]["nip"] == nip(2)
    assert rows(data, "contacts")[0]["email"] == "pegawai2@kota.example"
    states = {row["enrollment_id"]: row["state"] for row in rows(data, "enrolments")}
    assert states == {
        str(enrollment_id(2, SMALL)): "accepted",
        str(enrollment_id(2, PAST)): "completed",
    }
    assert len(rows(data, "jp_entries")) == 1
    text = (await site.reads("me/data", "asn", person=2)).text
    assert nip(3) not in text
    assert str(asn_id(3)) not in text
    assert {(kept["basis"], kept["kept_for"]["source"]) for kept in data["kept"]} >= {("duty", "agency")}


async def test_a_supervisor_is_told_whom_they_supervise_by_id_alone(site: Site):
    data = await data_of(site, 1)
    mine, *reports = rows(data, "asn")
    assert mine["asn_id"] == str(asn_id(1))
    assert reports
    assert all(set(row) == {"asn_id"} for row in reports)


async def test_who_looked_is_told_by_role_agency_and_page(site: Site):
    await site.reads(f"asn?nip={nip(2)}", "operator", person=CLERK)
    await site.command("enrolments", {"run": SMALL, "nip": nip(2)}, "operator", person=CLERK)
    looked = (await data_of(site, 2))["looked"]
    assert [(one["kind"], one["page"], one["roles"], one["agency_code"]) for one in looked] == [
        ("command", "Pendaftaran pelatihan", ["operator"], CITY),
        ("reading", "Data pegawai", ["operator"], CITY),
    ]
    page = await page_of(site, "/data-saya", person=2)
    assert "Mengubah: Pendaftaran pelatihan" in page
    assert "Uji" not in page.partition("<main")[2]  # the clerk's name
    assert (await data_of(site, 3))["looked"] == []


async def test_who_took_the_audit_along_with_me_in_it_is_told(site: Site):
    async def export(name: str) -> None:
        async with site.client("platform", person=CLERK) as client:
            assert (await client.get(f"/enrollment/{name}")).status_code == 200

    await export("api/v1/ops/audit/export")  # nothing of the person was in it
    await site.reads(f"asn?nip={nip(2)}", "operator", person=CLERK)
    for name in ("api/v1/ops/audit/export", "ops/audit/ekspor.jsonl", "ops/audit/ekspor.csv"):
        await export(name)
    looked = (await data_of(site, 2))["looked"]
    assert [one["page"] for one in looked] == [
        "Ekspor sebagian catatan audit, mungkin memuat data Anda",
        "Ekspor seluruh catatan audit",
        "Ekspor seluruh catatan audit",
        "Data pegawai",
    ]
    assert [one["roles"] for one in looked[:3]] == [["platform"]] * 3
    assert "Ekspor seluruh catatan audit" in await page_of(
        site, "/enrollment/potongan/data-saya", person=2, fragment=True
    )
    assert (await data_of(site, 3))["looked"] == []


async def test_the_clerks_reason_about_me_is_told(site: Site):
    body = {"run": SMALL, "nip": nip(2), "note": "Pindah bidang"}
    await site.command("enrolments", body, "operator", person=CLERK)
    (look,) = (await data_of(site, 2))["looked"]
    assert look["why"] == ["Pindah bidang"]


async def test_what_a_clerk_did_tells_them_nothing_of_others(site: Site):
    row = {"nip": nip(2), "name": "Nama Lain", "agency_code": CITY}
    await site.command("asn", {"items": [row]}, "operator", person=CLERK)
    data = await data_of(site, CLERK, "operator")
    assert [row["action"] for row in rows(data, "audit.entries")] == ["POST /enrollment/api/v1/asn"]
    text = (await site.reads("me/data", "operator", person=CLERK)).text
    assert nip(2) not in text
    assert "Nama Lain" not in text


async def test_ones_own_reading_is_nobody_elses_look(site: Site):
    await page_of(site, "/data-saya", person=2)
    assert (await data_of(site, 2))["looked"] == []


@pytest.mark.parametrize("fragment", [True, False])
async def test_the_part_is_a_fragment_for_the_page_and_a_page_of_its_own(site: Site, *, fragment: bool):
    page = await page_of(site, "/enrollment/potongan/data-saya", fragment=fragment, person=2)
    assert ("<html" in page) is not fragment
    assert "Data kepegawaian" in page
    assert "5 tahun" in page


async def test_the_page_leads_to_every_siblings_part(site: Site):
    page = await page_of(site, "/data-saya", person=2)
    for sibling in ("assessment", "evaluation", "notification"):
        assert f'href="/{sibling}/potongan/data-saya"' in page


async def test_many_looks_come_in_pages_and_all_in_the_file(site: Site):
    for _ in range(7):
        await site.reads(f"asn?nip={nip(2)}", "operator", person=CLERK)
    first = await page_of(site, "/enrollment/potongan/data-saya", fragment=True, person=2)
    assert first.count("Data pegawai</td>") == 5
    assert "sebelum=" in first
    assert len((await data_of(site, 2))["looked"]) == 7


async def test_an_account_without_a_record_has_no_data(site: Site):
    assert (await site.reads("me/data", "platform")).status_code == 403


async def test_nobody_is_asked_who_is_not_signed_in(site: Site):
    assert (await site.reads("me/data")).status_code == 401


async def test_rows_come_in_chunks_without_a_gap(site: Site, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 2)
    for n in range(5):
        answer = await site.command(f"enrolments/{uuid4()}/withdraw", {}, "asn", person=2)
        assert answer.status_code == 404, n
    await site.svc.receives(asked(2, SMALL), reported(2, PAST), agency=CITY)
    for _ in range(5):
        await site.reads(f"asn?nip={nip(2)}", "operator", person=CLERK)
    data = await data_of(site, 2)
    assert len(rows(data, "enrolments")) == 2
    assert len(data["looked"]) == 5
    assert len({one["id"] for one in data["looked"]}) == 5


async def test_values_of_entries_whose_numbers_run_together_are_all_told(site: Site, monkeypatch):
    async with site.svc.sessions() as session, session.begin():
        for entry, field in ((1, "10.after"), (11, "0.after"), (110, ".after")):
            await session.fetch(
                "INSERT INTO audit.personal (entry_id, field, person_id, salt, value) VALUES ($1, $2, $3, '', '1')",
                entry,
                field,
                asn_id(3),
            )
    monkeypatch.setattr(reading, "CHUNK", 1)
    assert len(rows(await data_of(site, 3), "audit.personal")) == 3
