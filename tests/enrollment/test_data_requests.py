"""Whoever finds a mistake in their record has it mended within 3×24 hours, or hears why not."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from bina.events.enrollment import AsnErased, AsnRecorded, ContactRecorded, DataRequestAnswered
from bina.messaging import clock
from bina.web.audit.searching import Sought, find
from enrollment.register.bodies import RoleRow
from enrollment.register.granting import record_roles
from enrollment.register.recording import record_asn
from enrollment.rights import pages

from .conftest import Site
from .story import CITY, REGENCY, UNIT, asn_id, left_long_ago, nip, person

CLERK = 900


async def sends(client: httpx.AsyncClient, page: str, action: str, **fields) -> httpx.Response:
    """Send a page's form as a browser without JavaScript does."""
    html = (await client.get(page)).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', html))
    return await client.post(action, data=hidden | fields)


async def asks(site: Site, n: int, field: str, wanted: str, reason: str = "SK 12/2026") -> httpx.Response:
    async with site.client("asn", person=n) as client:
        fields = {"field": field, "wanted": wanted, "reason": reason}
        return await sends(client, "/data-saya", "/data-saya/perbaikan", **fields)


async def answers(site: Site, request_id: UUID, how: str, answer: str = "", *roles: str, **who):
    async with site.client(*(roles or ("operator",)), **({"person": CLERK} | who)) as client:
        path = f"/enrollment/perbaikan/{request_id}/{how}"
        return await sends(client, "/enrollment/katalog", path, **await _guard(client), answer=answer)


async def _guard(client: httpx.AsyncClient) -> dict[str, str]:
    html = (await client.get("/beranda")).text
    token = re.search(r'name="form_token" value="([^"]+)"', html)
    assert token
    return {"form_token": token[1], "command_key": uuid4().hex}


async def only_request(site: Site) -> UUID:
    (row,) = await site.svc.rows("SELECT request_id FROM data_requests")
    found: UUID = row.request_id
    return found


async def page(site: Site, path: str, *roles: str, **who) -> str:
    async with site.client(*(roles or ("asn",)), **who) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_what_is_accepted_is_mended_told_and_noted(site: Site):
    assert (await asks(site, 2, "position", "Arsiparis Ahli Muda")).status_code == 303
    shown = await page(site, "/enrollment/perbaikan", "operator", person=CLERK)
    assert "1 permintaan menunggu jawaban." in shown
    assert "Arsiparis Ahli Muda" in shown
    assert "SK 12/2026" in shown
    request_id = await only_request(site)
    done = await answers(site, request_id, "terima")
    assert done.status_code == 303, done.text
    recorded, answered = await site.svc.emitted()
    assert isinstance(recorded, AsnRecorded)
    assert (recorded.asn_id, recorded.position) == (asn_id(2), "Arsiparis Ahli Muda")
    assert (recorded.name, recorded.supervisor_id) == ("Pegawai 2", asn_id(1)), "all else stays"
    assert answered == DataRequestAnswered(
        request_id=request_id, asn_id=asn_id(2), field="position", outcome="accepted"
    )
    async with site.svc.sessions() as session:
        entry = (await find(session, Sought(whom=str(request_id))))[0]
    assert {change["kind"] for change in entry.changes} == {"asn", "data_request"}
    mine = await page(site, "/data-saya", person=2)
    assert "Diterima" in mine
    assert "Mengubah: Permintaan atas data" in mine
    assert "Semua permintaan sudah dijawab." in await page(
        site, "/enrollment/perbaikan", "operator", person=CLERK
    )


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("email", "baru@kota.example"), ("phone", "0812"), ("gender", "P"), ("grade", "III/d"),
        ("started_on", "2019-03-01"), ("supervisor_nip", nip(3)), ("name", "Nama Betul"), ("job_level", "Pengawas"),
        ("nip", "198703032010011999"),
    ],
)  # fmt: skip
async def test_every_field_can_be_mended(site: Site, field: str, wanted: str):
    assert (await asks(site, 2, field, wanted)).status_code == 303
    assert (await answers(site, await only_request(site), "terima")).status_code == 303
    row = (await site.svc.rows(
        """SELECT to_jsonb(asn) || to_jsonb(c) || jsonb_build_object('supervisor_nip',
            (SELECT s.nip FROM asn s WHERE s.asn_id = asn.supervisor_id)) AS it
        FROM asn JOIN contacts c USING (asn_id) WHERE asn_id = :id""",
        id=asn_id(2),
    ))[0].it  # fmt: skip
    assert row[field] == wanted
    told = await site.svc.emitted(AsnRecorded, ContactRecorded)
    assert len(told) <= 1


