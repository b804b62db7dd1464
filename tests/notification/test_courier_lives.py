"""Couriers that die, freeze or stand beside each other under one worker's number."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from bina.events.notification import NoticeDelivered
from bina.messaging.database import is_transient
from bina.messaging.testing import ServiceUnderTest
from notification.deliveries.courier import Courier, deliver_mail
from notification.deliveries.store.worker_number import LOCK

from .mailing import a_life, amid_a_mail, enrolled, everyone, only, states
from .smtp import Server


async def test_a_killed_workers_next_life_takes_back_its_own_mails_at_once_and_no_others(
    notification: ServiceUnderTest, server: Server
):
    mine, others = await enrolled(notification, "mine@example.org", "others@example.org")
    for worker, asn_id in enumerate((mine, others)):
        await only(notification, asn_id)
        async with a_life(notification, server, worker) as killed:
            await killed._number.bear()
            assert len((await killed._claim(uuid4()))[0]) == 1
        await everyone(notification)
    async with a_life(notification, server, 0) as next_life:
        await takes_the_number(next_life)
        await next_life.run_once()
    assert {k: v[0] for k, v in (await states(notification)).items()} == {mine: "sent", others: "sending"}
    async with a_life(notification, server, 1) as next_life:
        await takes_the_number(next_life)
        await next_life.run_once()
    assert {v[0] for v in (await states(notification)).values()} == {"sent"}
    assert sorted(mail["To"] for mail in server.taken) == ["mine@example.org", "others@example.org"]


async def takes_the_number(life: Courier) -> None:
    """The server learns a moment later that the earlier life's line is gone."""
    async with asyncio.timeout(20):
        while life._number.borne is None:
            await life._number.bear()


async def test_a_life_that_still_sends_keeps_its_mails_until_its_lock_is_lost_and_then_sends_no_more(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    emails = [f"p{n}@example.org" for n in range(5)]
    await enrolled(notification, *emails)
    first, answer = await amid_a_mail(courier, server)
    async with a_life(notification, server) as successor:
        await successor.run_once()
        assert len(server.taken) == 1
        await end_session(notification)
        await successor.run_once()
        answer.set()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as lost:
            await first
        assert is_transient(lost.value)
        in_hand, *rest = [mail["To"] for mail in server.taken]
        assert sorted(rest) == emails  # of all mails only the one without an answer went twice
        assert in_hand in rest
        await enrolled(notification, "fresh@example.org")
        await courier.run_once()  # without the number, fresh mails may go
    assert server.taken[-1]["To"] == "fresh@example.org"
    assert len(await notification.emitted(NoticeDelivered)) == 6


async def end_session(service: ServiceUnderTest) -> None:
    """What the server does to who is silent, to the session that holds the lock."""
    await service.rows(
        """SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
        WHERE locktype = 'advisory' AND classid = :lock AND granted""",
        lock=LOCK,
    )


async def test_what_a_life_without_the_number_sends_is_left_to_its_lease(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    await courier.run_once()
    await enrolled(notification, "rahma@example.org")
    async with a_life(notification, server) as twin:
        sending, answer = await amid_a_mail(twin, server)
        await courier.aclose()
        async with a_life(notification, server) as successor:
            await takes_the_number(successor)
            await successor.run_once()
            answer.set()
            await sending
    assert len(server.taken) == 1
    assert {v[:2] for v in (await states(notification)).values()} == {("sent", 1)}


async def test_a_long_mail_keeps_the_lock(
    notification: ServiceUnderTest, courier: Courier, server: Server, monkeypatch
):
    monkeypatch.setattr("notification.deliveries.store.worker_number.SPEAK_SECONDS", 0.02)
    await enrolled(notification, "rahma@example.org")
    await courier._number.bear()
    await courier._number._ask("SET idle_session_timeout = '1s'")
    sending, answer = await amid_a_mail(courier, server)
    began, now = await last_words(notification), timedelta(0)
    while now < timedelta(seconds=2):
        now = await last_words(notification) - began
    answer.set()
    await sending
    assert {v[:2] for v in (await states(notification)).values()} == {("sent", 1)}


async def last_words(service: ServiceUnderTest) -> datetime:
    """When the session that holds the lock last said something; there must be one."""
    [row] = await service.rows(
        """SELECT query_start FROM pg_stat_activity JOIN pg_locks USING (pid)
        WHERE locktype = 'advisory' AND classid = :lock AND granted""",
        lock=LOCK,
    )
    return row.query_start


async def test_a_chunk_whose_marks_found_no_database_is_marked_before_anything_is_taken_back(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    emails = [f"p{n}@example.org" for n in range(3)]
    await enrolled(notification, *emails)
    sending, answer = await amid_a_mail(courier, server)
    await end_session(notification)
    async with notification.sessions() as session, session.begin():
        await session.execute(text("SELECT FROM deliveries FOR UPDATE"))
        answer.set()
        while not await notification.rows(_END_WHO_WAITS):
            assert not sending.done()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) as lost:
        await sending
    assert is_transient(lost.value)
    await courier.run_once()
    assert sorted(mail["To"] for mail in server.taken) == emails
    assert {v[:2] for v in (await states(notification)).values()} == {("sent", 1)}


_WHO_WAITS = """FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""
_END_WHO_WAITS = f"SELECT pg_terminate_backend(pid) {_WHO_WAITS}"


async def test_a_stop_amid_a_chunk_sends_nobody_a_mail_twice(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    emails = [f"p{n}@example.org" for n in range(20)]
    await enrolled(notification, *emails)
    loop = asyncio.create_task(deliver_mail(courier._runtime))
    await asyncio.wait_for(server.arrived.wait(), 60)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    ended = [state for state, _, _ in (await states(notification)).values()]
    assert (ended.count("sent"), ended.count("waiting")) == (len(server.taken), 20 - len(server.taken))
    await courier.run_once()
    assert sorted(mail["To"] for mail in server.taken) == sorted(emails)


async def test_a_stop_amid_the_marks_sends_nobody_a_mail_twice(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    emails = [f"p{n}@example.org" for n in range(3)]
    await enrolled(notification, *emails)
    async with notification.sessions() as session, session.begin():
        await session.execute(text("LOCK TABLE messaging.streams"))  # a mark tells of its mail
        loop = asyncio.create_task(deliver_mail(courier._runtime))
        while not await notification.rows(f"SELECT {_WHO_WAITS}"):
            assert not loop.done()
        for _ in range(3):  # a stop becomes insistent
            loop.cancel()
            await asyncio.sleep(0.05)
        assert len(server.taken) == 3
    await asyncio.gather(loop, return_exceptions=True)
    assert {v[:2] for v in (await states(notification)).values()} == {("sent", 1)}
