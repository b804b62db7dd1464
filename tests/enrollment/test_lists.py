"""Lists of enrollment, sorted, page by page and as files: the same rows, the same reach, the same masks."""

import csv
import io
import re
from datetime import date
from html import unescape

import httpx
import pytest

from bina.web.audit.searching import Sought, find
from enrollment.catalogue.announcing import announce_runs, record_programmes
from enrollment.catalogue.bodies import ProgrammeRow
from enrollment.catalogue.domain import run_id_of
from enrollment.register.recording import record_asn
from workbooks import rows_of

from .conftest import Site
from .story import (
    CITY,
    OPEN,
    PAST,
    REGENCY,
    SMALL,
    TESTED,
    UNIT,
    asked,
    asn_id,
    nip,
    person,
    recommended,
    reported,
    run,
)

BEHIND, UNITS, CATALOGUE = "/enrollment/instansi/tertinggal", "/enrollment/instansi", "/enrollment/katalog"
PARTICIPANTS = f"/enrollment/angkatan/{SMALL}/peserta"


def table_of(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(answer.text[1:]), delimiter=";"))


async def paged(client: httpx.AsyncClient, path: str, label: str) -> list[str]:
    """NIPs of a list, page by page as its links lead."""
    seen: list[str] = []
    while path:
        html = (await client.get(path)).text
        seen += re.findall(r"<td[^>]*>(\d{18})</td>", html)
        strip = re.search(rf'<nav class="paging" aria-label="{label}">(.*?)</nav>', html)
        found = re.search(r'href="([^"]+)">Berikutnya<', strip[1] if strip else "")
        path = unescape(found[1]) if found else ""
    return seen


@pytest.fixture
async def town(site: Site) -> Site:
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(n, name=f"Pegawai {n % 3}") for n in range(100, 124)])
    done = [reported(n, TESTED, jp=n % 4, completed_on="2026-09-17") for n in range(1, 7)]
    await site.svc.receives(*done, agency=CITY)
    return site


@pytest.mark.parametrize("sort", ["", "nama", "unit", "jp", "terjadwal"])
@pytest.mark.parametrize("way", ["naik", "turun"])
async def test_pages_of_people_behind_are_the_file_in_pieces(town: Site, sort: str, way: str):
    order = f"tertinggal_urut={sort}&tertinggal_arah={way}"
    async with town.client("bkd", person=1) as client:
        seen = await paged(client, f"/enrollment/instansi?{order}", "Pegawai lain")
        table = table_of(await client.get(f"{BEHIND}.csv?{order}"))
        book = rows_of(await client.get(f"{BEHIND}.xlsx?{order}"))
    assert len(seen) == len(set(seen)) == 33
    assert [row[1] for row in table[1:]] == seen
    assert [row[1] for row in book[1:]] == seen
    assert table[0] == list(book[0]) == ["Nama", "NIP", "Unit", "JP", "Terjadwal", "Perkiraan", "Riwayat"]
    assert {type(row[1]) for row in book[1:]} == {str}
    assert {type(row[3]) for row in book[1:]} == {int}


async def test_files_end_where_the_page_ends_and_mask_as_it_masks(town: Site):
    files = [f"{BEHIND}.csv", f"{BEHIND}.xlsx", f"{UNITS}.csv", f"{UNITS}.xlsx"]

    async def told(form: str, *roles: str, **who) -> str:
        async with town.client(*roles, **who) as client:
            answer = await client.get(f"{BEHIND}.{form}")
        return answer.text if form == "csv" else str(rows_of(answer))

    for form in ("csv", "xlsx"):
        ours = await told(form, "bkd")
        assert (nip(2) in ours, nip(21) in ours) == (True, False)
        assert nip(2) not in await told(form, "bkd", agency=REGENCY)
        masked = await told(form, "auditor", agency=None)
        assert not re.search(r"\d{18}", masked)
        assert masked.count("•" * 10) == 35
        assert nip(3) in await told(form, "operator", unit=UNIT)
    async with town.client("bkd") as client:
        for path in files:
            assert (await client.get(f"{path}?instansi={REGENCY}")).status_code == 404
    async with town.client("asn", person=2) as client:
        assert [(await client.get(path)).status_code for path in files] == [403] * 4


