"""From a notice to a mail server: real SMTP, real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bina.events.enrollment import ContactErased
from bina.events.notification import NoticeDelivered, NoticeFailed
from bina.messaging import clock
from bina.messaging.database import is_transient
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import read_task_link
from notification.deliveries.courier import Courier, deliver_mail
from notification.deliveries.store.worker_number import LOCK
from notification.preferences.store import put_preference
from notification.settings import NotificationSettings

from . import story as facts
from .smtp import Server, serving
from .story import START, at

SECRET = "x" * 32


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@pytest_asyncio.fixture
async def courier(notification: ServiceUnderTest, server: Server) -> AsyncIterator[Courier]:
    async with a_life(notification, server) as courier:
        yield courier


def a_life(service: ServiceUnderTest, server: Server, worker: int = 0) -> "aclosing[Courier]":
    """A courier as another process would have it; it ends with its `with`."""
    settings = settings_of(service, server).model_copy(update={"worker": worker})
    return aclosing(Courier(service.runtime(settings)))


def settings_of(service: ServiceUnderTest, server: Server) -> NotificationSettings:
    return NotificationSettings(
        database_url=service.engine.url.render_as_string(hide_password=False),
        kafka="127.0.0.1:1",
        secret=SECRET,
        public_url="https://bina.example.go.id/",
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        smtp_timeout_seconds=5,
        mail_tries=3,
        mail_retry_seconds=0,
    )


async def enrolled(service: ServiceUnderTest, *emails: str) -> list[UUID]:
    """People with contacts, each accepted to a run: one notice each."""
    training = facts.run()
    people = [facts.person(name=f"Peserta {n}") for n in range(len(emails))]
    # business time stands where the facts were told
    clock.move(START - clock.now() + clock.offset())
    await service.receives(
        at(training),
        *(at(p) for p in people),
        *(at(facts.contact(p.asn_id, email)) for p, email in zip(people, emails, strict=True) if email),
        *(at(facts.accepted(training.run_id, p.asn_id)) for p in people),
    )
    return [p.asn_id for p in people]


async def states(service: ServiceUnderTest) -> dict[UUID, tuple[str, int, str]]:
    rows = await service.rows("SELECT * FROM deliveries")
    return {row.recipient_id: (row.state, row.attempts, row.reason_code) for row in rows}


async def test_a_mail_arrives_in_two_forms_with_a_link_and_is_told(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    await courier.run_once()
    [mail] = server.taken
    [notice] = await notification.rows("SELECT * FROM notices")
    assert mail["To"] == "rahma@example.org"
    assert mail["Subject"] == "Anda terdaftar: Manajemen Perubahan"
    assert mail["Message-ID"] == f"<{notice.notice_id}.email@bina.localhost>"
    link = f"https://bina.example.go.id/enrollment/angkatan/{notice.run_id}"
    assert f"Lihat jadwal:\r\n{link}\r\n" in mail.get_body(["plain"]).get_content()
    assert f'href="{link}"' in mail.get_body(["html"]).get_content()
    assert await states(notification) == {asn_id: ("sent", 1, "")}
    [told] = await notification.emitted()
    assert told == NoticeDelivered(
        notice_id=notice.notice_id,
        recipient_id=asn_id,
        kind="enrollment_accepted",
        channel="email",
        about=str(notice.run_id),
    )
    assert told.envelope.causation_id == str(notice.event_id)
    await courier.run_once()
    assert len(server.taken) == 1


async def test_a_chunk_shares_one_connection(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    await enrolled(notification, *(f"p{n}@example.org" for n in range(8)))
    await courier.run_once()
    assert {mail["To"] for mail in server.taken} == {f"p{n}@example.org" for n in range(8)}
    assert server.connections == 1


async def test_a_tasks_mail_carries_a_personal_link_until_its_last_day(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    training, boss = facts.run(), facts.person()
    clock.move(START - clock.now() + clock.offset())
    opened = facts.task(training.run_id, boss.asn_id, uuid4())
    await notification.receives(at(training), at(boss), at(facts.contact(boss.asn_id)), at(opened))
    await courier.run_once()
    [mail] = server.taken
    plain = mail.get_body(["plain"]).get_content()
    token = plain.split("/evaluation/tautan/")[1].split()[0]
    assert read_task_link(token, SECRET) == opened.task_id


async def test_a_refusal_for_now_is_tried_again_under_the_same_id(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    server.rcpt_answers["rahma@example.org"] = ["451 try later"]
    server.data_answers = ["452 mailbox full"]
    await courier.run_once()
    assert await states(notification) == {asn_id: ("waiting", 1, "deferred")}
    await courier.run_once()
    assert await states(notification) == {asn_id: ("waiting", 2, "deferred")}
    assert await notification.emitted() == []
    await courier.run_once()
    assert await states(notification) == {asn_id: ("sent", 3, "")}
    assert [type(told) for told in await notification.emitted()] == [NoticeDelivered]


async def test_a_server_that_always_puts_off_is_given_up_after_some_tries(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    server.rcpt_answers["rahma@example.org"] = ["450 greylisted"] * 9
    for _ in range(5):
        await courier.run_once()
    assert await states(notification) == {asn_id: ("failed", 3, "tries_exhausted")}
    [told] = await notification.emitted(NoticeFailed)
    assert (told.reason_code, told.reason) == ("tries_exhausted", "450 greylisted")


@pytest.mark.parametrize("where", ["RCPT", "DATA"])
async def test_a_permanent_refusal_fails_that_recipient_alone(
    notification: ServiceUnderTest, courier: Courier, server: Server, where: str
):
    gone, here = await enrolled(notification, "gone@example.org", "here@example.org")
    if where == "RCPT":
        server.rcpt_answers["gone@example.org"] = ["550 no such user"]
    else:
        await only(notification, gone)
        server.data_answers = ["554 rejected"]
        await courier.run_once()
        await everyone(notification)
    await courier.run_once()
    assert {k: v[0] for k, v in (await states(notification)).items()} == {gone: "failed", here: "sent"}
    [failed] = await notification.emitted(NoticeFailed)
    assert (failed.recipient_id, failed.reason_code) == (gone, "refused")


async def only(service: ServiceUnderTest, asn_id: UUID) -> None:
    await run(service, "UPDATE deliveries SET not_before = 'infinity' WHERE recipient_id <> :id", id=asn_id)


async def everyone(service: ServiceUnderTest) -> None:
    await run(service, "UPDATE deliveries SET not_before = '-infinity'")


async def run(service: ServiceUnderTest, sql: str, **values: object) -> None:
    async with service.sessions() as session, session.begin():
        await session.execute(text(sql), values)


async def test_a_line_lost_after_data_may_duplicate_but_under_one_id(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    server.drops = 1
    await courier.run_once()
    assert await states(notification) == {asn_id: ("waiting", 1, "connection_lost")}
    await courier.run_once()
    assert await states(notification) == {asn_id: ("sent", 2, "")}
    assert len(server.taken) == 2
    assert len({mail["Message-ID"] for mail in server.taken}) == 1
    assert len(await notification.emitted(NoticeDelivered)) == 1


async def test_a_line_lost_in_a_chunk_costs_only_that_mail_a_try(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    await enrolled(notification, *(f"p{n}@example.org" for n in range(4)))
    server.drops = 1
    await courier.run_once()
    assert sorted(s[:2] for s in (await states(notification)).values()) == [("sent", 1)] * 3 + [
        ("waiting", 1)
    ]


@pytest.mark.parametrize("reply", ["", "421 closing", "530 authenticate first"])
async def test_a_server_that_is_away_costs_no_tries(
    notification: ServiceUnderTest, courier: Courier, server: Server, reply: str
):
    one, two = await enrolled(notification, "one@example.org", "two@example.org")
    if reply.startswith("421"):
        server.rcpt_answers |= {"one@example.org": [reply], "two@example.org": [reply]}
    elif reply:
        server.mail_answers = [reply]
    else:
        await server.stop()
    for _ in range(2):
        busy, away = await courier.run_once()
        assert (busy, away) == (False, True)
        server.mail_answers = [reply] if reply.startswith("530") else []
        server.rcpt_answers |= (
            {"one@example.org": [reply], "two@example.org": [reply]} if "421" in reply else {}
        )
    assert await states(notification) == {one: ("waiting", 0, ""), two: ("waiting", 0, "")}
    server.mail_answers, server.rcpt_answers = [], type(server.rcpt_answers)(list)
    if not reply:
        await server.start()
    await courier.run_once()
    assert {state for state, _, _ in (await states(notification)).values()} == {"sent"}


async def test_what_is_too_late_is_recorded_as_expired_and_never_sent(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    reachable, unknown = await enrolled(notification, "rahma@example.org", "")
    clock.move(clock.offset() + timedelta(days=3, minutes=1))
    await courier.run_once()
    assert server.taken == []
    assert await states(notification) == {
        reachable: ("expired", 0, "too_late"),
        unknown: ("failed", 0, "no_address"),
    }
    told = await notification.emitted(NoticeFailed)
    assert {(t.recipient_id, t.reason_code) for t in told} == {
        (reachable, "too_late"),
        (unknown, "no_address"),
    }


async def test_a_mail_waits_for_its_address(notification: ServiceUnderTest, courier: Courier, server: Server):
    [asn_id] = await enrolled(notification, "")
    await courier.run_once()
    [row] = await notification.rows("SELECT state, needs_address, attempts FROM deliveries")
    assert tuple(row) == ("waiting", True, 0)
    await notification.receives(at(facts.contact(asn_id, "late@example.org")))
    await courier.run_once()
    assert [mail["To"] for mail in server.taken] == ["late@example.org"]


async def test_who_wants_no_mail_gets_none(notification: ServiceUnderTest, courier: Courier, server: Server):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    async with notification.sessions() as session, session.begin():
        await put_preference(session, asn_id, "id", email=False)
    await courier.run_once()
    assert server.taken == []
    assert await states(notification) == {asn_id: ("skipped", 0, "not_wanted")}
    assert await notification.emitted() == []


async def test_an_erased_contact_gets_no_mail(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    await notification.receives(at(ContactErased(asn_id=asn_id), START + timedelta(minutes=1)))
    await courier.run_once()
    assert server.taken == []


@pytest.mark.parametrize("email", ["not an address", "böse@example.org", "a@b c", "@example.org", "x@"])
async def test_a_false_address_fails_alone(
    notification: ServiceUnderTest, courier: Courier, server: Server, email: str
):
    wrong, right = await enrolled(notification, email, "right@example.org")
    await courier.run_once()
    assert {k: (v[0], v[2]) for k, v in (await states(notification)).items()} == {
        wrong: ("failed", "bad_address"),
        right: ("sent", ""),
    }


async def test_what_concerns_one_person_goes_before_what_a_whole_audience_is_told(
    notification: ServiceUnderTest, courier: Courier, server: Server, monkeypatch
):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    await notification.does_due_work(START + timedelta(minutes=1))
    monkeypatch.setattr("notification.deliveries.courier.CHUNK", 1)
    await courier.run_once()
    await courier.run_once()
    assert [mail["Subject"] for mail in server.taken] == [
        "Anda terdaftar: Manajemen Perubahan",
        "Pelatihan sesuai jabatan Anda: Manajemen Perubahan",
    ]
    assert {row.recipient_id for row in await notification.rows("SELECT recipient_id FROM deliveries")} == {
        asn_id
    }


async def test_a_worker_that_lost_its_lease_changes_nothing(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    [asn_id] = await enrolled(notification, "rahma@example.org")
    stale = uuid4()
    claimed, mails, results = await courier._claim(stale)
    assert (len(claimed), len(mails), results) == (1, 1, [])
    await courier.run_once()
    assert server.taken == []
    await run(notification, "UPDATE deliveries SET leased_until = now() - interval '1 second'")
    await courier.run_once()
    assert await states(notification) == {asn_id: ("sent", 1, "")}
    await courier._mark(stale, claimed, [])
    assert await states(notification) == {asn_id: ("sent", 1, "")}
    assert len(await notification.emitted(NoticeDelivered)) == 1


async def test_one_notice_without_words_holds_up_no_other(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    odd, fine = await enrolled(notification, "odd@example.org", "fine@example.org")
    await run(notification, "UPDATE notices SET kind = 'no_such_kind' WHERE recipient_id = :id", id=odd)
    await courier.run_once()
    assert {k: (v[0], v[2]) for k, v in (await states(notification)).items()} == {
        odd: ("failed", "wordless"),
        fine: ("sent", ""),
    }


async def test_the_loop_sends_once_a_server_that_was_away_is_back(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    await enrolled(notification, "rahma@example.org")
    await server.stop()
    assert await courier.run_once() == (False, True)
    loop = asyncio.create_task(deliver_mail(courier._runtime))
    await server.start()
    await asyncio.wait_for(server.arrived.wait(), 60)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert [mail["To"] for mail in server.taken] == ["rahma@example.org"]


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
    server.pauses = [answer := asyncio.Event()]
    first = asyncio.create_task(courier.run_once())
    await asyncio.wait_for(server.arrived.wait(), 60)
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
    server.pauses = [answer := asyncio.Event()]
    async with a_life(notification, server) as twin:
        sending = asyncio.create_task(twin.run_once())
        await asyncio.wait_for(server.arrived.wait(), 60)
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
    server.pauses = [answer := asyncio.Event()]
    sending = asyncio.create_task(courier.run_once())
    await asyncio.wait_for(server.arrived.wait(), 60)
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
    server.pauses = [answer := asyncio.Event()]
    sending = asyncio.create_task(courier.run_once())
    await asyncio.wait_for(server.arrived.wait(), 60)
    await end_session(notification)
    async with notification.sessions() as session, session.begin():
        await session.execute(text("SELECT FROM deliveries FOR UPDATE"))
        answer.set()
        while not await notification.rows(_END_WHO_WAITS):
            assert not sending.done()
    with pytest.raises(DBAPIError) as lost:
        await sending
    assert is_transient(lost.value)
    await courier.run_once()
    assert sorted(mail["To"] for mail in server.taken) == emails
    assert {v[:2] for v in (await states(notification)).values()} == {("sent", 1)}


_END_WHO_WAITS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""


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
