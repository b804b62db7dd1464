"""Pages: signing in, Beranda, catalogue, a run, the ledger, an agency's standing."""

import re
from html import unescape
from uuid import UUID, uuid5

import httpx
import pytest

from bina.events.assessment import TrainingRecommended
from bina.events.enrollment import EnrollmentAccepted, EnrollmentWithdrawn, TrainingCompleted
from enrollment.catalogue.domain import run_id_of
from enrollment.register.bodies import RoleRow, UnitRow
from enrollment.register.granting import record_roles
from enrollment.register.recording import record_asn, record_units

from .conftest import Site
from .story import (
    CITY,
    OPEN,
    PAST,
    REGENCY,
    SECTION,
    SMALL,
    SPACE,
    TESTED,
    UNIT,
    asked,
    asn_id,
    enrollment_id,
    nip,
    person,
    profiled,
    recommended,
    reported,
)


async def sends(client: httpx.AsyncClient, page: str, action: str, **fields) -> httpx.Response:
    """Send the form of a page that has this action."""
    html = (await client.get(page)).text
    form = next(f for f in re.findall(r"<form.*?</form>", html, re.S) if f'action="{action}' in f)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form))
    return await client.post(action, data=hidden | fields)


async def text_of(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def be(site: Site, client: httpx.AsyncClient, page: str, who: str) -> httpx.Response:
    """Press somebody's button on the demonstration's sign-in page, past its identity provider and back."""
    html = (await client.get(page)).text
    action = unescape(re.findall(r'<form method="post" action="(/oauth2/[^"]+)"', html)[0])
    async with httpx.AsyncClient(base_url=site.app.state.settings.public_url) as provider:
        back = await provider.post(action, data={"sub": who})
    return await client.get(back.headers["location"])


async def test_a_visitor_signs_in_as_a_person_of_the_demonstration(demo: Site):
    site = demo
    async with site.svc.sessions() as session, session.begin():
        await record_roles(
            session, [RoleRow(asn_id=asn_id(1), role="head", agency_code=CITY, shows="Dampak")]
        )
    async with site.client() as client:
        assert "Saya harus ke mana?" in await text_of(client, "/")
        chosen = await text_of(client, "/masuk")
        assert "Pegawai 1" in chosen
        assert "pimpinan" in chosen
        entered = await be(site, client, "/masuk?lanjut=/beranda", nip(1))
        assert (entered.status_code, entered.headers["location"]) == (303, "/beranda")
        assert "JP instansi" in await text_of(client, "/beranda")
        left = await sends(client, "/beranda", "/keluar")
        assert left.headers["location"] == "/"
        assert (await client.get("/beranda")).headers["location"].startswith("/masuk")


async def test_a_stranger_with_an_english_browser_reads_indonesian_until_choosing_english(site: Site):
    async with site.client() as client:
        client.headers["Accept-Language"] = "en-US,en;q=0.9"
        first = await client.get("/masuk?lanjut=/beranda")
        assert '<html lang="id"' in first.text
        (switch,) = re.findall(r'<a lang="en"[^>]* href="([^"]+)"', first.text)
        chosen = await client.get(unescape(switch))
        assert chosen.headers["location"] == "/masuk?lanjut=/beranda"
        english = await client.get(chosen.headers["location"])
        assert '<html lang="en"' in english.text
        assert english.headers["vary"] == "Cookie"
        (back,) = re.findall(r'<a lang="id"[^>]* href="([^"]+)"', english.text)
        await client.get(unescape(back))
        assert '<html lang="id"' in (await client.get("/masuk")).text


async def test_pages_lead_strangers_to_sign_in(site: Site):
    async with site.client() as client:
        for path in ("/beranda", "/enrollment/katalog", "/enrollment/jp", "/enrollment/instansi"):
            answer = await client.get(path)
            assert answer.headers["location"].startswith("/masuk?lanjut="), path


async def test_beranda_says_what_is_missing_and_what_would_help(site: Site):
    await site.svc.receives(reported(2, PAST), asked(2, OPEN), agency=CITY)
    await site.svc.receives(
        TrainingRecommended(
            asn_id=asn_id(2),
            competency_code="T1",
            competency_name="Keuangan Daerah",
            gap=2,
            programme_code="KEU",
            programme_name="Pengelolaan Keuangan Daerah",
        )
    )
    async with site.client("asn", person=2) as client:
        text = await text_of(client, "/beranda")
    assert "Anda perlu 4 JP lagi sebelum 31 Desember; 40 JP sudah terjadwal." in text
    assert "Menutup kesenjangan Keuangan Daerah · 1–6 Des 2026 · 50 JP" in text
    assert "Terdaftar" in text


async def test_a_pppk_sees_a_ceiling_of_the_contract_year(site: Site):
    contract = person(31, nip="199009132025212014", employment="PPPK", started_on="2025-03-01")
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [contract])
    async with site.client("asn", person=31) as client:
        assert "0 JP, batas 24 JP, kontrak s.d. 28 Februari 2027." in await text_of(client, "/beranda")


