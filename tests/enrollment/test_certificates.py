"""Verifying, revoking, listing: what organisers do and what anybody sees of it."""

from sqlalchemy import text

from bina.events.enrollment import CertificateRevoked
from bina.web.rates import Limiter, Rates
from enrollment.catalogue.domain import run_id_of
from enrollment.certificates.domain import (
    new_code,
    written,
)
from enrollment.register.recording import erase_asn

from .certifying import PAGE, RUN, codes, issue, numbers_of, pass_all, verified, words_of
from .conftest import Site
from .story import CITY, OPEN, PAST, REGENCY, asn_id, enrollment_id, nip, reported


async def test_anyone_sees_that_a_certificate_is_genuine_and_no_nip(site: Site):
    await issue(site, 2)
    (code,) = await codes(site)
    page = await verified(site, written(code))
    words = words_of(page.text)
    assert page.status_code == 200
    assert "Asli dan berlaku" in words
    for told in (
        "Pegawai 2",
        "Bimtek Penyusunan SKP",
        "Pemerintah Kota Jambi",
        f"0001/{CITY}/BTK/2026",
        "16 JP",
    ):
        assert told in words
    assert nip(2) not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    answer = await site.reads(f"certificates/{code}")
    assert (answer.status_code, answer.json()["state"], answer.json()["name"]) == (200, "valid", "Pegawai 2")
    assert nip(2) not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_an_unknown_code_is_told_clearly(site: Site):
    for code in (written(new_code()), "bukan-kode"):
        page = await verified(site, code)
        assert page.status_code == 404
        assert "Tidak ada sertifikat dengan kode ini." in page.text
        assert (await site.reads(f"certificates/{code}")).json()[
            "type"
        ] == "urn:bina:problem:certificate-unknown"


async def test_revoking_is_told_on_the_page_and_the_number_never_comes_again(site: Site):
    await issue(site, 2)
    (code,) = await codes(site)
    body = {"reason": "Terbit untuk orang yang keliru"}
    assert (await site.command(f"certificates/{code}/revoke", body, "bkd", agency=REGENCY)).status_code == 403
    assert (await site.command(f"certificates/{code}/revoke", body, "asn", person=2)).status_code == 403
    await site.svc.emitted()
    assert (await site.command(f"certificates/{code}/revoke", body, "operator")).json()["state"] == "revoked"
    (told,) = await site.svc.emitted()
    assert isinstance(told, CertificateRevoked)
    assert (told.number, told.reason) == (f"0001/{CITY}/BTK/2026", body["reason"])
    words = words_of((await verified(site, code)).text)
    assert "Telah dicabut pada 20 November 2026." in words
    assert "Asli dan berlaku" not in words
    assert body["reason"] not in words
    assert (await site.reads(f"certificates/{code}")).json()["state"] == "revoked"
    assert (await site.reads(f"certificates/{code}/pdf", "asn", person=2)).status_code == 410
    assert (await site.command(f"certificates/{code}/revoke", body, "operator")).status_code == 409
    (jp,) = await site.svc.rows("SELECT sum(minutes) / 45 AS jp FROM jp_entries")
    assert jp.jp == 16  # the result stays
    await issue(site)
    assert (await site.reads(RUN, "operator")).json() == {"passed": 0, "issued": 0, "under_way": False}
    assert await numbers_of(site) == [f"0001/{CITY}/BTK/2026"]  # not anew for the same result
    right = {"completed": True, "jp": 16, "completed_on": "2026-10-06", "reason": "Nama dibetulkan"}
    await site.command(f"results/{enrollment_id(2, PAST)}/correct", right, "operator")
    await issue(site)
    assert await numbers_of(site) == [f"0001/{CITY}/BTK/2026", f"0002/{CITY}/BTK/2026"]
    assert "Telah dicabut" in (await verified(site, code)).text