async def test_a_refusal_says_why_and_leaves_everything(site: Site):
    await asks(site, 2, "name", "Nama Lain")
    request_id = await only_request(site)
    assert (await answers(site, request_id, "tolak")).status_code == 422
    assert (await answers(site, request_id, "tolak", "Tidak sesuai akta")).status_code == 303
    assert [type(event) for event in await site.svc.emitted()] == [DataRequestAnswered]
    mine = await page(site, "/data-saya", person=2)
    assert "Ditolak" in mine
    assert "Jawaban: Tidak sesuai akta" in mine
    assert "Pegawai 2" in (await page(site, "/enrollment/api/v1/asn?nip=" + nip(2), "platform"))


@pytest.mark.parametrize(
    ("field", "wanted", "reason", "says"),
    [
        ("shoe_size", "43", "SK", "Pilih apa yang keliru."),
        ("name", "", "SK", "Tulis yang seharusnya"),
        ("name", "x" * 301, "SK", "Tulis yang seharusnya"),
        ("name", "Nama", "", "Tulis alasan"),
        ("nip", "12345", "SK", "NIP berisi 18 angka."),
        ("nip", nip(3), "SK", "NIP ini milik orang lain."),
        ("supervisor_nip", "198703032010011998", "SK", "NIP atasan ini tidak ada"),
        ("started_on", "kemarin", "SK", "Tulis tanggal seperti"),
        ("gender", "X", "SK", "Tulis L atau P."),
        ("phone", "0" * 21, "SK", "terlalu panjang"),
    ],
)
async def test_what_cannot_be_recorded_is_not_asked(
    site: Site, field: str, wanted: str, reason: str, says: str
):
    answer = await asks(site, 2, field, wanted, reason)
    assert answer.status_code == 422
    assert says in answer.text
    assert await site.svc.rows("SELECT FROM data_requests") == []


async def test_sent_twice_it_is_there_once(site: Site):
    async with site.client("asn", person=2) as client:
        html = (await client.get("/data-saya")).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', html))
        fields = hidden | {"field": "name", "wanted": "Nama", "reason": "SK"}
        answers = [await client.post("/data-saya/perbaikan", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    again = await asks(site, 2, "name", "Nama Lain Lagi")
    assert again.status_code == 409
    assert "masih menunggu jawaban" in again.text
    assert (await asks(site, 2, "grade", "III/a")).status_code == 303
    await only_request_of(site, "name")


async def only_request_of(site: Site, field: str) -> UUID:
    (row,) = await site.svc.rows("SELECT request_id FROM data_requests WHERE field = :field", field=field)
    found: UUID = row.request_id
    return found


async def test_an_answer_counts_once(site: Site):
    await asks(site, 2, "name", "Nama")
    request_id = await only_request(site)
    assert (await answers(site, request_id, "terima")).status_code == 303
    assert (await answers(site, request_id, "tolak", "Berubah pikiran")).status_code == 409
    assert (await answers(site, uuid4(), "terima")).status_code == 404


async def test_only_the_persons_own_agency_and_unit_answers(site: Site):
    await asks(site, 2, "name", "Nama")
    request_id = await only_request(site)
    other = uuid4()
    for how in ("terima", "tolak"):
        assert (await answers(site, request_id, how, "Begitu", agency=REGENCY)).status_code == 403
        assert (await answers(site, request_id, how, "Begitu", unit=other)).status_code == 403
    assert "Nama" not in await page(site, "/enrollment/perbaikan", "operator", person=CLERK, agency=REGENCY)
    assert "Semua permintaan" in await page(
        site, "/enrollment/perbaikan", "operator", person=CLERK, unit=other
    )
    for role in ("asn", "head", "auditor"):
        assert (await answers(site, request_id, "terima", "", role)).status_code == 403, role
    assert (await answers(site, request_id, "terima", unit=UNIT)).status_code == 303


async def test_nobody_answers_their_own(site: Site):
    await asks(site, 2, "name", "Nama")
    answer = await answers(site, await only_request(site), "terima", "", "operator", person=2)
    assert answer.status_code == 409
    assert "dijawab orang lain" in answer.text


async def test_whoever_may_not_read_nip_reads_none_in_requests(site: Site):
    await asks(site, 2, "nip", "198703032010011999", f"SK 12, NIP lama {nip(2)}")
    await asks(site, 2, "supervisor_nip", nip(3))
    await asks(site, 2, "email", "rumah@pribadi.example", "rumah@pribadi.example yang baru")
    audited = await page(site, "/enrollment/perbaikan", "auditor", person=CLERK)
    assert "3 permintaan menunggu jawaban." in audited
    assert not re.search(r"\d{18}|@", audited)
    answering = await page(site, "/enrollment/perbaikan", "operator", person=CLERK)
    for needed in ("198703032010011999", nip(3), "rumah@pribadi.example"):
        assert needed in answering


async def test_somebody_elses_request_is_on_nobodys_page(site: Site):
    await asks(site, 2, "name", "Nama Rahasia")
    assert "Nama Rahasia" not in await page(site, "/data-saya", person=3)


async def test_late_ones_are_marked_and_the_oldest_come_first(site: Site):
    await asks(site, 3, "name", "Yang Lama")
    clock.move(clock.offset() + timedelta(hours=72, minutes=1))
    await asks(site, 2, "name", "Yang Baru")
    shown = await page(site, "/enrollment/perbaikan", "operator", person=CLERK)
    assert "2 permintaan menunggu jawaban, 1 lewat tenggat." in shown
    assert shown.index("Yang Lama") < shown.index("Yang Baru")
    assert shown.count("Lewat tenggat") == 1
    assert "Lewat tenggat" in await page(site, "/data-saya", person=3)


async def test_the_nip_of_a_role_holder_is_the_platforms_to_mend(site: Site):
    async with site.svc.sessions() as session, session.begin():
        await record_roles(session, [RoleRow(asn_id=asn_id(2), role="head", agency_code=CITY)])
    await asks(site, 2, "nip", "198703032010011999")
    request_id = await only_request(site)
    assert (await answers(site, request_id, "terima")).status_code == 403
    assert (await answers(site, request_id, "terima", "", "platform")).status_code == 303


async def test_what_became_wrong_meanwhile_is_refused_when_accepted(site: Site):
    await asks(site, 2, "nip", "198703032010011999")
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(50, id=None, nip="198703032010011999")])
    answer = await answers(site, await only_request(site), "terima")
    assert answer.status_code == 422
    assert [row.state for row in await site.svc.rows("SELECT state FROM data_requests")] == ["open"]


