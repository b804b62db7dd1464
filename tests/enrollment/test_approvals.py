"""Runs that ask for a superior's or the agency's word before an ASN's own request counts."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from bina.events import Event
from bina.events.enrollment import (
    ApprovalRequested,
    ApprovalSettled,
    EnrollmentAccepted,
    EnrollmentRejected,
    EnrollmentWaitlisted,
)
from bina.messaging import clock
from enrollment.catalogue.announcing import announce_runs
from enrollment.register.recording import record_asn

from .conftest import Site
from .story import CITY, REGENCY, asked, asn_id, enrollment_id, left_long_ago, nip, person, run

ASKING = "KEU-2026-61"
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 4)


async def announced(site: Site, approval: str, seats: int = 5) -> None:
    row = run(ASKING, CITY, FIRST, LAST, seats=seats, admission={"approval": approval})
    async with site.svc.sessions() as session, session.begin():
        await announce_runs(session, [row])
    await site.svc.emitted()


async def asks(site: Site, n: int) -> UUID:
    answer = await site.command("enrolments", {"run": ASKING}, "asn", person=n)
    assert (answer.status_code, answer.json()["outcome"]) == (201, "awaiting"), answer.text
    return answer.json()["approval_id"]


async def approves(site: Site, id_: UUID, *roles: str, **who) -> dict:
    answer = await site.command(f"approvals/{id_}/approve", {}, *roles, **who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def seats(site: Site) -> tuple[int, int]:
    shown = (await site.reads(f"runs/{ASKING}", "asn", person=2)).json()
    return shown["taken"], shown["waiting"]


async def emitted(site: Site) -> list[Event]:
    """What persons are told; `test_approvals_told.py` has what those are told whose word it is."""
    return [e for e in await site.svc.emitted() if not isinstance(e, ApprovalRequested | ApprovalSettled)]


async def told(site: Site) -> list[str]:
    return [type(event).__name__ for event in await emitted(site)]


async def test_a_request_that_awaits_approval_holds_no_seat_and_tells_its_person_nothing(site: Site):
    await announced(site, "supervisor")
    assert (await site.reads(f"runs/{ASKING}", "asn", person=2)).json()["admission"][
        "approval"
    ] == "supervisor"
    first = await asks(site, 2)
    assert await asks(site, 2) == first
    assert (await seats(site), await told(site)) == ((0, 0), [])


async def test_a_supervisors_word_gives_the_seat(site: Site):
    await announced(site, "supervisor")
    id_ = await asks(site, 2)
    assert (await approves(site, id_, "asn", person=1))["outcome"] == "accepted"
    (accepted,) = await emitted(site)
    assert isinstance(accepted, EnrollmentAccepted)
    assert accepted.asn_id == asn_id(2)
    again = await site.command(f"approvals/{id_}/approve", {}, "asn", person=1)
    assert (again.status_code, again.json()["type"]) == (409, "urn:bina:problem:approval-answered")


async def test_where_both_are_asked_the_agency_has_the_last_word(site: Site):
    await announced(site, "both")
    id_ = await asks(site, 2)
    early = await site.command(f"approvals/{id_}/approve", {}, "operator")
    assert (early.status_code, early.json()["type"]) == (409, "urn:bina:problem:awaits-supervisor")
    assert (await approves(site, id_, "asn", person=1))["outcome"] == "awaiting"
    assert await told(site) == []
    late = await site.command(f"approvals/{id_}/approve", {}, "asn", person=1)
    assert (late.status_code, late.json()["type"]) == (409, "urn:bina:problem:awaits-agency")
    assert (await approves(site, id_, "operator"))["outcome"] == "accepted"


@pytest.mark.parametrize("n", [1, 21])
async def test_who_has_no_supervisor_asks_the_agency(site: Site, n: int):
    await announced(site, "supervisor")
    id_ = await asks(site, n)
    agency = CITY if n == 1 else REGENCY
    assert (await approves(site, id_, "operator", agency=agency))["outcome"] == "accepted"


async def test_a_supervisor_who_left_is_not_asked(site: Site):
    await left_long_ago(site.svc, 1)
    await announced(site, "supervisor")
    assert (await approves(site, await asks(site, 2), "operator"))["outcome"] == "accepted"


async def test_nobody_approves_their_own_request_nor_that_of_others_people(site: Site):
    await announced(site, "agency")
    id_ = await asks(site, 2)
    own = await site.command(f"approvals/{id_}/approve", {}, "operator", person=2)
    assert (own.status_code, own.json()["type"]) == (409, "urn:bina:problem:own-request")
    for who in ({"roles": ("operator",), "agency": REGENCY}, {"roles": ("asn",), "person": 3}):
        answer = await site.command(f"approvals/{id_}/approve", {}, *who.pop("roles"), **who)
        assert answer.status_code == 403


async def test_a_clerk_who_names_herself_asks_for_herself(site: Site):
    await announced(site, "supervisor")
    answer = await site.command("enrolments", {"run": ASKING, "nip": nip(2)}, "operator", person=2)
    assert answer.json()["outcome"] == "awaiting"


async def test_what_an_agency_sends_is_approved_and_settles_what_waits(site: Site):
    await announced(site, "both")
    id_ = await asks(site, 2)
    clerk = await site.command("enrolments", {"run": ASKING, "nip": nip(3)}, "operator", person=5)
    assert clerk.json()["outcome"] == "accepted"
    await site.svc.receives(asked(2, ASKING), asked(4, ASKING), agency=CITY)
    assert await seats(site) == (3, 0)
    assert (await site.command(f"approvals/{id_}/approve", {}, "asn", person=1)).status_code == 409


async def test_approval_keeps_the_place_of_when_one_asked(site: Site):
    await announced(site, "supervisor", seats=1)
    early = await asks(site, 2)
    for n in (3, 4):
        await site.svc.receives(asked(n, ASKING), agency=CITY)
    # who asked later and needed no word keeps the seat; among those who wait the earlier request goes first
    answer = await approves(site, early, "asn", person=1)
    assert (answer["outcome"], answer["position"]) == ("waitlisted", 1)
    assert [type(e) for e in await emitted(site)][-1] is EnrollmentWaitlisted
    await site.command(f"enrolments/{enrollment_id(3, ASKING)}/withdraw", {}, "operator")
    (moved,) = [e for e in await emitted(site) if isinstance(e, EnrollmentAccepted)]
    assert moved.asn_id == asn_id(2)


async def test_a_refusal_says_why_and_leaves_room_to_ask_again(site: Site):
    await announced(site, "agency")
    id_ = await asks(site, 2)
    assert (await site.command(f"approvals/{id_}/refuse", {"reason": ""}, "operator")).status_code == 422
    answer = await site.command(f"approvals/{id_}/refuse", {"reason": "Audit berjalan"}, "operator")
    assert answer.json()["outcome"] == "refused"
    (rejected,) = await emitted(site)
    assert isinstance(rejected, EnrollmentRejected)
    words = "Instansi tidak menyetujui permintaan ini: Audit berjalan"
    assert (rejected.reason_code, rejected.reason) == ("approval.refused", words)
    assert await asks(site, 2) != id_


async def test_who_asked_takes_it_back(site: Site):
    await announced(site, "supervisor")
    id_ = await asks(site, 2)
    assert (await site.command(f"approvals/{id_}/withdraw", {}, "asn", person=3)).status_code == 403
    assert (await site.command(f"approvals/{id_}/withdraw", {}, "asn", person=2)).status_code == 200
    assert (await site.command(f"approvals/{id_}/approve", {}, "asn", person=1)).status_code == 409
    assert await told(site) == []


async def test_approval_for_a_run_that_takes_nobody_any_more_is_a_refusal_with_its_reason(site: Site):
    await announced(site, "supervisor")
    id_ = await asks(site, 2)
    await site.command(f"runs/{ASKING}/change", {"status": "closed"}, "operator")
    await emitted(site)
    answer = await approves(site, id_, "asn", person=1)
    assert answer["outcome"] == "refused"
    assert answer["reason"]
    (rejected,) = await emitted(site)
    assert (type(rejected), rejected.reason_code) == (EnrollmentRejected, "run.closed")


@pytest.mark.parametrize(("path", "body", "code"), [
    ("cancel", {"reason": "Narasumber sakit"}, "run.cancelled"),
    ("conclude", {}, "run.concluded"),
])  # fmt: skip
async def test_requests_go_with_their_run(site: Site, path: str, body: dict, code: str):
    await announced(site, "supervisor")
    await asks(site, 2)
    await site.command(f"runs/{ASKING}/{path}", body, "operator")
    rejected = [e for e in await emitted(site) if isinstance(e, EnrollmentRejected)]
    assert [(e.asn_id, e.reason_code) for e in rejected] == [(asn_id(2), code)]
    assert (await site.reads("approvals", "asn", person=1)).json()["items"] == []


async def test_a_person_who_left_meanwhile_gets_no_seat(site: Site):
    await announced(site, "supervisor")
    id_ = await asks(site, 2)
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(2, left_on=clock.today())])
    await emitted(site)
    assert (await approves(site, id_, "asn", person=1))["outcome"] == "refused"
    (rejected,) = await emitted(site)
    assert rejected.reason_code == "asn.left"


async def test_a_supervisors_silence_passes_it_to_the_agency(site: Site):
    await announced(site, "both")
    id_ = await asks(site, 2)
    await site.svc.does_due_work(clock.now() + timedelta(days=2, hours=23))
    assert (await site.command(f"approvals/{id_}/approve", {}, "operator")).status_code == 409
    await site.svc.does_due_work(clock.now() + timedelta(days=3, hours=1))
    assert (await approves(site, id_, "operator"))["outcome"] == "accepted"


async def test_nobodys_word_lets_it_go_with_the_end_of_the_run(site: Site):
    await announced(site, "supervisor")
    await asks(site, 2)
    await site.svc.does_due_work(clock.now() + timedelta(days=4))
    assert await told(site) == []
    await site.svc.does_due_work(clock.now() + timedelta(days=16))
    (rejected,) = await emitted(site)
    assert (type(rejected), rejected.reason_code) == (EnrollmentRejected, "run.concluded")


async def test_the_list_shows_whom_it_is_about_and_how_often_they_did_not_come(site: Site):
    await announced(site, "both")
    await asks(site, 2)
    past = "BTK-2026-05"
    await site.command(
        f"runs/{past}/change", {"starts_on": "2026-11-01", "ends_on": "2026-12-01"}, "operator"
    )
    await site.svc.receives(asked(2, past), agency=CITY)
    body = {"absent": [str(enrollment_id(2, past))], "met_on": "2026-11-20"}
    assert (await site.command("attendance", body, "operator")).status_code == 200
    for who in ({"roles": ("asn",), "person": 1}, {"roles": ("operator",)}):
        (one,) = (await site.reads("approvals", *who.pop("roles"), **who)).json()["items"]
        assert (one["run_code"], one["stage"], one["times_absent"]) == (ASKING, "supervisor", 1)
    # who came to some sessions, but to too few, did not stay away
    came = """WITH held AS (INSERT INTO run_sessions (session_id, run_id, starts_at, ends_at, title, place, link)
            SELECT gen_random_uuid(), run_id, now(), now() + interval '1 hour', '', '', '' FROM runs
            WHERE run_code = :run RETURNING session_id)
        INSERT INTO attendance (session_id, enrollment_id, state, how, at)
        SELECT session_id, :id, 'present', 'list', now() FROM held"""
    async with site.svc.sessions() as session, session.begin():
        await session.execute(text(came), {"run": past, "id": enrollment_id(2, past)})
    (one,) = (await site.reads("approvals", "operator")).json()["items"]
    assert one["times_absent"] == 0
    for who in ({"roles": ("asn",), "person": 3}, {"roles": ("operator",), "agency": REGENCY}):
        assert (await site.reads("approvals", *who.pop("roles"), **who)).json()["items"] == []


async def test_pages_lead_from_the_request_to_the_answer(site: Site):
    await announced(site, "supervisor")
    await asks(site, 2)
    async with site.client("asn", person=2) as own:
        page = (await own.get(f"/enrollment/angkatan/{ASKING}")).text
    assert "Menunggu persetujuan atasan sampai" in page
    assert "Tarik permintaan" in page
    async with site.client("asn", person=1) as supervisor:
        home = (await supervisor.get("/beranda")).text
        waiting = (await supervisor.get("/enrollment/persetujuan")).text
    assert "/enrollment/persetujuan" in home
    assert "Setujui" in waiting
    async with site.client("operator") as operator:
        waiting = (await operator.get("/enrollment/persetujuan")).text
    assert "Pegawai 2" in waiting
    assert "Setujui" not in waiting
