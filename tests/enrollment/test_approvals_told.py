"""Whom a request for a seat is told to while it waits for a word, and that it waits no more."""

from datetime import timedelta

from sqlalchemy import text

from bina.events.enrollment import ApprovalRequested, ApprovalSettled, EnrollmentAccepted, EnrollmentRejected
from bina.messaging import clock
from enrollment.register.domain import RoleGrant
from enrollment.register.store import add_roles

from .conftest import Site
from .story import CITY, REGENCY, SECTION, UNIT, asked, asn_id, enrollment_id, left_long_ago
from .test_approvals import ASKING, announced, approves, asks


async def granted(site: Site, *grants: tuple) -> None:
    async with site.svc.sessions() as session, session.begin():
        await add_roles(
            session, [RoleGrant(asn_id(n), role, agency, unit) for n, role, agency, unit in grants]
        )


async def test_the_supervisor_is_asked_until_a_day(site: Site):
    await announced(site, "both")
    id_ = await asks(site, 2)
    (asked,) = await site.svc.emitted()
    assert isinstance(asked, ApprovalRequested)
    assert (str(asked.approval_id), asked.asn_id, asked.stage) == (id_, asn_id(2), "supervisor")
    assert asked.approver_ids == (asn_id(1),)
    assert asked.until - clock.now() < timedelta(days=3)
    await asks(site, 2)
    assert await site.svc.emitted() == []


async def test_the_agencys_clerks_are_asked_the_nearest_first(site: Site):
    await granted(
        site,
        (5, "operator", CITY, None),
        (6, "operator", CITY, SECTION),
        (7, "bkd", CITY, UNIT),
        (8, "trainer", CITY, None),
        (9, "operator", CITY, None),
        (21, "operator", REGENCY, None),
        (2, "operator", CITY, None),
    )
    await left_long_ago(site.svc, 9)
    await announced(site, "agency")
    await asks(site, 2)
    (asked,) = await site.svc.emitted()
    assert (asked.stage, asked.until) == ("agency", None)
    assert asked.approver_ids == (asn_id(6), asn_id(7), asn_id(5))


async def test_a_supervisors_yes_and_a_supervisors_silence_ask_the_agency(site: Site):
    await granted(site, (5, "operator", CITY, None))
    await announced(site, "both")
    said, silent = await asks(site, 2), await asks(site, 3)
    await site.svc.emitted()
    await approves(site, said, "asn", person=1)
    await site.svc.does_due_work(clock.now() + timedelta(days=3, hours=1))
    passed = await site.svc.emitted()
    assert [(str(e.approval_id), e.stage, e.approver_ids) for e in passed] == [
        (said, "agency", (asn_id(5),)),
        (silent, "agency", (asn_id(5),)),
    ]
    await site.svc.does_due_work(clock.now() + timedelta(days=3, hours=2))
    assert await site.svc.emitted() == []


async def test_every_end_of_a_request_is_told(site: Site):
    await announced(site, "supervisor")
    yes, no, back, agencys, over = [await asks(site, n) for n in (2, 3, 4, 5, 6)]
    await site.svc.emitted()
    await approves(site, yes, "asn", person=1)
    await site.command(f"approvals/{no}/refuse", {"reason": "Audit berjalan"}, "asn", person=1)
    await site.command(f"approvals/{back}/withdraw", {}, "asn", person=4)
    await site.svc.receives(asked(5, ASKING), agency=CITY)
    await site.command(f"runs/{ASKING}/cancel", {"reason": "Narasumber sakit"}, "operator")
    ends = [e for e in await site.svc.emitted() if isinstance(e, ApprovalSettled)]
    assert [(str(e.approval_id), e.outcome) for e in ends] == [
        (yes, "approved"),
        (no, "refused"),
        (back, "withdrawn"),
        (agencys, "approved"),
        (over, "lapsed"),
    ]


async def test_a_substitute_who_asked_before_waits_for_nobodys_word(site: Site):
    await announced(site, "supervisor", seats=1)
    id_ = await asks(site, 3)
    await site.svc.receives(asked(2, ASKING), agency=CITY)
    await site.svc.emitted()
    body = {"nip": "198703032010011003"}
    answer = await site.command(
        f"enrolments/{enrollment_id(2, ASKING)}/substitute", body, "operator", person=5
    )
    assert answer.status_code < 300, answer.text
    told = await site.svc.emitted()
    assert [str(e.approval_id) for e in told if isinstance(e, ApprovalSettled)] == [id_]


async def test_the_person_hears_the_outcome_with_its_reason(site: Site):
    await announced(site, "supervisor")
    yes, no = await asks(site, 2), await asks(site, 3)
    await approves(site, yes, "asn", person=1)
    await site.command(f"approvals/{no}/refuse", {"reason": "Audit berjalan"}, "asn", person=1)
    told = await site.svc.emitted()
    assert [e.asn_id for e in told if isinstance(e, EnrollmentAccepted)] == [asn_id(2)]
    (rejected,) = [e for e in told if isinstance(e, EnrollmentRejected)]
    assert (rejected.asn_id, rejected.reason) == (
        asn_id(3),
        "Atasan tidak menyetujui permintaan ini: Audit berjalan",
    )


async def test_a_request_of_before_this_release_passes_on_and_is_told(site: Site):
    """Its row is as it always was; nothing was told of it when it was made."""
    await announced(site, "supervisor")
    await asks(site, 2)
    async with site.svc.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM messaging.outbox"))
    await site.svc.does_due_work(clock.now() + timedelta(days=3, hours=1))
    assert [e.stage for e in await site.svc.emitted()] == ["agency"]
