"""Issuing: each who passed gets a number of the agency's own, without gaps and never twice."""

import asyncio
import re
from datetime import date

import pytest
from sqlalchemy import text

from bina.events.enrollment import CertificateIssued
from bina.messaging.testing import ServiceUnderTest
from enrollment.catalogue.domain import run_id_of
from enrollment.certificates import issuing
from enrollment.certificates.domain import (
    ALPHABET,
    PATTERN,
    BrokenPattern,
    Series,
    check_pattern,
    new_code,
    read_code,
    written,
)
from enrollment.register.recording import record_asn
from meeting import Meeting

from .certifying import PAGE, RUN, codes, issue, numbers_of, pass_all
from .conftest import Site
from .story import CITY, PAST, REGENCY, TESTED, asn_id, enrollment_id, person, reported

TESTED_ON = {"completed_on": date(2026, 9, 17), "jp": 32}


async def test_all_who_passed_get_a_number_of_the_agencys_series_and_it_is_told(site: Site):
    await pass_all(site, 2, 3)
    await site.svc.receives(reported(4, PAST, "failed", jp=0), agency=CITY)
    await site.svc.emitted()
    answer = await site.command(RUN, {}, "operator")
    assert (answer.status_code, answer.json()) == (202, {"passed": 2, "issued": 0, "under_way": True})
    await site.svc.does_due_work()
    told = await site.svc.emitted()
    assert [type(fact) for fact in told] == [CertificateIssued] * 2
    assert [fact.number for fact in told] == [f"0001/{CITY}/BTK/2026", f"0002/{CITY}/BTK/2026"]
    assert {fact.issued_on for fact in told} == {date(2026, 11, 20)}
    answer = await site.reads(RUN, "operator")
    assert answer.json() == {"passed": 2, "issued": 2, "under_way": False}
    rows = await site.svc.rows(
        "SELECT certificate_number AS n FROM enrolments WHERE state = 'completed' ORDER BY n"
    )
    assert [row.n for row in rows] == [fact.number for fact in told]


async def test_issuing_again_changes_nothing_and_whoever_passes_later_gets_the_next_number(site: Site):
    await issue(site, 2)
    await issue(site, 3)
    await site.command(RUN, {}, "operator")
    await site.svc.does_due_work()
    assert await numbers_of(site) == [f"0001/{CITY}/BTK/2026", f"0002/{CITY}/BTK/2026"]


async def test_an_organisers_own_number_stays_and_the_series_passes_over_what_was_reported_or_revoked(
    site: Site,
):
    await site.svc.receives(
        reported(2, PAST, certificate_number=f"0001/{CITY}/btk/2026"),
        reported(3, TESTED, certificate_number=f"0003/{CITY}/BTK/2026", **TESTED_ON),
        agency=CITY,
    )
    body = {"completed": False, "jp": 0, "completed_on": "2026-09-17", "reason": "Salah baris"}
    await site.command(f"results/{enrollment_id(3, TESTED)}/correct", body, "operator")
    await issue(site, 4, 5)
    assert sorted(await numbers_of(site)) == [
        f"0001/{CITY}/btk/2026",
        f"0002/{CITY}/BTK/2026",
        f"0004/{CITY}/BTK/2026",
    ]
    issued = await site.svc.emitted(CertificateIssued)
    assert {fact.asn_id for fact in issued} == {
        asn_id(4),
        asn_id(5),
    }  # the organiser's was told with its result


async def crowd(svc: ServiceUnderTest, size: int) -> None:
    """So many people who passed a run, written as the result of many reports."""
    async with svc.sessions() as session, session.begin():
        people = [person(n, nip=f"19870303201001{n:04d}") for n in range(100, 100 + size)]
        await record_asn(session, people)
        await session.execute(
            text(
                """INSERT INTO enrolments (enrollment_id, run_id, asn_id, attempt, agency_code, state, requested_at,
                    met_on, completed_on, jp, revision)
                SELECT gen_random_uuid(), :run, asn_id, 1, agency_code, 'completed', now(), '2026-10-06', '2026-10-06',
                    16, 1 FROM asn WHERE asn_id = ANY (CAST(:people AS uuid[]))"""
            ),
            {"run": run_id_of(PAST), "people": [asn_id(n) for n in range(100, 100 + size)]},
        )
    await svc.emitted()


async def issue_rest(svc: ServiceUnderTest, run: str = PAST) -> int:
    """Chunks until nothing is left, as a worker would; gives how many."""
    chunks = 0
    more = True
    while more:
        async with svc.sessions() as session, session.begin():
            _told, more = await issuing.issue_some(session, run_id_of(run))
        chunks += 1
    return chunks


async def test_numbers_have_no_gaps_and_no_doubles_when_several_issue_at_once(site: Site, monkeypatch):
    monkeypatch.setattr(issuing, "CHUNK", 7)
    await crowd(site.svc, 40)
    await pass_all(site, 2, 3, run=TESTED, **TESTED_ON)
    await asyncio.gather(issue_rest(site.svc), issue_rest(site.svc), issue_rest(site.svc, TESTED))
    rows = await site.svc.rows("SELECT number FROM certificates")
    assert sorted(int(row.number[:4]) for row in rows) == list(range(1, 43))
    assert len(set(await codes(site))) == 42


