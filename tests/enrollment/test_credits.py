"""What people learned elsewhere counts once somebody has looked at the evidence, and every answer has its reason."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bina.events.enrollment import JpCreditAnswered
from bina.messaging import clock
from bina.web.audit.searching import Sought, find
from bina.web.expiring import Expiring
from bina.web.retention import Periods
from enrollment.credits.domain import LARGEST_EVIDENCE, conversions, minutes_of, type_of
from enrollment.entitlement.domain import LESSON
from enrollment.own_data import EXPIRIES

from .conftest import Site
from .story import REGENCY, asn_id, left_long_ago, nip
from .test_data_requests import page

CLERK = 9
PDF = b"%PDF-1.7 a certificate"
FORM = {
    "form": "certificate", "title": "Kursus Data", "provider": "LAN", "number": "LAN/2026/17", "starts_on": "2026-10-01",
    "ends_on": "2026-10-03", "amount": "6",
}  # fmt: skip


async def guard(client: httpx.AsyncClient) -> dict[str, str]:
    token = re.search(r'name="form_token" value="([^"]+)"', (await client.get("/beranda")).text)
    assert token
    return {"form_token": token[1], "command_key": uuid4().hex}


async def hands_in(site: Site, n: int = 2, evidence: bytes = PDF, **changes: str) -> httpx.Response:
    async with site.client("asn", person=n) as client:
        files = {"evidence": ("bukti.bin", evidence)} if evidence else {"other": ("", b"")}
        data = await guard(client) | FORM | changes
        return await client.post("/enrollment/jp/ajukan", data=data, files=files)


async def only(site: Site) -> UUID:
    (row,) = await site.svc.rows("SELECT credit_id FROM jp_credits")
    found: UUID = row.credit_id
    return found


async def answers(
    site: Site, how: str, *, role: str = "operator", person: int = CLERK, agency: str = "", **fields: str
):
    who = {"person": person} | ({"agency": agency} if agency else {})
    credit_id = await only(site)
    async with site.client(role, **who) as client:
        path = f"/enrollment/pengajuan-jp/{credit_id}/{how}"
        return await client.post(path, data=await guard(client) | fields)


async def lines(site: Site) -> list[tuple[Any, ...]]:
    rows = await site.svc.rows(
        """SELECT source, revision, minutes / 45, earned_on::text, reason, reverses IS NOT NULL FROM jp_entries
        ORDER BY revision, reverses IS NULL"""
    )
    return [tuple(row) for row in rows]


async def test_a_certificate_counts_once_it_is_verified_and_its_person_is_told(site: Site):
    assert (await hands_in(site)).status_code == 303
    assert await lines(site) == []
    assert "1 pengajuan menunggu pemeriksaan." in await page(
        site, "/enrollment/pengajuan-jp", "operator", person=CLERK
    )
    assert (await answers(site, "setujui", jp="6")).status_code == 303
    assert await lines(site) == [("outside", 1, 6, "2026-10-03", "", False)]
    (told,) = await site.svc.emitted()
    assert told == JpCreditAnswered(credit_id=await only(site), asn_id=asn_id(2), outcome="accepted", jp=6)
    assert "Kursus Data" in await page(site, "/enrollment/jp", person=2)


async def test_less_counts_for_a_reason_alone(site: Site):
    await hands_in(site)
    assert (await answers(site, "setujui", jp="4")).status_code == 422
    assert (await answers(site, "setujui", jp="7", answer="Lebih")).status_code == 422
    assert (await answers(site, "setujui", jp="4", answer="Hari ketiga tidak hadir")).status_code == 303
    assert await lines(site) == [("outside", 1, 4, "2026-10-03", "Hari ketiga tidak hadir", False)]


async def test_a_refusal_has_its_reason_and_counts_nothing(site: Site):
    await hands_in(site)
    assert (await answers(site, "tolak")).status_code == 422
    assert (await answers(site, "tolak", answer="Tidak terbaca")).status_code == 303
    assert await lines(site) == []
    assert "Tidak terbaca" in await page(site, "/enrollment/jp/ajukan", person=2)
    (told,) = await site.svc.emitted()
    assert (told.outcome, told.jp) == ("refused", 0)
    assert (await answers(site, "setujui", jp="6")).status_code == 409
    assert (await hands_in(site)).status_code == 303  # with better evidence


async def test_a_correction_is_a_reversal_and_a_new_line(site: Site):
    await hands_in(site)
    await answers(site, "setujui", jp="6")
    await site.svc.emitted()
    assert (await answers(site, "koreksi", jp="6", answer="Sama")).status_code == 422
    assert (await answers(site, "koreksi", jp="5", answer="Salah hitung")).status_code == 303
    assert (await answers(site, "koreksi", jp="0", answer="Sertifikat palsu")).status_code == 303
    assert await lines(site) == [
        ("outside", 1, 6, "2026-10-03", "", False),
        ("outside", 2, -6, "2026-10-03", "Salah hitung", True),
        ("outside", 2, 5, "2026-10-03", "Salah hitung", False),
        ("outside", 3, -5, "2026-10-03", "Sertifikat palsu", True),
    ]
    assert [(one.outcome, one.jp) for one in await site.svc.emitted()] == [("corrected", 5), ("corrected", 0)]


@pytest.mark.parametrize("number", ["LAN/2026/17", " lan/2026/17 "])
async def test_the_same_certificate_is_refused_by_words(site: Site, number: str):
    await hands_in(site)
    again = await hands_in(site, number=number)
    assert again.status_code == 409
    assert "sudah Anda ajukan" in again.text
    assert (await hands_in(site, 3)).status_code == 303  # another person's of the same course


async def test_what_is_not_answered_is_taken_back_and_its_evidence_goes(site: Site):
    await hands_in(site)
    path = f"/enrollment/jp/ajukan/{await only(site)}/cabut"
    for n, status in ((3, 404), (2, 303), (2, 409)):
        async with site.client("asn", person=n) as client:
            assert (await client.post(path, data=await guard(client))).status_code == status
    assert await site.svc.rows("SELECT FROM jp_evidence") == []
    assert (await hands_in(site)).status_code == 303


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "Tulis nama kegiatannya"),
        ({"ends_on": "2026-09-30"}, "Tanggal selesai tidak boleh sebelum"),
        ({"ends_on": "2026-12-30"}, "belum selesai"),
        ({"starts_on": "kapan"}, "Isi tanggal mulai"),
        ({"amount": "banyak"}, "Isi dengan bilangan bulat"),
        ({"amount": "2001"}, "Isi dengan bilangan bulat"),
        ({"form": "seminar", "amount": "4"}, "melebihi lama kegiatannya"),
        ({"form": "tidak-ada"}, "Pilih apa yang diajukan"),
        ({"form": "coaching", "starts_on": "2026-09-30", "amount": "1"}, "Ajukan per bulan kalender"),
        ({"form": "coaching", "amount": "3"}, "Paling banyak 2 kali sebulan; 0 sudah diajukan"),
    ],
)
async def test_what_is_wrong_is_named_at_its_field(site: Site, changes: dict[str, str], said: str):
    answer = await hands_in(site, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert await site.svc.rows("SELECT FROM jp_credits") == []


@pytest.mark.parametrize(
    "evidence", [b"", b"MZ\x90 a program", b"<svg onload=alert(1)>", b"%PDF-" + b"0" * LARGEST_EVIDENCE]
)
async def test_only_small_documents_and_pictures_are_evidence(site: Site, evidence: bytes):
    answer = await hands_in(site, evidence=evidence)
    assert answer.status_code in {413, 422}
    assert await site.svc.rows("SELECT FROM jp_credits") == []


async def test_sessions_of_a_month_are_counted_over_all_that_is_handed_in(site: Site):
    month = {"form": "coaching", "starts_on": "2026-10-01", "ends_on": "2026-10-03"}
    assert (await hands_in(site, number="1", amount="1", **month)).status_code == 303
    assert (await hands_in(site, number="2", amount="2", **month)).status_code == 422
    assert (await hands_in(site, number="2", amount="1", **month)).status_code == 303
    assert (await hands_in(site, 3, number="1", amount="2", **month)).status_code == 303


async def test_evidence_is_saved_and_never_runs_here(site: Site):
    await hands_in(site, evidence=b"\x89PNG\r\n\x1a\n<script>")
    path = f"/enrollment/pengajuan-jp/{await only(site)}/bukti"
    async with site.client("operator", person=CLERK) as client:
        answer = await client.get(path)
    assert answer.content == b"\x89PNG\r\n\x1a\n<script>"
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    async with site.svc.sessions() as session:
        (entry, *_others) = await find(session, Sought(kind="reading"))
    assert "bukti" in entry.action
    for role, n, agency, status in (
        ("asn", 2, None, 200),
        ("asn", 3, None, 404),
        ("operator", 21, REGENCY, 404),
    ):
        async with site.client(role, person=n, agency=agency or "5571") as client:
            assert (await client.get(path)).status_code == status


async def test_others_answer_and_nobody_their_own(site: Site):
    await hands_in(site)
    assert (await answers(site, "setujui", jp="6", agency=REGENCY)).status_code == 403
    assert (await answers(site, "setujui", jp="6", person=2)).status_code == 409
    assert (await answers(site, "setujui", jp="6", role="auditor")).status_code == 403
    assert await lines(site) == []


async def test_evidence_goes_when_its_time_is_over_and_the_ledger_stays(site: Site):
    await hands_in(site)
    await answers(site, "setujui", jp="6")
    clock.move(clock.offset() + timedelta(days=729))
    for days, left in ((0, 1), (2, 0)):
        clock.move(clock.offset() + timedelta(days=days))
        async with site.svc.sessions() as session, session.begin():
            await Expiring(Periods.read(), EXPIRIES).run(session)
        assert len(await site.svc.rows("SELECT FROM jp_evidence")) == left
    assert "sudah tidak disimpan" in await page(
        site, f"/enrollment/pengajuan-jp/{await only(site)}", "operator", person=CLERK
    )
    assert len(await lines(site)) == 1


async def test_erasure_leaves_the_ledger_an_opaque_id_and_no_words(site: Site):
    await hands_in(site)
    await answers(site, "setujui", jp="4", answer=f"Atas nama {nip(2)}")
    await left_long_ago(site.svc, 2)
    async with site.client("platform") as client:
        headers = {"Idempotency-Key": uuid4().hex}
        erased = await client.delete(
            f"/enrollment/api/v1/asn/{asn_id(2)}?order=Putusan%2012%2F2026%20PN%20Jambi", headers=headers
        )
    assert erased.status_code == 200, erased.text
    assert (
        await site.svc.rows("SELECT FROM jp_credits") == await site.svc.rows("SELECT FROM jp_evidence") == []
    )
    assert await lines(site) == [("outside", 1, 4, "2026-10-03", "", False)]


async def test_who_may_not_read_numbers_reads_none_in_what_was_written(site: Site):
    await hands_in(site, title=f"Kursus {nip(2)}")
    for role, seen in (("operator", True), ("auditor", False)):
        shown = await page(site, f"/enrollment/pengajuan-jp/{await only(site)}", role, person=CLERK)
        assert (nip(2) in shown) is seen
    async with site.client("auditor", person=CLERK) as client:
        assert nip(2) not in (await client.get("/enrollment/pengajuan-jp.csv")).text


def test_the_shipped_table_says_whose_it_is():
    table = conversions()
    assert "satu instansi" in table.source
    worth = {
        code: (form.jp, form.jp_abroad, form.a_day, form.a_month)
        for code, form in table.forms.items()
        if not code.startswith("certificate")
    }
    assert worth == {
        "seminar": (4, 6, 0, 0), "sosialisasi": (4, 6, 0, 0), "workshop": (5, 7, 0, 0), "coaching": (2, 2, 0, 2),
        "mentoring": (2, 2, 0, 2), "e-learning": (0, 0, 3, 0), "belajar-mandiri": (0, 0, 2, 0),
        "benchmarking": (10, 20, 0, 0), "detasering": (20, 24, 0, 0), "pertukaran": (20, 24, 0, 0),
        "magang": (20, 24, 0, 0), "studi": (20, 20, 0, 0),
    }  # fmt: skip


def test_a_site_may_offer_certificates_alone(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('effective_from = 2026-01-01\nsource = "Keputusan Wali Kota 1/2026"\n')
    assert list(conversions(str(own)).forms) == ["certificate", "certificate-minutes"]


@given(st.integers(1, 5000), st.integers(1, 40))
def test_minutes_are_summed_and_then_capped_a_day(minutes: int, days: int):
    form = conversions().forms["e-learning"]
    found = minutes_of(form, minutes, days=days, abroad=False)
    assert found == min(minutes, 3 * LESSON * days)


@given(st.binary(max_size=12))
def test_no_other_beginning_is_evidence(content: bytes):
    known = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
    assert (type_of(content) is not None) == content.startswith(known)
