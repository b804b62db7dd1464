"""A changed programme is a new version that somebody else approves; runs keep the one they were announced with."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bina.web.audit.searching import Sought, find
from enrollment.catalogue.domain import Mix, Programme
from enrollment.catalogue.view import differences

from .conftest import Site
from .story import CITY, OPEN, REGENCY
from .test_credits import guard
from .test_data_requests import page

FORM = {
    "code": "ARS", "name": "Kearsipan", "kind_id": "3", "jp": "20", "theory": "8", "practice": "12", "simulation": "",
    "case_study": "", "mode": "klasikal", "competencies": "T2 1\nM1 2", "job_levels": "Pengawas", "agencies": CITY,
    "quota": "30", "position.Struktural": "1",
}  # fmt: skip
WRITER, HEAD = 8, 9


async def sends(
    site: Site, path: str, *, role: str = "operator", person: int = WRITER, agency: str = CITY, **form
):
    async with site.client(role, person=person, agency=agency) as client:
        return await client.post(f"/enrollment/{path}", data=await guard(client) | form)


async def writes(site: Site, **changes: str) -> httpx.Response:
    return await sends(site, "program-baru", **FORM | changes)


async def answers(site: Site, how: str, *, role: str = "bkd", person: int = HEAD, **more: Any) -> int:
    return (await sends(site, f"program/ARS/{how}", role=role, person=person, **more)).status_code


async def in_force(site: Site, code: str = "ARS") -> list[tuple[int, str]]:
    rows = await site.svc.rows(
        f"SELECT version, name FROM programme_versions WHERE programme_code = '{code}' ORDER BY 1"
    )
    return [tuple(row) for row in rows]


async def announces(site: Site, code: str = "ARS-1") -> int:
    row = {
        "code": code,
        "programme": "ARS",
        "organiser": CITY,
        "starts_on": "2026-12-21",
        "ends_on": "2026-12-22",
    }
    return (await site.command("runs", {"items": [row]}, "operator")).status_code


async def test_only_what_somebody_else_approved_can_be_announced(site: Site):
    assert (await writes(site, then="submit")).status_code == 303
    assert await announces(site) == 422
    assert await answers(site, "setujui", person=WRITER) == 409, "who handed it in"
    assert await answers(site, "setujui", role="operator") == 403
    assert await answers(site, "setujui", agency=REGENCY) == 404
    assert await answers(site, "setujui") == 303
    assert await answers(site, "setujui") == 404, "answered once"
    assert await in_force(site) == [(1, "Kearsipan")]
    assert await announces(site) == 201


async def test_a_run_keeps_the_version_it_was_announced_with(site: Site):
    await writes(site, then="submit")
    await answers(site, "setujui")
    await announces(site)
    changed = {name: value for name, value in FORM.items() if name != "code"} | {
        "name": "Arsip Dinamis",
        "then": "submit",
    }
    assert (await sends(site, "program/ARS/ubah", **changed)).status_code == 303
    assert "Kearsipan" in await page(site, "/enrollment/angkatan/ARS-1", "operator")
    await answers(site, "setujui")
    await announces(site, "ARS-2")
    assert await in_force(site) == [(1, "Kearsipan"), (2, "Arsip Dinamis")]
    names = [(await site.reads(f"runs/ARS-{n}", "operator")).json()["programme_name"] for n in (1, 2)]
    assert names == ["Kearsipan", "Arsip Dinamis"]
    shown = await page(site, "/enrollment/program/ARS", "operator", person=WRITER)
    assert "Sebelum: Kearsipan → Sesudah: Arsip Dinamis" in shown
    assert "Versi 2 berlaku." in shown


async def test_what_is_sent_back_says_why_and_can_be_mended(site: Site):
    await writes(site, then="submit")
    assert (await sends(site, "program/ARS/ubah", **FORM)).status_code == 409, "it waits"
    assert await answers(site, "kembalikan") == 422
    assert await answers(site, "kembalikan", reason="JP praktik terlalu sedikit") == 303
    assert "JP praktik terlalu sedikit" in await page(
        site, "/enrollment/program/ARS", "operator", person=WRITER
    )
    assert await answers(site, "setujui") == 409
    assert (
        await sends(site, "program/ARS/ubah", **FORM | {"theory": "4", "practice": "16", "then": "submit"})
    ).status_code == 303
    assert await answers(site, "setujui") == 303


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("practice", "10", "Jumlah JP semua metode 18, padahal JP program 20. Samakan keduanya."),
        ("competencies", "T2", "Tulis satu kompetensi sebaris"),
        ("competencies", "T2 6", "Tulis satu kompetensi sebaris"),
        ("kind_id", "26", "Pilih jenis pelatihannya."),
        ("jp", "0", "Isi JP dengan bilangan bulat"),
        ("code", "A/B", "Isi kode tanpa garis miring"),
        ("agencies", "0000", "Instansi belum terdaftar: 0000."),
        ("name", "N" * 301, "terlalu panjang"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(site: Site, field: str, value: str, words: str):
    answer = await writes(site, **{field: value})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert ">Kearsipan</textarea>" in answer.text or field == "name"
    assert await site.svc.rows("SELECT 1 FROM programme_drafts") == []


async def test_a_code_is_taken_once_and_only_its_agency_writes_it(site: Site):
    await writes(site)
    assert (await writes(site)).status_code == 409
    assert (await sends(site, "program/ARS/ubah", agency=REGENCY, **FORM)).status_code == 403
    assert (await writes(site, code="BTK")).status_code == 409
    assert (await sends(site, "program/BTK/ubah", **FORM)).status_code == 403, "the platform's"
    assert (await sends(site, "program/ARS/hapus-draf", agency=REGENCY)).status_code == 404
    assert (await sends(site, "program/ARS/hapus-draf")).status_code == 303
    async with site.client("operator", person=WRITER) as client:
        assert (await client.get("/enrollment/program/ARS")).status_code == 404


async def test_drafts_are_seen_by_those_who_write_or_approve_them(site: Site):
    await writes(site)
    assert "Kearsipan" in await page(site, "/enrollment/program", "bkd", person=HEAD)
    for role, agency in (("asn", CITY), ("operator", REGENCY)):
        async with site.client(role, person=2, agency=agency) as client:
            assert "Kearsipan" not in (await client.get("/enrollment/program")).text
            assert (await client.get("/enrollment/program/ARS")).status_code == 404


async def test_machines_write_what_is_in_force_unless_they_say_draft(site: Site):
    async def sent(**changes: Any) -> httpx.Response:
        row = {"code": "ARS", "name": "Kearsipan", "jp": 20} | changes
        return await site.command("programmes", {"items": [row]}, "operator")

    assert (await sent(draft=True)).json() == {"recorded": 0, "drafts": 1}
    assert await in_force(site) == []
    assert (await sent(mix={"theory": 8, "practice": 11})).json()["errors"][0]["where"] == "items.0.mix"
    assert (await sent(mix={"theory": 8, "practice": 12}, positions=["Struktural"])).status_code == 201
    assert (await sent()).status_code == 201
    assert await in_force(site) == [(1, "Kearsipan")], "nothing changed, and what is left out stays"
    assert (await sent(jp=30)).status_code == 201
    found = {one["code"]: one for one in (await site.reads("programmes", "operator")).json()["items"]}["ARS"]
    assert (found["version"], found["mix"]["theory"], found["positions"]) == (2, 0, ["Struktural"])


async def test_a_run_is_open_to_its_programmes_agencies_alone(site: Site):
    await writes(site, then="submit")
    await answers(site, "setujui")
    row = {
        "code": "ARS-1",
        "programme": "ARS",
        "organiser": CITY,
        "starts_on": "2026-12-21",
        "ends_on": "2026-12-22",
    }
    answer = await site.command("runs", {"items": [row | {"open_to": [CITY, REGENCY]}]}, "operator")
    assert [fault["where"] for fault in answer.json()["errors"]] == ["items.0.open_to"]


async def test_what_a_worker_of_the_release_before_writes_is_in_force(site: Site):
    async with site.svc.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql(
            """INSERT INTO programmes (programme_code, name, kind, jp, mode, competencies, job_levels)
            VALUES ('ARS', 'Kearsipan', '', 20, '', '[]', '{}')"""
        )
        await connection.exec_driver_sql("UPDATE runs SET programme_version = NULL, programme_code = 'ARS'")
    assert (await site.reads(f"runs/{OPEN}", "operator")).json()["programme_name"] == "Kearsipan"
    assert "Versi 1 berlaku." in await page(site, "/enrollment/program/ARS", "asn", person=2)
    assert (
        await site.command(
            "programmes", {"items": [{"code": "ARS", "name": "Arsip", "jp": 20}]}, "platform", agency=None
        )
    ).status_code == 201
    assert await in_force(site) == [(1, "Kearsipan"), (2, "Arsip")]


async def test_every_step_is_noted(site: Site):
    await writes(site, then="submit")
    await answers(site, "setujui")
    async with site.svc.sessions() as session:
        entries = await find(session, Sought(whom="ARS"))
    kinds = [change["kind"] for entry in entries for change in entry.detail["changes"]]
    assert sorted(kinds) == ["programme", "programme_draft", "programme_draft", "programme_draft"]


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.integers(1, 200))
def test_methods_come_to_the_jp_or_are_not_said(parts: list[int], jp: int):
    mix = Mix(*parts)
    assert mix.fits(jp) is (sum(parts) in (0, jp))


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_difference_is_what_reads_differently(one: int, other: int):
    found = differences(Programme("A", "A", one), Programme("A", "A", other))
    assert [d.field for d in found] == ([] if one == other else ["JP"])
