"""The clock is put back by an hour. What was written before then bears times that have not come yet."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from bina.events import Envelope
from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import DueItem, clock, due, emit
from bina.messaging.cluster import Cluster
from bina.messaging.maintenance import keep_partitions
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import accepted, met
from messaging.test_pasts import log_of, published
from messaging.watching import Start, until

HOUR = timedelta(hours=1)


def told_at(moment: datetime, event):
    """An event whose id and time are of that moment."""
    made = str(UUID(int=int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | secrets.randbits(62)))
    return event.travelled(Envelope(id=made, source="test", type=event.type, time=moment, version=1))


@pytest.mark.parametrize(
    "before",
    [datetime.now(UTC), datetime(2026, 12, 1, 0, 30, tzinfo=UTC)],
    ids=["within a month", "over a month's end"],
)
async def test_ids_that_go_back_are_taken_once_each(service: ServiceUnderTest, before: datetime):
    async with service.sessions() as session, session.begin():
        await keep_partitions(session)
    seat = accepted()
    first, second = told_at(before, seat), told_at(before - HOUR, met(seat.enrollment_id))
    await service.receives(first)
    await service.receives(second)
    assert (await service.receives(first, second)).repeated == 2
    [row] = await service.rows("SELECT history FROM seats")
    assert row.history == "am"


async def scheduled(service: ServiceUnderTest, at: datetime) -> DueItem:
    item = DueItem("remind", str(uuid4()), at, {})
    async with service.sessions() as session, session.begin():
        await due.add(session, [item])
    return item


async def shifted(service: ServiceUnderTest, column: str) -> None:
    """As the database sees it: its times lie an hour further ahead."""
    async with service.sessions() as session, session.begin():
        await session.execute(text(f"UPDATE messaging.due SET {column} = {column} + interval '1 hour'"))


async def test_work_that_is_due_is_done_though_it_was_written_later_than_now(service: ServiceUnderTest):
    await scheduled(service, clock.now() - 2 * HOUR)
    await shifted(service, "not_before")
    assert await service.does_due_work() == 1
    assert len(await service.emitted(EvaluationTaskClosed)) == 1
    assert await service.does_due_work() == 0


async def test_a_failed_try_waits_its_pause_and_no_hour_more(service: ServiceUnderTest):
    item = DueItem("remind", str(uuid4()), clock.now() - 2 * HOUR, {"bad": True})
    async with service.sessions() as session, session.begin():
        await due.add(session, [item])
    assert await service.due.run() == 1
    assert await service.due.run() == 0
    await shifted(service, "not_before")
    assert await service.due.run() == 1


async def test_business_time_that_goes_back_does_nothing_twice(service: ServiceUnderTest):
    now = clock.now()
    await scheduled(service, now + HOUR)
    assert await service.does_due_work(at=now + HOUR) == 1
    assert await service.does_due_work(at=now) == 0
    assert await service.does_due_work(at=now + 2 * HOUR) == 0
    assert len(await service.emitted(EvaluationTaskClosed)) == 1


@pytest.mark.kafka
@pytest.mark.parametrize("back", ["1 hour", "25 hours"])
async def test_facts_go_out_in_the_order_they_were_told(start: Start, broker: Cluster, migrated, back: str):
    runtime = await start()
    seat = accepted()
    async with runtime.sessions() as session, session.begin():
        await emit(session, [seat])
        await session.execute(
            text("UPDATE messaging.outbox SET created_at = created_at + CAST(:back AS interval)"),
            {"back": timedelta(hours=int(back.split(maxsplit=1)[0]))},
        )
        await emit(session, [met(seat.enrollment_id)])
    runtime.relay.wake()
    await until(lambda: published(runtime))
    assert [version for version, _ in await log_of(broker, seat.enrollment_id)] == [1, 2]
    async with runtime.sessions() as session, session.begin():
        await keep_partitions(session)
        assert await session.scalar(text("SELECT count(*) FROM messaging.outbox")) == 2