async def test_a_file_of_people_is_noted_as_the_page_is(town: Site):
    async with town.client("bkd", person=900) as client:
        await client.get(f"{BEHIND}.xlsx")
    async with town.svc.sessions() as session:
        (entry,) = await find(session, Sought(kind="reading"))
    assert entry.action == "GET /enrollment/instansi/tertinggal.{form}"
    assert entry.detail["people"] == 33
    assert {str(asn_id(2)), str(asn_id(123))} <= set(entry.about)
    assert entry.detail["asked"] == {"instansi": CITY}


async def test_participants_are_listed_and_given_out_within_reach(site: Site):
    await site.svc.receives(*(asked(n, SMALL) for n in (4, 3, 2)), agency=CITY)
    async with site.client("bkd", person=1) as client:
        for order in ("", "urut=nama&arah=turun", "urut=keadaan", "urut=jp"):
            seen = await paged(client, f"/enrollment/angkatan/{SMALL}?{order}", "Peserta lain")
            table = table_of(await client.get(f"{PARTICIPANTS}.csv?{order}"))
            assert [row[1] for row in table[1:]] == seen
        book = rows_of(await client.get(f"{PARTICIPANTS}.xlsx?urut=nama"))
    assert [row[1] for row in book[1:]] == [nip(2), nip(3), nip(4)]
    for roles, who in (({"bkd"}, {"agency": REGENCY}), ({"asn"}, {"person": 2})):
        async with site.client(*roles, **who) as client:
            others = await client.get(f"{PARTICIPANTS}.csv")
        assert [nip(n) in others.text for n in (2, 3, 4)] == [False] * 3
    async with site.client("auditor", agency=None) as client:
        masked = await client.get(f"{PARTICIPANTS}.csv")
    assert (nip(2) in masked.text, masked.text.count("•" * 10)) == (False, 3)


async def test_the_catalogue_is_sorted_filtered_and_given_out(site: Site):
    async with site.client("asn", person=1) as client:
        for key, column in (("jp", 5), ("sisa", 6)):
            rows = table_of(await client.get(f"{CATALOGUE}.csv?urut={key}"))[1:]
            figures = [int(row[column]) for row in rows]
            assert len(figures) > 2
            assert figures == sorted(figures, reverse=True)
            page = (await client.get(f"{CATALOGUE}?urut={key}")).text
            assert re.findall(r'href="/enrollment/angkatan/([^"]+)"', page) == [row[0] for row in rows]
        book = rows_of(await client.get(f"{CATALOGUE}.xlsx?kata=keuangan&urut=mulai&arah=turun"))
        assert [row[1] for row in book[1:]] == ["Pengelolaan Keuangan Daerah"]
        assert book[1][3].isoformat() == "2026-12-01T00:00:00"
        for sign in ("%25", "_"):  # no wildcards
            assert table_of(await client.get(f"{CATALOGUE}.csv?kata={sign}"))[1:] == []
        nothing = (await client.get(f"{CATALOGUE}?kata=tiada&urut=jp")).text
        assert "Tidak ada yang cocok dengan saringan ini." in nothing
        assert 'href="/enrollment/katalog">Hapus saringan' in nothing
        assert 'name="urut" value="jp"' in nothing


async def test_what_closes_a_gap_stands_before_all_others_however_many_begin_earlier(site: Site):
    async with site.svc.sessions() as session, session.begin():
        runs = [run(f"KEU-2026-{n}", CITY, date(2026, 11, 25), date(2026, 11, 26)) for n in range(100, 145)]
        await announce_runs(session, runs)
    fits = recommended(1).model_copy(update={"programme_code": "PBJ", "run_id": run_id_of(OPEN)})
    await site.svc.receives(fits)
    async with site.client("asn", person=1) as client:
        first = (await client.get(CATALOGUE)).text
        table = table_of(await client.get(f"{CATALOGUE}.csv"))[1:]
        second = unescape(re.search(r'href="([^"]+)">Berikutnya<', first)[1])
        later = re.findall(r'href="/enrollment/angkatan/([^"]+)"', (await client.get(second)).text)
    seen = re.findall(r'href="/enrollment/angkatan/([^"]+)"', first)
    assert seen[0] == OPEN
    assert "Menutup kesenjangan Anda" in first
    assert [row[0] for row in table] == seen + later


