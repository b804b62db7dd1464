"""Notices and the log of their mails go by their periods; what is still to be sent stays."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.expiring import Expiring
from bina.web.retention import Periods
from notification.own_data import EXPIRIES


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
    assert await left(notification, "notices") == {waits, stays}
    assert {gone, silent} & await left(notification, "notices") == set()
    clock.move(clock.offset() + timedelta(minutes=2))
    await run(notification)
    assert await left(notification, "notices") == {waits}
    assert await left(notification, "deliveries") == {waits}
