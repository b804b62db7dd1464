"""Who hears that a request for a seat waits for their word, and who need not hear it any more."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bina.events.enrollment import AsnErased
from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from notification.deliveries.courier import Courier
from notification.preferences.store import put_preference

from . import story as facts
from .mailing import states
from .reading import told, words
from .smtp import Server
from .story import BUDI, DEWI, RAHMA, SARI, at

ASKED = "approval_requested"


async def asks(service: ServiceUnderTest, *approvers: UUID, **changes: object) -> facts.ApprovalRequested:
    """Budi asks for a seat, and it waits for the word of these people."""
    run, now = facts.run(), clock.now()
    until = now + timedelta(days=3) if changes.get("stage") == "supervisor" else None
    asked = facts.approval("asked", *approvers, asker=BUDI, run_id=run.run_id, until=until, **changes)
    await service.receives(at(facts.person(BUDI, name="Budi Santoso"), now), at(run, now))
    await service.receives(*(at(facts.contact(id_, f"{id_}@example.org"), now) for id_ in approvers))
    await service.receives(at(asked, now))
    return asked


async def test_a_supervisor_hears_who_asks_for_what_until_when(notification: ServiceUnderTest):
    await asks(notification, RAHMA, stage="supervisor")
    assert await told(notification) == {(str(RAHMA), ASKED)}
    [(subject, body)] = await words(notification, RAHMA)
    assert subject == "Menunggu persetujuan Anda: Manajemen Perubahan"
    assert "Budi Santoso meminta kursi pada Manajemen Perubahan" in body
    assert "diteruskan kepada pengelola instansi" in body


async def test_words_follow_the_readers_language_and_name_nobody_who_was_erased(
    notification: ServiceUnderTest,
):
    await asks(notification, RAHMA)
    async with notification.sessions() as session, session.begin():
        await put_preference(session, RAHMA, "en", email=True)
    await notification.receives(at(AsnErased(asn_id=BUDI), clock.now() + timedelta(minutes=1)))
    [(subject, body)] = await words(notification, RAHMA)
    assert subject == "Waiting for your approval: Manajemen Perubahan"
    assert "A colleague asks for a seat" in body
    assert "Budi" not in body


async def test_the_mail_goes_to_who_wants_mail(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    await asks(notification, RAHMA, SARI)
    async with notification.sessions() as session, session.begin():
        await put_preference(session, SARI, "id", email=False)
    await courier.run_once()
    assert [mail["To"] for mail in server.taken] == [f"{RAHMA}@example.org"]
    assert (await states(notification))[SARI] == ("skipped", 0, "not_wanted")


@pytest.mark.parametrize("outcome", ["approved", "refused", "withdrawn", "lapsed"])
async def test_what_has_not_gone_of_a_settled_request_does_not_go(
    notification: ServiceUnderTest, courier: Courier, server: Server, outcome: str
):
    asked = await asks(notification, RAHMA)
    await notification.receives(at(facts.settled(asked, outcome), clock.now()))
    await courier.run_once()
    assert not server.taken
    assert await states(notification) == {RAHMA: ("skipped", 0, "moot")}
    [(_subject, body)] = await words(notification, RAHMA)
    assert "tidak menunggu jawaban Anda lagi" in body


async def test_who_is_asked_next_takes_the_place_of_who_was_asked(
    notification: ServiceUnderTest, courier: Courier, server: Server
):
    asked = await asks(notification, RAHMA, stage="supervisor")
    await notification.receives(at(facts.contact(DEWI, "dewi@example.org"), clock.now()))
    passed_on = facts.approval("asked", DEWI, asker=BUDI, run_id=asked.run_id)
    await notification.receives(at(passed_on, clock.now() + timedelta(days=3)))
    await courier.run_once()
    assert [mail["To"] for mail in server.taken] == ["dewi@example.org"]
    [(_subject, body)] = await words(notification, DEWI)
    assert "menunggu jawaban instansi" in body


async def test_other_requests_go_on(notification: ServiceUnderTest, courier: Courier, server: Server):
    asked = await asks(notification, RAHMA)
    other = facts.approval("other", RAHMA, asker=uuid4(), run_id=asked.run_id)
    await notification.receives(at(other, clock.now()), at(facts.settled(asked), clock.now()))
    await courier.run_once()
    assert [mail["Subject"] for mail in server.taken] == ["Menunggu persetujuan Anda: Manajemen Perubahan"]
