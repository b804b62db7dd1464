"""Notices and the log of their mails go by their periods; what is still to be sent stays."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.expiring import Expiring
from bina.web.permissions import Reach
from bina.web.retention import Periods
from notification.deliveries.courier import Courier
from notification.deliveries.store import ledger
from notification.own_data import EXPIRIES

from .mailing import enrolled, states
from .smtp import Server


async def plant(service: ServiceUnderTest, at: datetime, state: str | None, ended: datetime | None) -> UUID:
    notice_id = uuid4()
    values = {"id": notice_id, "at": at, "state": state, "ended": ended}
    async with service.sessions() as session, session.begin():
        await session.execute(
            text(
                """INSERT INTO notices (notice_id, event_id, correlation_id, recipient_id, kind, about_id, details,
                occurred_at, send_before) VALUES (:id, :id, '', :id, 'task_expired', :id, '{}', :at, :at)"""
            ),
            {"id": notice_id, "at": at},
        )
        if state:
            await session.execute(
                text(
                    """INSERT INTO deliveries (notice_id, channel, recipient_id, state, send_before, ended_at, rank)
                    VALUES (:id, 'email', :id, :state, :at, :ended, 0)"""
                ),
                values,
            )
    return notice_id


async def left(service: ServiceUnderTest, table: str) -> set[UUID]:
    return {row.notice_id for row in await service.rows(f"SELECT notice_id FROM {table}")}


async def run(service: ServiceUnderTest) -> None:
    async with service.sessions() as session, session.begin():
        await Expiring(Periods.read(), EXPIRIES).run(session)


async def test_exactly_what_is_due_goes(notification: ServiceUnderTest):
    now = clock.now()
    length = Periods.read().of("notices", clock.today()).length
    old, young = now - length - timedelta(minutes=1), now - length + timedelta(minutes=1)
    gone = await plant(notification, old, "sent", old)
    silent = await plant(notification, old, None, None)
    ended_late = await plant(notification, old, "failed", young)
    waits = await plant(notification, old, "waiting", None)
    stays = await plant(notification, young, "sent", young)
    await run(notification)
    assert await left(notification, "deliveries") == {ended_late, waits, stays}
    assert await left(notification, "notices") == {ended_late, waits, stays}, "a notice goes after its mails"
    assert {gone, silent} & await left(notification, "notices") == set()
    clock.move(clock.offset() + timedelta(minutes=2))
    await run(notification)
    assert await left(notification, "notices") == {waits}
    assert await left(notification, "deliveries") == {waits}


async def test_a_mail_that_is_tried_again_after_its_notices_time_stops_no_other(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    """A clerk tries all failed mails again, the oldest too: the courier writes them from their notices."""
    await enrolled(notification, "rahma@example.org")
    now, length = clock.now(), Periods.read().of("notices", clock.today()).length
    old, ended = now - length - timedelta(days=1), now - length + timedelta(days=1)
    await plant(notification, old, "failed", ended)
    await run(notification)
    async with notification.sessions() as session, session.begin():
        assert await ledger.retry_failed(session, Reach(everything=True), now) == 1
    await courier.run_once()
    assert [mail["To"] for mail in server.taken] == ["rahma@example.org"]
    assert ("sent", 1, "") in (await states(notification)).values()