async def pppk(site: Site, **changes) -> None:
    contract = person(31, **{"nip": "199009132025212014", "started_on": "2025-03-01"} | changes)
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [contract])


async def test_a_contract_that_is_not_recorded_is_said_to_be(site: Site):
    await pppk(site, contract_ends_on="2026-02-28")  # over by now
    async with site.client("asn", person=31) as client:
        said = "Tercatat 0 JP tahun 2026; periode kontrak belum diisi, jadi ini sekadar informasi."
        assert said in await text_of(client, "/enrollment/jp")
        assert "batas 24 JP belum dapat dihitung" in await text_of(client, f"/enrollment/angkatan/{SMALL}")
    async with site.client("operator", person=9) as client:
        assert "periode kontrak 1 PPPK belum diisi" in await text_of(client, "/enrollment/instansi")


async def test_a_ceiling_warns_and_never_refuses(site: Site):
    await pppk(site, contract_ends_on="2026-12-31")
    page = f"/enrollment/angkatan/{SMALL}"
    async with site.client("asn", person=31) as client:
        warning = (
            "JP Anda menjadi 50 JP, melewati batas 24 JP sampai 31 Desember 2026. Anda tetap dapat mendaftar."
        )
        assert warning in await text_of(client, page)
        assert (await sends(client, page, f"{page}/daftar")).status_code == 303
        assert warning not in await text_of(client, page)
        told = "0 JP, batas 24 JP, kontrak s.d. 31 Desember 2026. Dengan yang terjadwal menjadi 50 JP, melewati batas."
        assert told in await text_of(client, "/enrollment/jp")


async def test_a_contract_years_history_is_that_of_the_calendar_years_begun(site: Site):
    await pppk(site, started_on="2026-03-01")  # until February 2027, which nobody can speak for yet
    async with site.client("asn", person=31) as client:
        assert "belum lengkap" not in await text_of(client, "/enrollment/jp")
        await pppk(site, started_on="2025-12-01")
        assert "kontrak s.d. 30 November 2026. Riwayat belum lengkap." in await text_of(
            client, "/enrollment/jp"
        )


async def test_a_pns_is_warned_of_no_ceiling(site: Site):
    async with site.client("asn", person=2) as client:
        assert "batas 24 JP" not in await text_of(client, f"/enrollment/angkatan/{SMALL}")


async def test_a_gap_closed_elsewhere_is_advised_no_more(site: Site):
    await site.svc.receives(recommended(2))
    for level, stays in ((2, True), (3, False)):
        await site.svc.receives(profiled(2, level))
        async with site.client("asn", person=2) as client:
            text = await text_of(client, "/enrollment/katalog")
        assert ("Menutup kesenjangan Mengelola Perubahan" in text) is stays


async def test_the_catalogue_names_gaps_first_and_finds_by_words(site: Site):
    await site.svc.receives(recommended(2))
    async with site.client("asn", person=2) as client:
        text = await text_of(client, "/enrollment/katalog")
        assert "Menutup kesenjangan Mengelola Perubahan" in text
        assert PAST not in text
        found = await text_of(client, "/enrollment/katalog?kata=keuangan")
        assert "Pengelolaan Keuangan Daerah" in found
        assert "Pengadaan Barang" not in found


async def test_one_run_is_counted_in_the_singular_in_english(site: Site):
    async with site.client("asn", person=2) as client:
        client.cookies.set("bina_bahasa", "en")
        assert "1 run, 1 with seats left." in await text_of(client, "/enrollment/katalog?kata=keuangan")
        assert "3 runs, 3 of them with seats left." in await text_of(client, "/enrollment/katalog")
        client.cookies.set("bina_bahasa", "id")
        assert "1 angkatan, 1 di antaranya" in await text_of(client, "/enrollment/katalog?kata=keuangan")


async def test_one_enrols_and_withdraws_on_the_runs_page(site: Site):
    page = f"/enrollment/angkatan/{SMALL}"
    async with site.client("asn", person=2) as client:
        assert (await sends(client, page, f"{page}/daftar")).status_code == 303
        assert "Anda terdaftar." in await text_of(client, page)
        given = str(enrollment_id(2, SMALL))
        assert (await sends(client, page, f"{page}/batal", enrollment_id=given)).status_code == 303
    assert [type(e) for e in await site.svc.emitted()] == [EnrollmentAccepted, EnrollmentWithdrawn]