async def test_a_result_that_is_taken_back_revokes_its_certificate(site: Site):
    await issue(site, 2)
    (code,) = await codes(site)
    await site.svc.emitted()
    body = {"completed": False, "jp": 0, "completed_on": "2026-10-06", "reason": "Salah baris"}
    await site.command(f"results/{enrollment_id(2, PAST)}/correct", body, "operator")
    (told,) = await site.svc.emitted(CertificateRevoked)
    assert told.number == f"0001/{CITY}/BTK/2026"
    assert "Telah dicabut pada" in (await verified(site, code)).text
    (row,) = await site.svc.rows("SELECT reason FROM certificates")
    assert row.reason == "Salah baris"
    words = words_of((await verified(site, code)).text)
    assert "Pegawai 2" in words
    assert not {"JP", "Diselesaikan"} & set(words.split())


async def test_nobody_tries_codes_at_leisure(site: Site):
    usual = site.app.state.limiter
    site.app.state.limiter = Limiter(Rates(address_entries=3))
    try:
        found = [(await verified(site, new_code())).status_code for _ in range(2)]
        found += [(await site.reads(f"certificates/{new_code()}")).status_code for _ in range(2)]
    finally:
        site.app.state.limiter = usual
    assert found == [404, 404, 404, 429]


async def test_a_corrected_result_shows_what_is_right_and_says_that_prints_may_differ(site: Site):
    await issue(site, 2)
    (code,) = await codes(site)
    body = {"completed": True, "jp": 12, "completed_on": "2026-10-06", "reason": "JP salah"}
    await site.command(f"results/{enrollment_id(2, PAST)}/correct", body, "operator")
    words = words_of((await verified(site, code)).text)
    assert "Asli dan berlaku" in words
    assert "12 JP" in words
    assert "diperbaiki setelah sertifikat terbit" in words


async def test_a_corrected_certificate_that_is_revoked_is_not_issued_anew_by_itself(site: Site):
    await issue(site, 2)
    (code,) = await codes(site)
    body = {"completed": True, "jp": 12, "completed_on": "2026-10-06", "reason": "JP salah"}
    await site.command(f"results/{enrollment_id(2, PAST)}/correct", body, "operator")
    await site.command(f"certificates/{code}/revoke", {"reason": "Terbit keliru"}, "operator")
    words = words_of((await verified(site, code)).text)
    assert "Telah dicabut" in words
    assert "Yang berlaku ialah yang tertulis di sini" not in words
    await issue(site, 3)
    assert await numbers_of(site) == [f"0001/{CITY}/BTK/2026", f"0002/{CITY}/BTK/2026"]
    await site.command(f"results/{enrollment_id(2, PAST)}/correct", body | {"jp": 16}, "operator")
    await issue(site)
    assert len(await numbers_of(site)) == 3


async def test_a_report_after_the_issue_keeps_the_number_and_another_number_is_refused(site: Site):
    async with site.svc.sessions() as session, session.begin():
        values = {"id": enrollment_id(2, PAST), "run": run_id_of(PAST), "asn": asn_id(2), "agency": CITY}
        await session.execute(
            text(
                """INSERT INTO enrolments (enrollment_id, run_id, asn_id, attempt, agency_code, state, requested_at, met_on,
                    completed_on, jp, origin, revision) VALUES (:id, :run, :asn, 1, :agency, 'completed', now(),
                    '2026-10-06', '2026-10-06', 16, 'attendance', 1)"""
            ),
            values,
        )
        await session.execute(text("UPDATE run_seats SET taken = 1 WHERE run_id = :run"), values)
    await issue(site)
    number = f"0001/{CITY}/BTK/2026"
    await site.svc.receives(reported(2, PAST, certificate_number="893/1"), agency=CITY)
    await site.svc.receives(reported(2, PAST, post_score=90.0), agency=CITY)
    assert await site.svc.emitted(CertificateRevoked) == []
    (row,) = await site.svc.rows(
        "SELECT certificate_number AS number, revision, post_score FROM enrolments WHERE revision > 0"
    )
    assert (row.number, row.revision, float(row.post_score)) == (number, 2, 90.0)
    (kept,) = await site.svc.rows("SELECT number FROM certificates WHERE revoked_at IS NULL")
    assert kept.number == number


