"""An agency replaces a participant by another of its people."""

from datetime import date

from bina.events.enrollment import EnrollmentAccepted, EnrollmentWithdrawn
from enrollment.catalogue.announcing import announce_runs
from enrollment.enrolments.domain.substitutes import SUBSTITUTED

from .conftest import Site
from .story import CITY, REGENCY, SECTION, SMALL, UNIT, asked, asn_id, enrollment_id, nip, run

ASKING = "KEU-2026-62"


async def full(site: Site) -> None:
    """Two seats, which 2 and 3 have; 4, 21 and 5 wait in that order."""
    await site.svc.receives(asked(2, SMALL), asked(3, SMALL), asked(4, SMALL), agency=CITY)
    await site.svc.receives(asked(21, SMALL), agency=REGENCY)
    await site.svc.receives(asked(5, SMALL), agency=CITY)
    await site.svc.emitted()


async def replaces(site: Site, n: int, by: int, *roles: str, **who):
    path = f"enrolments/{enrollment_id(n, SMALL)}/substitute"
    return await site.command(path, {"nip": nip(by)}, *(roles or ("operator",)), **who)


async def states(site: Site) -> dict:
    rows = await site.svc.rows(
        "SELECT e.asn_id, e.state FROM enrolments AS e JOIN runs USING (run_id) WHERE run_code = :run",
        run=SMALL,
    )
    return {row.asn_id: row.state for row in rows}


async def counted(site: Site) -> tuple[int, int]:
    shown = (await site.reads(f"runs/{SMALL}", "operator")).json()
    return shown["taken"], shown["waiting"]


async def test_the_substitute_takes_that_very_seat_and_both_are_told(site: Site):
    await full(site)
    answer = await replaces(site, 2, 6)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted")
    left, came = await site.svc.emitted()
    assert (type(left), left.asn_id, left.reason) == (EnrollmentWithdrawn, asn_id(2), SUBSTITUTED)
    assert (type(came), came.asn_id) == (EnrollmentAccepted, asn_id(6))
    found = await states(site)
    assert (found[asn_id(2)], found[asn_id(6)], found[asn_id(4)]) == ("withdrawn", "accepted", "waitlisted")
    assert await counted(site) == (2, 3)
    (audited,) = await site.svc.rows("SELECT on_behalf FROM audit.entries WHERE action LIKE '%substitute%'")
    assert {asn_id(2), asn_id(6)} <= {*audited.on_behalf}


async def test_who_waits_may_be_the_substitute_before_those_in_front(site: Site):
    await full(site)
    assert (await replaces(site, 2, 5)).status_code == 200
    told = await site.svc.emitted()
    assert {type(e) for e in told if getattr(e, "asn_id", None)} == {EnrollmentWithdrawn, EnrollmentAccepted}
    assert (await states(site))[asn_id(5)] == "accepted"
    assert await counted(site) == (2, 2)


async def test_closed_enrolment_does_not_hinder_a_substitute(site: Site):
    await full(site)
    await site.command(f"runs/{SMALL}/change", {"status": "closed"}, "operator")
    assert (await replaces(site, 2, 6)).status_code == 200


async def refused(site: Site, *args, **who) -> str:
    answer = await replaces(site, *args, **who)
    assert answer.status_code == 409, answer.text
    return answer.json()["type"].removeprefix("urn:bina:problem:")


async def test_refusals_say_why_and_change_nothing(site: Site):
    await full(site)
    before = await states(site)
    assert await refused(site, 2, 3) == "substitute-seated"
    assert await refused(site, 2, 2) == "substitute-seated"
    assert await refused(site, 4, 6) == "substitute-without-seat"
    assert await refused(site, 2, 22) == "nip-other-agency"
    # whom the platform may enrol, but who is of another agency than who leaves
    assert await refused(site, 2, 22, "platform", agency=None) in (
        "substitute-other-agency",
        "nip-other-agency",
    )
    assert await refused(site, 2, 99) == "nip-unknown"
    assert (await states(site), await counted(site)) == (before, (2, 3))
    assert await site.svc.emitted() == []


async def test_from_the_start_on_nobody_is_replaced_unless_the_run_says_so(site: Site):
    await full(site)
    await site.command(f"runs/{SMALL}/change", {"starts_on": "2026-11-20"}, "operator")
    assert await refused(site, 2, 6) == "substitute-too-late"
    until = {"admission": {"substitutes_until": "2026-11-21"}}
    await site.command(f"runs/{SMALL}/change", until, "operator")
    assert (await replaces(site, 2, 6)).status_code == 200


async def test_the_operators_word_approves_the_substitutes_own_request(site: Site):
    row = run(ASKING, CITY, date(2026, 12, 1), date(2026, 12, 2), admission={"approval": "supervisor"})
    async with site.svc.sessions() as session, session.begin():
        await announce_runs(session, [row])
    await site.svc.receives(asked(2, ASKING), agency=CITY)
    await site.command("enrolments", {"run": ASKING}, "asn", person=3)
    path = f"enrolments/{enrollment_id(2, ASKING)}/substitute"
    assert (await site.command(path, {"nip": nip(3)}, "operator")).status_code == 200
    assert [row.state for row in await site.svc.rows("SELECT state FROM approvals")] == ["approved"]


async def test_only_the_agencys_clerks_replace_and_only_within_their_unit(site: Site):
    await full(site)
    assert (await replaces(site, 2, 6, "asn", person=2)).status_code == 403
    assert (await replaces(site, 2, 6, agency=REGENCY)).status_code == 409
    assert (await replaces(site, 2, 6, unit=UNIT)).status_code == 200
    assert SECTION != UNIT


async def test_the_participants_page_offers_it(site: Site):
    await full(site)
    async with site.client("operator") as operator:
        page = (await operator.get(f"/enrollment/angkatan/{SMALL}")).text
    assert "Ganti peserta" in page
    assert str(enrollment_id(2, SMALL)) in page