async def test_whoever_issues_at_the_same_agency_waits_for_who_draws_numbers(site: Site, meeting: Meeting):
    await issue(site, 6)
    await pass_all(site, 2, 3)
    await pass_all(site, 4, 5, run=TESTED, **TESTED_ON)
    await meeting(
        site.svc, (issuing.store, "taken_of"), issue_rest(site.svc), lambda: issue_rest(site.svc, TESTED)
    )
    rows = await site.svc.rows("SELECT number FROM certificates")
    assert sorted(int(row.number[:4]) for row in rows) == [1, 2, 3, 4, 5]


async def test_numbers_that_were_reported_twice_stay_and_a_code_tells_them_apart(site: Site):
    await site.svc.receives(*(reported(n, PAST, certificate_number="893/1") for n in (2, 3)), agency=CITY)
    await issue(site)
    first, second = await codes(site)
    async with site.client("operator", person=900) as client:
        guard = dict(re.findall(r'name="(\w+)" value="([^"]+)"', (await client.get(PAGE)).text))
        form = {**guard, "number": "893/1", "reason": "Nomor ganda"}
        refused = await client.post(f"{PAGE}/cabut", data=form)
        assert (refused.status_code, "lebih dari satu orang" in refused.text) == (422, True)
        done = await client.post(f"{PAGE}/cabut", data=form | {"number": written(second)})
    assert done.status_code == 303
    assert (await site.reads(f"certificates/{first}")).json()["state"] == "valid"
    assert (await site.reads(f"certificates/{second}")).json()["state"] == "revoked"


async def test_a_batch_that_dies_in_the_middle_goes_on_where_it_was_without_a_gap(site: Site, monkeypatch):
    monkeypatch.setattr(issuing, "CHUNK", 10)
    await crowd(site.svc, 25)
    await site.command(RUN, {}, "operator")
    await site.svc.due.run()
    real, died = issuing.store.add_certificates, []

    async def dies(session, issued):
        await real(session, issued)
        died.append(len(issued))
        raise asyncio.CancelledError  # the worker ends before its commit

    monkeypatch.setattr(issuing.store, "add_certificates", dies)
    with pytest.raises(asyncio.CancelledError):
        await site.svc.due.run()
    assert (died, len(await numbers_of(site))) == ([10], 10)
    assert (await site.reads(RUN, "operator")).json() == {"passed": 25, "issued": 10, "under_way": True}
    monkeypatch.setattr(issuing.store, "add_certificates", real)
    await site.svc.does_due_work()
    assert sorted(int(number[:4]) for number in await numbers_of(site)) == list(range(1, 26))
    told = await site.svc.emitted(CertificateIssued)
    assert len({fact.enrollment_id for fact in told}) == len(told) == 25


async def test_an_agency_numbers_by_its_own_pattern(site: Site):
    body = {"agency_code": CITY, "pattern": "893.3/{seq}/{run}/{year}"}
    assert (await site.command("certificate-series", body, "operator", agency=REGENCY)).status_code == 403
    assert (await site.command("certificate-series", body, "operator")).status_code == 200
    unknown = await site.command("certificate-series", body | {"agency_code": "9999"}, "platform")
    assert unknown.status_code == 404
    await issue(site, 2)
    assert await numbers_of(site) == [f"893.3/1/{PAST}/2026"]


@pytest.mark.parametrize(
    "pattern",
    ["{seq}", "{year}", "{seq}{seq}{year}", "{seq.__class__}/{year}", "{seq}/{year}/{nip}", "{seq:>99}/{year}", "{seq:9999999999}/{year}", "{seq:{year}}/{year}", "{}{seq}/{year}", "{seq}/{year", "{seq!r}/{year}", "{seq}/{year}/" + "x" * 80],
)  # fmt: skip
async def test_a_pattern_that_would_not_do_is_refused(site: Site, pattern: str):
    with pytest.raises(BrokenPattern):
        check_pattern(pattern)
    answer = await site.command("certificate-series", {"agency_code": CITY, "pattern": pattern}, "operator")
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "pattern")


def test_codes_however_long_leave_room_in_a_number():
    for pattern in (PATTERN, "{seq:06d}/{programme}/{agency}/{year}"):
        number = Series(check_pattern(pattern), "I" * 64, "P" * 64, "R" * 64, 2026).number(123_456)
        assert len(number) <= 80
        assert "123456" in number


def test_the_usual_pattern_will_do():
    assert check_pattern(PATTERN) == PATTERN
    assert Series(PATTERN, CITY, "BTK", PAST, 2026).number(12) == "0012/5571/BTK/2026"


def test_a_code_is_read_however_people_type_it():
    code = new_code()
    assert len(code) == 16
    assert set(code) <= set(ALPHABET)
    assert read_code(f" {written(code).lower()} ") == code
    assert read_code("OIl0-0000-0000-0000") == "0110000000000000"
    assert [read_code(wrong) for wrong in ("", "7K2M", "U" * 16, "0" * 17)] == [""] * 4