async def test_of_an_erased_person_nothing_is_told_any_more(site: Site):
    await issue(site, 2)
    (code,) = await codes(site)
    await site.command(f"certificates/{code}/revoke", {"reason": "Atas nama Pegawai 2"}, "operator")
    async with site.svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(2))
    page = await verified(site, code)
    assert (page.status_code, "Data sertifikat ini sudah dihapus." in page.text) == (200, True)
    assert "Pegawai 2" not in page.text
    assert (await site.reads(f"certificates/{code}")).json().keys() == {"code", "state", "number", "page"}
    (row,) = await site.svc.rows("SELECT reason FROM certificates")
    assert row.reason == ""
    await issue(site)
    assert len(await codes(site)) == 1


async def test_only_the_organiser_issues_and_sees_who_is_eligible(site: Site):
    await pass_all(site, 2)
    for roles in (("asn",), ("head",), ("auditor",), ("trainer",)):
        assert (await site.command(RUN, {}, *roles, person=2)).status_code == 403
    assert (await site.command(RUN, {}, "operator", agency=REGENCY)).status_code == 403
    assert (await site.command(f"runs/{OPEN}/certificates", {}, "operator")).status_code == 403
    async with site.client("operator", agency=REGENCY) as client:
        assert (await client.get(PAGE)).status_code == 403
        assert (await client.get(f"{PAGE}/semua.zip")).status_code == 403
    assert await codes(site) == []


async def test_a_person_finds_their_certificate_beside_their_jp(site: Site):
    await issue(site, 2, 3)
    code = (await site.svc.rows("SELECT code FROM certificates JOIN enrolments USING (enrollment_id) WHERE asn_id = :id", id=asn_id(2)))[0].code  # fmt: skip
    async with site.client("asn", person=2) as client:
        ledger = (await client.get("/enrollment/jp")).text
        assert f'href="/enrollment/sertifikat/{code}"' in ledger
        document = await client.get(f"/enrollment/sertifikat/{code}")
    assert (document.status_code, document.headers["content-type"]) == (200, "application/pdf")
    assert f"0001-{CITY}-BTK-2026" in document.headers["content-disposition"]
    assert (await site.reads(f"certificates/{code}/pdf", "asn", person=3)).status_code == 403


async def test_an_agencys_system_lists_a_runs_certificates_page_by_page(site: Site):
    await issue(site, 2, 3)
    first = (await site.reads(f"certificates?run={PAST}&limit=1", "operator")).json()
    (one,) = first["items"]
    assert (one["number"], one["asn_id"], one["revoked_at"]) == (
        f"0001/{CITY}/BTK/2026",
        str(asn_id(2)),
        None,
    )
    rest = (await site.reads(f"certificates?run={PAST}&cursor={first['next']}", "operator")).json()
    assert [item["number"] for item in rest["items"]] == [f"0002/{CITY}/BTK/2026"]
    assert (await site.reads(f"certificates?run={PAST}", "operator", agency=REGENCY)).status_code == 403


async def test_the_page_counts_lists_and_issues_without_a_script(site: Site):
    await pass_all(site, 2, 3)
    async with site.client("operator", person=900) as client:
        page = (await client.get(PAGE)).text
        assert "2 orang layak; 2 belum bersertifikat." in page
        assert "Terbitkan 2 sertifikat" in page
        assert f"0001/{CITY}/BTK/2026" in page
        assert "Sedang diterbitkan" not in page
        await site.command(RUN, {}, "operator")
        assert "Sedang diterbitkan" in (await client.get(PAGE)).text
        await site.svc.does_due_work()
        page = (await client.get(PAGE)).text
        assert "2 dari 2 sertifikat terbit" in page
        assert page.count(">Berlaku<") == 2
        listed = (await client.get(f"{PAGE}/daftar.csv")).text
    assert f"0002/{CITY}/BTK/2026" in listed


async def test_who_issued_and_who_read_is_in_the_audit(site: Site):
    await issue(site, 2)
    (code,) = await codes(site)
    await site.reads(f"certificates/{code}/pdf", "operator", person=900)
    rows = await site.svc.rows("SELECT kind, action, about FROM audit.entries ORDER BY id")
    issued = [row for row in rows if row.kind == "command" and str(run_id_of(PAST)) in map(str, row.about)]
    read = [row for row in rows if row.kind == "reading" and str(asn_id(2)) in map(str, row.about)]
    assert len(issued) == 1
    assert len(read) == 1
