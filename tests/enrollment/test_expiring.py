"""Sessions that ran out and requests that were answered go by their periods, and nothing else does."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import text

from bina.messaging import clock
from bina.web.expiring import Expiring
from bina.web.retention import Periods
from enrollment.own_data import EXPIRIES
from enrollment.rights.asking import ask_to_mend

from .conftest import Site
from .story import asn_id
from .test_approvals import announced
from .test_approvals import asks as approval


async def run(site: Site) -> None:
    async with site.svc.sessions() as session, session.begin():
        await Expiring(Periods.read(), EXPIRIES).run(session)


async def fields(site: Site) -> list[str]:
    return [row.field for row in await site.svc.rows("SELECT field FROM data_requests ORDER BY field")]


async def test_answered_requests_go_when_their_time_is_over(site: Site):
    async with site.svc.sessions() as session, session.begin():
        for n, field in ((2, "name"), (3, "grade"), (4, "position")):
            await ask_to_mend(session, asn_id(n), field, "Lain", "SK")
        for field, days in (("name", 0), ("grade", 2)):
            await session.execute(
                text("UPDATE data_requests SET state = 'refused', decided_at = :at WHERE field = :field"),
                {"field": field, "at": clock.now() + timedelta(days=days)},
            )
    await run(site)
    assert await fields(site) == ["grade", "name", "position"]
    length = Periods.read().of("data_requests", clock.today()).length
    clock.move(clock.offset() + length + timedelta(days=1))
    await run(site)
    assert await fields(site) == ["grade", "position"], "the open one stays, however old"


async def test_settled_requests_for_a_seat_go_when_their_time_is_over(site: Site):
    await announced(site, "supervisor")
    refused, withdrawn, waiting = [await approval(site, n) for n in (2, 3, 4)]
    await site.command(f"approvals/{refused}/refuse", {"reason": "Audit"}, "asn", person=1)
    await site.command(f"approvals/{withdrawn}/withdraw", {}, "asn", person=3)
    length = Periods.read().of("approvals", clock.today()).length
    for days, left in ((-1, {refused, withdrawn, waiting}), (2, {waiting})):
        clock.move(clock.offset() + (length + timedelta(days=days) if days < 0 else timedelta(days=days)))
        await run(site)
        rows = await site.svc.rows("SELECT approval_id FROM approvals")
        assert {str(row.approval_id) for row in rows} == left, "the open one stays, however old"


async def test_sessions_that_ran_out_go(site: Site):
    now = datetime.now(UTC)
    async with site.svc.sessions() as session, session.begin():
        for subject, until in (("over", now - timedelta(minutes=1)), ("open", now + timedelta(minutes=1))):
            await session.execute(
                text(
                    """INSERT INTO sessions (session_id, asn_id, issuer, subject, provider_session, id_token, until)
                    VALUES (:id, :asn, 'i', :subject, '', '', :until)"""
                ),
                {"id": uuid4(), "asn": asn_id(2), "subject": subject, "until": until},
            )
    await run(site)
    assert [row.subject for row in await site.svc.rows("SELECT subject FROM sessions")] == ["open"]