async def test_a_full_run_offers_the_waiting_list_with_its_place(site: Site):
    await site.svc.receives(*(asked(n, SMALL) for n in (1, 2, 3)), agency=CITY)
    page = f"/enrollment/angkatan/{SMALL}"
    async with site.client("asn", person=4) as client:
        assert "Kursi penuh. Masuk daftar tunggu, posisi ke-2?" in await text_of(client, page)
        await sends(client, page, f"{page}/daftar")
        assert "Anda di daftar tunggu, posisi ke-2." in await text_of(client, page)


async def test_names_of_participants_are_for_their_clerks_only(site: Site):
    await site.svc.receives(asked(3, OPEN), agency=CITY)
    await site.svc.receives(asked(21, OPEN), agency=REGENCY)
    page = f"/enrollment/angkatan/{OPEN}"
    seen = {}
    for who, roles, agency in (
        ("asn", ("asn",), CITY),
        ("employer", ("operator",), CITY),
        ("organiser", ("operator",), REGENCY),
        ("head", ("head",), CITY),
    ):
        async with site.client(*roles, person=2, agency=agency) as client:
            text = await text_of(client, page)
            seen[who] = (
                [n for n in (3, 21) if f"Pegawai {n}" in text],
                [n for n in (3, 21) if nip(n) in text],
            )
    assert seen == {"asn": ([], []), "employer": ([3], [3]), "organiser": ([3, 21], [21]), "head": ([3], [])}


