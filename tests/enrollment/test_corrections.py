"""Corrections of results, and the certificates that stand or fall with them."""

from datetime import date

import asyncpg
import pytest
from sqlalchemy import text

from bina.events.agency import ResultAnswered
from bina.events.enrollment import (
    CertificateIssued,
    CertificateRevoked,
    TrainingCompleted,
    TrainingResultCorrected,
)

from .conftest import Site
from .story import (
    CITY,
    OPEN,
    PAST,
    REGENCY,
    SMALL,
    TESTED,
    asked,
    asn_id,
    enrollment_id,
    nip,
    reported,
)


async def test_a_correction_replaces_the_result_and_the_ledger_follows(site: Site):
    await site.svc.receives(reported(7, PAST), agency=CITY)
    await site.svc.emitted()
    path = f"results/{enrollment_id(7, PAST)}/correct"
    body = {"completed": False, "jp": 0, "completed_on": "2026-10-06", "reason": "Salah baris"}
    assert (await site.command(path, body, "operator", agency=REGENCY)).status_code == 403
    assert (await site.command(path, body, "operator")).json()["revision"] == 2
    (corrected,) = await site.svc.emitted()
    assert isinstance(corrected, TrainingResultCorrected)
    assert (corrected.completed, corrected.revision, corrected.reason) == (False, 2, "Salah baris")
    assert await lines(site) == [(1, 16, "", False), (2, -16, "Salah baris", True)]
    again = body | {"completed": True, "jp": 12, "reason": "Daftar hadir"}
    await site.command(path, again, "operator")
    assert (await lines(site))[2:] == [(3, 12, "Daftar hadir", False)]
    await site.command(path, again | {"jp": 14}, "operator")
    assert (await lines(site))[3:] == [(4, -12, "Daftar hadir", True), (4, 14, "Daftar hadir", False)]


async def lines(site: Site) -> list[tuple[object, ...]]:
    """(revision, JP, reason, whether it takes another back) as they were written."""
    rows = await site.svc.rows(
        """SELECT revision, minutes / 45, reason, reverses IS NOT NULL FROM jp_entries
        ORDER BY revision, reverses IS NULL"""
    )
    return [tuple(row) for row in rows]


async def test_a_correction_of_something_else_leaves_the_ledger_alone(site: Site):
    await site.svc.receives(reported(7, PAST, certificate_number="893.3/120"), agency=CITY)
    body = {"completed": True, "jp": 16, "completed_on": "2026-10-06", "reason": "Nomor salah ketik"}
    path = f"results/{enrollment_id(7, PAST)}/correct"
    await site.command(path, body | {"certificate_number": "893.3/121"}, "operator")
    assert await lines(site) == [(1, 16, "", False)]


async def test_the_database_takes_nothing_back_twice_and_counts_no_revision_twice(site: Site):
    await site.svc.receives(reported(7, PAST), agency=CITY)
    twice = """INSERT INTO jp_entries (entry_id, asn_id, source, source_id, revision, minutes, earned_on, reverses)
        SELECT gen_random_uuid(), asn_id, source, source_id, revision, minutes, earned_on, {} FROM jp_entries"""
    for reverses, times in (("NULL", 1), ("entry_id", 2)):
        async with site.svc.sessions() as session:
            for _ in range(times - 1):
                await session.execute(text(twice.format(reverses)))
            with pytest.raises(asyncpg.UniqueViolationError):
                await session.execute(text(twice.format(reverses)))


async def test_a_corrected_failure_revokes_the_certificate(site: Site):
    await site.svc.receives(reported(7, PAST, certificate_number="893.3/120"), agency=CITY)
    await site.svc.emitted()
    body = {"completed": False, "jp": 0, "completed_on": "2026-10-06", "reason": "Salah baris"}
    path = f"results/{enrollment_id(7, PAST)}/correct"
    assert (await site.command(path, body, "operator")).json()["certificate_number"] == ""
    revoked, corrected = await site.svc.emitted()
    assert isinstance(corrected, TrainingResultCorrected)
    assert isinstance(revoked, CertificateRevoked)
    assert (revoked.asn_id, revoked.number, revoked.reason) == (asn_id(7), "893.3/120", "Salah baris")
    await site.command(path, body | {"reason": "Lagi"}, "operator")
    assert await site.svc.emitted(CertificateRevoked) == []


