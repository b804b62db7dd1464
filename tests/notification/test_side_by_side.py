"""Two workers at once: what one writes, the other does not overlook."""

from datetime import timedelta

from bina.events.enrollment import AsnErased
from bina.messaging.testing import ServiceUnderTest
from meeting import Meeting
from notification.deliveries.store import contacts
from notification.notices.handlers import people

from . import story as facts
from .reading import told
from .story import START, at

SOON = START + timedelta(minutes=1)


async def test_an_address_that_comes_as_its_person_is_erased_does_not_stay(
    notification: ServiceUnderTest, meeting: Meeting
):
    person = facts.person()
    await notification.receives(at(person))
    recording = notification.receives(at(facts.contact(person.asn_id)))
    erasing = at(AsnErased(asn_id=person.asn_id), SOON)
    await meeting(notification, (contacts, "put_contacts"), recording, lambda: notification.receives(erasing))
    assert await notification.rows("SELECT * FROM contacts") == []


async def test_an_address_does_not_come_while_its_person_is_erased(
    notification: ServiceUnderTest, meeting: Meeting
):
    person = facts.person()
    await notification.receives(at(person))
    erasing = notification.receives(at(AsnErased(asn_id=person.asn_id), SOON))
    recording = at(facts.contact(person.asn_id))
    await meeting(
        notification, (contacts, "forget_people"), erasing, lambda: notification.receives(recording)
    )
    assert await notification.rows("SELECT * FROM contacts") == []


async def test_whoever_is_recorded_as_a_run_is_announced_hears_of_it(
    notification: ServiceUnderTest, meeting: Meeting
):
    person = facts.person()

    async def announce() -> None:
        await notification.receives(at(facts.run()))
        await notification.does_due_work(SOON)

    recording = notification.receives(at(person))
    await meeting(notification, (people, "last_start"), recording, announce)
    assert await told(notification) == {(str(person.asn_id), "training_announced_job")}
