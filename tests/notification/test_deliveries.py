"""From a notice to a mail server: real SMTP, real PostgreSQL."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest

from bina.events.enrollment import ContactErased
from bina.events.notification import NoticeDelivered, NoticeFailed
from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import read_task_link
from notification.deliveries.courier import Courier, deliver_mail
from notification.deliveries.mail import compose
from notification.deliveries.store.contacts import put_contacts
from notification.preferences.store import put_preference

from . import story as facts
from .mailing import SECRET, enrolled, everyone, only, run, states
from .smtp import Server
from .story import START, at


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
    assert read_task_link(token, SECRET).task_id == opened.task_id


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


async def test_a_mail_finds_the_address_that_comes_while_it_is_set_aside(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    [asn_id] = await enrolled(notification, "")
    lease = uuid4()
    claimed, _, results = await courier._claim(lease)
    async with notification.sessions() as session, session.begin():
        await put_contacts(session, [facts.contact(asn_id, "late@example.org")])
        marking = asyncio.create_task(courier._mark(lease, claimed, results))
        await asyncio.wait({marking}, timeout=0.3)
        assert not marking.done()
    await marking
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


async def test_whoever_asks_meanwhile_has_a_turn_after_each_mail_that_is_written(
    notification: ServiceUnderTest, courier: Courier, server: Server, monkeypatch: pytest.MonkeyPatch
):
    turns, seen = 0, []

    async def another() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def write(*given: object, **named: object) -> EmailMessage:
        seen.append(turns)
        return compose(*given, **named)

    monkeypatch.setattr("notification.deliveries.courier.compose", write)
    await enrolled(notification, *(f"p{n}@example.org" for n in range(5)))
    task = asyncio.create_task(another())
    await courier.run_once()
    task.cancel()
    assert len(set(seen)) == 5