async def test_a_pass_after_all_gets_a_new_certificate_and_never_a_revoked_number(site: Site):
    await site.svc.receives(reported(7, PAST, certificate_number="893.3/120/BTK"), agency=CITY)
    await site.svc.receives(reported(6, PAST), agency=CITY)
    path = f"results/{enrollment_id(7, PAST)}/correct"
    failed = {"completed": False, "jp": 0, "completed_on": "2026-10-06", "reason": "Salah baris"}
    passed = failed | {"completed": True, "jp": 16}
    await site.command(path, failed, "operator")
    await site.svc.emitted()
    for other, number, body in (
        (7, "893.3/120/btk", passed),
        (6, "893.3/120/BTK", passed),
        (7, "893.3/121/BTK", failed),
    ):
        place = f"results/{enrollment_id(other, PAST)}/correct"
        answer = await site.command(place, body | {"certificate_number": number}, "operator")
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "certificate_number")
    assert await site.svc.emitted() == []
    answer = await site.command(path, passed | {"certificate_number": "893.3/121/BTK"}, "operator")
    assert answer.json()["certificate_number"] == "893.3/121/BTK"
    corrected, issued = await site.svc.emitted()
    assert isinstance(corrected, TrainingResultCorrected)
    assert isinstance(issued, CertificateIssued)
    assert (issued.asn_id, issued.number) == (asn_id(7), "893.3/121/BTK")


async def test_a_corrected_number_revokes_the_old_one_and_stays_when_named_again(site: Site):
    await site.svc.receives(reported(7, PAST, certificate_number="893.3/120"), agency=CITY)
    await site.svc.emitted()
    path = f"results/{enrollment_id(7, PAST)}/correct"
    body = {"completed": True, "jp": 16, "completed_on": "2026-10-06", "reason": "Nomor salah ketik"}
    for _ in range(2):
        await site.command(path, body | {"certificate_number": "893.3/121"}, "operator")
    told = await site.svc.emitted(CertificateRevoked, CertificateIssued)
    assert [(type(fact), fact.number) for fact in told] == [
        (CertificateRevoked, "893.3/120"),
        (CertificateIssued, "893.3/121"),
    ]
    back = await site.command(path, body | {"certificate_number": "893.3/120"}, "operator")
    assert back.status_code == 422


async def test_a_number_in_another_case_is_no_change_of_the_certificate(site: Site):
    await site.svc.receives(reported(7, PAST, certificate_number="AB/1"), agency=CITY)
    await site.svc.emitted()
    path = f"results/{enrollment_id(7, PAST)}/correct"
    body = {"completed": True, "jp": 12, "completed_on": "2026-10-06", "reason": "JP salah"}
    answer = await site.command(path, body | {"certificate_number": "ab/1"}, "operator")
    assert (answer.status_code, answer.json()["certificate_number"]) == (200, "AB/1")
    assert [type(e) for e in await site.svc.emitted()] == [TrainingResultCorrected]
    assert await site.svc.rows("SELECT number FROM revoked_certificates") == []


async def fail(site: Site, n: int) -> None:
    """Correct a pass away, and with it its certificate."""
    body = {"completed": False, "jp": 0, "completed_on": "2026-10-06", "reason": "Salah baris"}
    assert (
        await site.command(f"results/{enrollment_id(n, PAST)}/correct", body, "operator")
    ).status_code == 200


