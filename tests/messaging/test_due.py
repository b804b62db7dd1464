from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bina.messaging import DueItem, clock, commands, due
from bina.messaging.testing import ServiceUnderTest

WHEN = datetime(2026, 12, 1, 2, tzinfo=UTC)


async def plan(service: ServiceUnderTest, *items: DueItem) -> None:
    async with service.sessions() as session, session.begin():
        await due.add(session, items)


async def test_work_is_done_when_its_time_comes_and_once(service: ServiceUnderTest):
    key = str(uuid4())
    await plan(service, DueItem("remind", key, WHEN))
    assert await service.does_due_work(WHEN - timedelta(seconds=5)) == 0
    assert await service.does_due_work(WHEN) == 1
    assert await service.does_due_work(WHEN + timedelta(days=1)) == 0
    assert [str(told.task_id) for told in await service.emitted()] == [key]


async def test_work_added_again_moves_and_cancelled_work_is_gone(service: ServiceUnderTest):
    key, other = str(uuid4()), str(uuid4())
    await plan(service, DueItem("remind", key, WHEN), DueItem("remind", other, WHEN))
    await plan(service, DueItem("remind", key, WHEN + timedelta(days=3)))
    async with service.sessions() as session, session.begin():
        await due.cancel(session, "remind", [other])
    assert await service.does_due_work(WHEN) == 0
    assert await service.does_due_work(WHEN + timedelta(days=3)) == 1


async def test_work_added_again_as_it_is_is_not_written_but_waits_for_who_added_it(service: ServiceUnderTest):
    item = DueItem("remind", str(uuid4()), WHEN)
    await plan(service, item)
    [before] = await service.rows("SELECT ctid FROM messaging.due")
    async with service.sessions() as session, session.begin():
        await due.add(session, [item])
        assert await service.does_due_work(WHEN) == 0
    assert await service.rows("SELECT ctid FROM messaging.due") == [before]
    assert await service.does_due_work(WHEN) == 1


async def test_failing_work_added_again_is_tried_at_once(service: ServiceUnderTest):
    item = DueItem("remind", str(uuid4()), WHEN, {"bad": True})
    await plan(service, item)
    await service.does_due_work(WHEN)
    await plan(service, item)
    [row] = await service.rows("SELECT attempts FROM messaging.due")
    assert row.attempts == 0


async def test_failing_work_waits_alone_and_is_tried_again(service: ServiceUnderTest):
    good = [DueItem("remind", str(uuid4()), WHEN) for _ in range(9)]
    await plan(service, *good, DueItem("remind", str(uuid4()), WHEN, {"bad": True}))
    await service.does_due_work(WHEN)
    assert len(await service.emitted()) == 9
    [row] = await service.rows("SELECT attempts, error FROM messaging.due")
    assert row.attempts == 1
    assert row.error


async def test_a_command_sent_twice_is_answered_from_the_first(service: ServiceUnderTest):
    answer = commands.StoredAnswer(201, {"id": "e-1"})
    async with service.sessions() as session, session.begin():
        assert await commands.claim(session, "asn", "k", b"body") is None
        await commands.remember(session, "asn", "k", b"body", answer)
    async with service.sessions() as session, session.begin():
        assert await commands.claim(session, "asn", "k", b"body") == answer
        with pytest.raises(commands.CommandConflictError):
            await commands.claim(session, "asn", "k", b"other")
        assert await commands.claim(session, "someone else", "k", b"other") is None


async def test_a_command_in_progress_is_told_apart(service: ServiceUnderTest):
    async with service.sessions() as one, one.begin(), service.sessions() as two, two.begin():
        await commands.claim(one, "asn", "k", b"body")
        with pytest.raises(commands.CommandInProgressError):
            await commands.claim(two, "asn", "k", b"body")


def test_the_business_day_is_the_fields_own():
    clock.move(datetime(2026, 11, 20, 18, tzinfo=UTC) - datetime.now(UTC))
    assert clock.today().isoformat() == "2026-11-21"
    clock.move(timedelta(0))


async def test_the_next_work_is_waited_for_and_soon_work_wakes_its_service(service: ServiceUnderTest):
    assert await service.due.wait_seconds() == due.POLL.total_seconds()
    async with service.sessions() as session, session.begin():
        await due.add(session, [DueItem("remind", str(uuid4()), clock.now() + timedelta(days=1))])
        assert "due" not in session.info
        await due.add(session, [DueItem("remind", str(uuid4()), clock.now() + timedelta(seconds=4))])
        await due.add(session, [DueItem("nobody's", str(uuid4()), clock.now() + timedelta(seconds=1))])
        assert session.info["due"]
    assert 0 < await service.due.wait_seconds() <= 4