async def test_something_else_is_mended_where_it_is_kept_and_said(site: Site):
    await asks(site, 2, "other", "Nilai pelatihan PBJ 85, bukan 58")
    request_id = await only_request(site)
    assert (await answers(site, request_id, "terima")).status_code == 422
    assert (await answers(site, request_id, "terima", "Diperbaiki penyelenggara")).status_code == 303
    assert [type(event) for event in await site.svc.emitted()] == [DataRequestAnswered]


async def test_whoever_serves_is_told_at_once_why_nothing_can_be_erased(site: Site):
    mine = await page(site, "/data-saya", person=2)
    assert "UU 20/2023 Pasal 49" in mine
    assert "Minta semua data saya dihapus" not in mine
    async with site.client("asn", person=2) as client:
        answer = await sends(client, "/data-saya", "/data-saya/hapus")
    assert answer.status_code == 409
    assert "UU 20/2023 Pasal 49" in answer.text


async def test_whoever_left_asks_and_is_erased(site: Site):
    await left_long_ago(site.svc, 2)
    async with site.client("asn", person=2) as client:
        assert (await sends(client, "/data-saya", "/data-saya/hapus", reason="Pensiun")).status_code == 303
    request_id = await only_request(site)
    assert "Hapus semua data saya" in await page(site, "/enrollment/perbaikan", "operator", person=CLERK)
    done = await answers(site, request_id, "terima")
    assert done.status_code == 303, done.text
    assert AsnErased(asn_id=asn_id(2)) in await site.svc.emitted()
    assert await site.svc.rows("SELECT FROM data_requests") == []
    assert await site.svc.rows("SELECT FROM asn WHERE asn_id = :id", id=asn_id(2)) == []


async def test_an_erasure_that_the_law_forbids_by_now_stays_open(site: Site):
    await left_long_ago(site.svc, 2)
    async with site.client("asn", person=2) as client:
        await sends(client, "/data-saya", "/data-saya/hapus", reason="Pensiun")
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(2, left_on=None)])
    assert (await answers(site, await only_request(site), "terima")).status_code == 409
    assert [row.state for row in await site.svc.rows("SELECT state FROM data_requests")] == ["open"]


async def test_the_list_goes_on_where_a_page_ends(site: Site, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 2)
    for n in (2, 3, 4):
        await asks(site, n, "name", f"Nama Nomor {n}")
    async with site.client("operator", person=CLERK) as client:
        first = (await client.get("/enrollment/perbaikan")).text
        (following,) = re.findall(r'href="(/enrollment/perbaikan\?setelah=[^"]+)"', first)
        second = (await client.get(following)).text
    assert ["Nama Nomor 4" in text for text in (first, second)] == [False, True]