async def test_a_report_never_gives_a_revoked_number_and_the_other_rows_go_through(site: Site):
    await site.svc.receives(
        reported(7, PAST, certificate_number="893.3/120/BTK"),
        reported(1, PAST, certificate_number="893.3/110/BTK"),
        agency=CITY,
    )
    await fail(site, 7)
    await site.svc.emitted()
    tested = {"completed_on": date(2026, 9, 17), "jp": 32}
    await site.svc.receives(
        reported(6, PAST, certificate_number="893.3/120/btk"),
        reported(5, PAST, certificate_number="893.3/121/BTK"),
        reported(4, PAST),
        reported(3, PAST, "failed", jp=0, certificate_number="893.3/120/BTK"),  # gives nobody a certificate
        reported(1, PAST, certificate_number="893.3/110/BTK"),
        reported(7, TESTED, certificate_number="893.3/120/BTK", **tested),
        agency=CITY,
    )
    told = await site.svc.emitted()
    answers = {(a.nip, a.run_code): a for a in told if isinstance(a, ResultAnswered)}
    refused = {key for key, a in answers.items() if a.outcome == "refused"}
    assert refused == {(nip(6), PAST), (nip(7), TESTED)}
    (problem,) = answers[nip(6), PAST].problems
    assert (problem.column, problem.code, problem.severity) == (
        "Nomor Sertifikat",
        "certificate.revoked",
        "error",
    )
    assert "nomor baru" in problem.advice
    assert [p.code for p in answers[nip(1), PAST].problems] == ["duplicate.existing"]
    issued = [(e.asn_id, e.number) for e in told if isinstance(e, CertificateIssued)]
    assert issued == [(asn_id(5), "893.3/121/BTK")]
    assert [e.asn_id for e in told if isinstance(e, TrainingCompleted)] == [asn_id(5), asn_id(4)]


async def test_a_number_that_another_organiser_revoked_is_free(site: Site):
    await site.svc.receives(reported(7, PAST, certificate_number="893.3/120"), agency=CITY)
    await fail(site, 7)
    async with site.svc.sessions() as session, session.begin():
        moved = "UPDATE runs SET starts_on = '2026-11-02', ends_on = '2026-11-06' WHERE run_code = :code"
        await session.execute(text(moved), {"code": OPEN})
    await site.svc.emitted()
    other = reported(22, OPEN, completed_on=date(2026, 11, 6), jp=40, certificate_number="893.3/120")
    await site.svc.receives(other, agency=REGENCY)
    (issued,) = await site.svc.emitted(CertificateIssued)
    assert (issued.asn_id, issued.number) == (asn_id(22), "893.3/120")


async def test_a_report_drops_no_number_so_none_falls_within_a_batch(site: Site):
    await site.svc.receives(
        reported(7, PAST, certificate_number="893.3/120"),
        reported(7, PAST, certificate_number="893.3/121"),
        reported(7, PAST, "failed", jp=0),
        agency=CITY,
    )
    assert [a.outcome for a in await site.svc.emitted(ResultAnswered)] == ["accepted", "refused", "refused"]
    assert await site.svc.rows("SELECT number FROM revoked_certificates") == []
    (row,) = await site.svc.rows("SELECT certificate_number FROM enrolments WHERE certificate_number <> ''")
    assert row.certificate_number == "893.3/120"


async def test_a_correction_keeps_a_certificate_that_stays_true(site: Site):
    await site.svc.receives(reported(7, PAST, certificate_number="893.3/120"), agency=CITY)
    await site.svc.emitted()
    body = {"completed": True, "jp": 12, "completed_on": "2026-10-06", "reason": "JP salah"}
    await site.command(f"results/{enrollment_id(7, PAST)}/correct", body, "operator")
    assert [type(e) for e in await site.svc.emitted()] == [TrainingResultCorrected]


async def test_a_correction_leaves_jp_in_the_year_of_the_event(site: Site):
    await site.svc.receives(reported(7, PAST), agency=CITY)
    body = {"completed": True, "jp": 16, "completed_on": "2026-11-19", "reason": "Tes ulang"}
    await site.command(f"results/{enrollment_id(7, PAST)}/correct", body, "operator")
    (entry,) = await site.svc.rows("SELECT earned_on FROM jp_entries")
    assert entry.earned_on == date(2026, 10, 6)


async def test_a_correction_needs_a_result_and_sound_figures(site: Site):
    body = {"completed": True, "jp": 16, "completed_on": "2026-10-06", "reason": "Salah baris"}
    await site.svc.receives(asked(3, SMALL), reported(7, PAST), agency=CITY)
    none = await site.command(f"results/{enrollment_id(3, SMALL)}/correct", body, "operator")
    assert none.status_code == 409
    wrong = body | {"jp": 17, "completed_on": "2026-10-04"}
    answer = await site.command(f"results/{enrollment_id(7, PAST)}/correct", wrong, "operator")
    assert {fault["where"] for fault in answer.json()["errors"]} == {"jp", "completed_on"}