async def test_the_organisers_clerk_records_attendance(site: Site):
    await site.command(f"runs/{SMALL}/change", {"starts_on": "2026-11-16"}, "operator")
    await site.svc.receives(asked(3, SMALL), agency=CITY)
    page, field = f"/enrollment/angkatan/{SMALL}", f"attendance.{enrollment_id(3, SMALL)}"
    async with site.client("operator", person=2) as client:
        shown = re.findall(
            rf'<input type="radio" name="{field}" value="(\w*)"( checked)?>', (await client.get(page)).text
        )
        assert shown == [("met", ""), ("missed", ""), ("", " checked")]
        came = {field: "met", "met_on": "2026-11-20"}
        assert (await sends(client, page, f"{page}/presensi", **came)).status_code == 303
    (completed,) = await site.svc.emitted(TrainingCompleted)
    assert completed.asn_id == asn_id(3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Isi kehadiran sedikitnya satu orang."),
        ({"attendance.%s": ""}, "Isi kehadiran sedikitnya satu orang."),
        ({"attendance.%s": ["met", "missed"]}, "Pilih satu saja untuk setiap orang"),
        ({"attendance.%s": ["met", "met"]}, "Pilih satu saja untuk setiap orang"),
        ({"attendance.%s": "present"}, "Pilih satu saja untuk setiap orang"),
    ],
)
async def test_attendance_that_is_not_said_once_is_refused_with_the_reason(site: Site, values, words):
    await site.command(f"runs/{SMALL}/change", {"starts_on": "2026-11-16"}, "operator")
    await site.svc.receives(asked(3, SMALL), agency=CITY)
    await site.svc.emitted()
    page, one = f"/enrollment/angkatan/{SMALL}", str(enrollment_id(3, SMALL))
    fields = {name.replace("%s", one): one if value == "%s" else value for name, value in values.items()}
    async with site.client("operator", person=2) as client:
        answer = await sends(client, page, f"{page}/presensi", met_on="2026-11-20", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert await site.svc.emitted() == []


async def test_the_ledger_names_where_jp_come_from(site: Site):
    await site.svc.receives(reported(2, PAST, certificate_number="BTK/9"), agency=CITY)
    async with site.client("asn", person=2) as client:
        text = await text_of(client, "/enrollment/jp")
    assert "Anda perlu 4 JP lagi sebelum 31 Desember." in text
    assert "BTK/9" in text


async def test_an_agency_sees_who_is_behind_by_unit_and_as_csv(site: Site):
    done = [reported(n, TESTED, jp=32, completed_on="2026-09-17") for n in (1, 2, 3)]
    await site.svc.receives(*done, agency=CITY)
    async with site.client("head", person=1) as client:
        text = await text_of(client, "/enrollment/instansi")
        assert "3 dari 9 PNS (33,3%) mencapai 20 JP; tersisa 41 hari." in text
        assert "Sekretariat Daerah" in text
        below = await text_of(client, f"/enrollment/instansi?unit={UNIT}")
        assert "Subbagian Umum" in below
        table = (await client.get("/enrollment/instansi.csv")).text
        assert "Sekretariat Daerah;9;3;0,3333;1" in table
        foreign = await client.get(f"/enrollment/instansi?unit={run_id_of(SMALL)}")
        assert foreign.status_code == 404
        assert (await client.get(f"/enrollment/instansi?instansi={REGENCY}")).status_code == 404


async def test_an_agencys_lists_come_in_pages_that_leave_nobody_out(site: Site):
    async with site.svc.sessions() as session, session.begin():
        await record_units(
            session, [UnitRow(id=unit_id(n), agency_code=CITY, name=f"Kecamatan {n:02}") for n in range(12)]
        )
        await record_asn(session, [person(n, unit_id=unit_id(n % 12)) for n in range(100, 124)])
    async with site.client("bkd", person=1) as client:
        path, seen, units, lengths = "/enrollment/instansi", [], [], []
        while path:
            html = (await client.get(path)).text
            people = re.findall(r"<td[^>]*>(\d{18})</td>", html)
            assert "0 dari 33 PNS" in html
            seen += people
            lengths.append(len(people))
            path = following(html, "Pegawai lain")
        assert lengths == [10, 10, 10, 3]
        assert sorted(seen) == sorted(nip(n) for n in (*range(1, 10), *range(100, 124)))
        html = (await client.get("/enrollment/instansi")).text
        units = re.findall(r"unit=[0-9a-f-]{36}\">([^<]+)</a>", html)
        html = (await client.get(following(html, "Unit lain"))).text
        units += re.findall(r"unit=[0-9a-f-]{36}\">([^<]+)</a>", html)
        assert units == [*(f"Kecamatan {n:02}" for n in range(12)), "Sekretariat Daerah"]
        assert following(html, "Unit lain", "Dari awal") == "/enrollment/instansi#unit"
        gone = await text_of(client, f"/enrollment/instansi?lanjut={run_id_of(SMALL)}&bagian=x")
        assert "Pegawai 1 " in gone
        assert "Kecamatan 00" in gone


async def test_units_of_one_name_keep_their_places_over_a_page_border(site: Site):
    units = sorted(
        (unit_id(n) for n in range(12)), reverse=True
    )  # recorded against the order they are shown in
    rows = [UnitRow(id=id_, agency_code=CITY, name="Puskesmas") for id_ in units]
    people = [person(100 + n, unit_id=id_) for n, id_ in enumerate(units)]
    async with site.svc.sessions() as session, session.begin():
        await record_units(session, rows)
        await record_asn(session, people)
    async with site.client("head", person=1) as client:
        first = (await client.get("/enrollment/instansi")).text
        second = (await client.get(following(first, "Unit lain"))).text
    shown = re.findall(r'unit=([0-9a-f-]{36})">Puskesmas</a>', first + second)
    assert shown == [str(id_) for id_ in sorted(units)]


def unit_id(n: int) -> UUID:
    return uuid5(SPACE, f"kecamatan/{n}")


def following(html: str, label: str, words: str = "Berikutnya") -> str:
    """Where a list's paging leads to, empty when there is no such page."""
    strip = re.search(rf'<nav class="paging" aria-label="{label}">(.*?)</nav>', html)
    found = re.search(rf'href="([^"]+)">{words}<', strip[1] if strip else "")
    return unescape(found[1]) if found else ""


async def test_a_head_of_a_unit_sees_its_subtree_only(site: Site):
    async with site.client("head", person=1, unit=SECTION) as client:
        assert "Subbagian Umum" in await text_of(client, "/enrollment/instansi")
        assert (await client.get(f"/enrollment/instansi?unit={UNIT}")).status_code == 404


@pytest.mark.parametrize("path", ["/enrollment/instansi", "/ops", "/enrollment/instansi.csv"])
async def test_an_asn_sees_no_dashboards(site: Site, path: str):
    async with site.client("asn", person=2) as client:
        assert (await client.get(path)).status_code == 403


async def test_shares_are_one_question_to_the_machine_interface(site: Site):
    await site.svc.receives(reported(1, TESTED, jp=32, completed_on="2026-09-17"), agency=CITY)
    answer = (await site.reads("jp/shares", "bkd")).json()
    assert [(u["name"], u["people"], u["reached"]) for u in answer["units"]] == [("Sekretariat Daerah", 9, 1)]
    everyone = (await site.reads("jp/shares", "platform", agency=None)).json()
    assert [(a["agency_code"], a["people"]) for a in everyone["agencies"]] == [(REGENCY, 2), (CITY, 9)]
    assert (await site.reads(f"jp/{asn_id(21)}", "bkd")).status_code == 404
    assert (await site.reads(f"jp/{asn_id(1)}", "bkd")).json()["items"][0]["jp"] == 32