async def test_the_catalogue_is_narrowed_by_kind_way_and_seats(site: Site):
    kinds = [ProgrammeRow(code="KEU", name="Pengelolaan Keuangan Daerah", jp=50, kind="Diklat Teknis")]
    blended = run("KEU-2026-90", CITY, date(2026, 12, 1), date(2026, 12, 2), mode="Campuran")
    full = run("KEU-2026-91", CITY, date(2026, 12, 1), date(2026, 12, 2), seats=0)
    async with site.svc.sessions() as session, session.begin():
        await record_programmes(session, kinds)
        await announce_runs(session, [blended, full])
    async with site.client("asn", person=1) as client:

        async def found(narrowed: str) -> set[str]:
            return {row[0] for row in table_of(await client.get(f"{CATALOGUE}.csv?{narrowed}"))[1:]}

        all_of_kind = {"KEU-2026-90", "KEU-2026-91"}  # those announced before keep the version without a kind
        assert await found("jenis=Diklat+Teknis") == all_of_kind
        assert await found("jenis=Diklat+Teknis&kursi=ada") == all_of_kind - {"KEU-2026-91"}
        assert await found("cara=Campuran") == {"KEU-2026-90"}
        assert await found("jenis=Tiada") == set()
        page = (await client.get(f"{CATALOGUE}?cara=Campuran")).text
    assert '<option value="Campuran" selected>Campuran</option>' in page
    assert '<option value="Diklat Teknis">Diklat Teknis</option>' in page


@pytest.mark.parametrize(
    "path",
    [
        f"{CATALOGUE}?urut=nama",
        f"{CATALOGUE}?kursi=x",
        f"{CATALOGUE}?arah=x",
        f"{CATALOGUE}?sesudah=x",
        f"{CATALOGUE}?kata=%00",
        f"{CATALOGUE}.csv?urut=x",
        f"{CATALOGUE}.pdf",
        f"/enrollment/angkatan/{PAST}?urut=nip",
        f"{PARTICIPANTS}.xlsx?sesudah=x",
        "/enrollment/instansi?unit_urut=x",
        "/enrollment/instansi?tertinggal_sesudah=e30",
        f"{BEHIND}.csv?tertinggal_arah=x",
    ],
)
async def test_what_a_list_does_not_offer_is_refused_with_what_to_do(site: Site, path: str):
    async with site.client("bkd", person=1) as client:
        refused = await client.get(path)
    assert refused.status_code == 422
    assert re.search(r"<main.*(Buka|Perbaiki|Periksa|Hapus|Ketik)", refused.text, re.S)


async def test_the_gallerys_list_sorts_filters_pages_and_goes_out(site: Site):
    site.app.state.settings = site.app.state.settings.model_copy(update={"demo": True})
    client = site.client()
    page = (await client.get("/gallery?tabel_urut=asn&tabel_arah=turun")).text
    assert page.count('aria-sort="descending"') == 1
    assert page.index("Dinas Pendidikan</th>") < page.index("Dinas Kesehatan</th>")
    assert "Tidak ada yang cocok dengan saringan ini." in page
    onward = unescape(re.findall(r'href="(/gallery\?[^"]+tabel_sesudah=[^"]+)"', page)[0])
    assert "Kecamatan Argomulyo</th>" in (await client.get(onward)).text
    table = (await client.get("/gallery/unit.csv?cari=dinas&tabel_urut=median")).text
    assert [line.split(";")[0] for line in table.splitlines()[1:]] == [
        "Dinas Pekerjaan Umum dan Penataan Ruang",
        "Dinas Pendidikan",
        "Dinas Kesehatan",
    ]
    assert len(rows_of(await client.get("/gallery/unit.xlsx"))) == 7


@pytest.mark.parametrize("code", ["PKP[1]:2026*?", "ANGKATAN-“É”-2026", 'PKP";X="', "'PKP'"])
async def test_a_runs_code_is_whatever_it_is_and_its_files_go_out(site: Site, code: str):
    async with site.svc.sessions() as session, session.begin():
        await announce_runs(session, [run(code, CITY, date(2026, 12, 1), date(2026, 12, 6), programme="KEU")])
    (row,) = await site.svc.rows("SELECT run_id FROM runs ORDER BY recorded_at DESC LIMIT 1")
    async with site.client("operator", person=900) as client:
        for form in ("csv", "xlsx"):
            answer = await client.get(f"/enrollment/angkatan/{row.run_id}/peserta.{form}")
            assert answer.status_code == 200, answer.text
            name = re.fullmatch(r'attachment; filename="([^"]+)"', answer.headers["content-disposition"])
            assert name
            assert re.fullmatch(rf"peserta-[\w.-]+\.{form}", name[1], re.ASCII)
    assert rows_of(answer)[0][0] == "Nama"
