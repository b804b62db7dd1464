"""What an import tells waits until nobody can undo it any more."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from bina.events import Event
from bina.events.enrollment import (
    CertificateRevoked,
    EnrollmentAccepted,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    TrainingCancelled,
    TrainingCompleted,
)
from bina.messaging.testing import ServiceUnderTest

from . import story as facts
from .reading import told, words
from .story import START, at

WINDOW = timedelta(minutes=15)
AFTER = START + WINDOW
SOON = START + timedelta(minutes=5)
LATE = AFTER + timedelta(minutes=1)


class Seat:
    """One person's enrolment by an import, and what is told of it."""

    def __init__(self) -> None:
        self.training, self.person = facts.run(job_levels=()), facts.person()
        self.ids = {
            "enrollment_id": uuid4(),
            "asn_id": self.person.asn_id,
            "run_id": self.training.run_id,
        }

    def known(self) -> tuple[Event, Event]:
        return at(self.training), at(self.person)

    def accepted(self, **more: object) -> Event:
        values = {"notify_after": AFTER, **self.ids, **more}
        return at(EnrollmentAccepted.model_validate({"agency_code": "5571", **values}))

    def withdrawn(self, when: datetime) -> Event:
        return at(EnrollmentWithdrawn(**self.ids, reason="Impor dibatalkan"), when)

    def completed(self, when: datetime = START) -> Event:
        done = TrainingCompleted(
            **self.ids, agency_code="5571", jp=30, completed_on=START.date(), notify_after=AFTER
        )
        return at(done, when)

    def test(self, kind: str = "pre", **more: object) -> Event:
        ids = {"enrollment_id": self.ids["enrollment_id"], "notify_after": AFTER}
        return at(facts.opened_test(self.training.run_id, self.person.asn_id, kind, **ids, **more))


async def kinds(notification: ServiceUnderTest, person: UUID) -> set[str]:
    return {kind for recipient, kind in await told(notification) if recipient == str(person)}


async def test_a_seat_of_an_import_is_told_when_its_window_is_over(notification: ServiceUnderTest):
    seat = Seat()
    await notification.receives(*seat.known(), seat.accepted(), seat.test())
    await notification.does_due_work(AFTER - timedelta(seconds=1))
    assert await kinds(notification, seat.person.asn_id) == set()
    await notification.does_due_work(AFTER)
    assert await kinds(notification, seat.person.asn_id) == {"enrollment_accepted", "pretest_ready"}
    rows = await notification.rows(
        "SELECT occurred_at, send_before FROM notices WHERE kind = 'enrollment_accepted'"
    )
    assert [(row.occurred_at, row.send_before) for row in rows] == [(AFTER, AFTER + timedelta(days=3))]
    mails = await notification.rows("SELECT 1 FROM deliveries JOIN notices USING (notice_id)")
    assert len(mails) == 2


async def test_undone_within_the_window_nobody_hears_of_it(notification: ServiceUnderTest):
    seat = Seat()
    await notification.receives(*seat.known(), seat.accepted(), seat.test(), seat.withdrawn(SOON))
    await notification.does_due_work(LATE)
    assert await kinds(notification, seat.person.asn_id) == set()


async def test_a_test_that_is_read_after_the_undoing_is_told_to_nobody(notification: ServiceUnderTest):
    seat = Seat()
    await notification.receives(*seat.known(), seat.accepted(), seat.withdrawn(SOON))
    await notification.receives(seat.test())
    await notification.does_due_work(LATE)
    assert await kinds(notification, seat.person.asn_id) == set()


async def test_undone_after_the_window_both_are_told(notification: ServiceUnderTest):
    seat = Seat()
    await notification.receives(*seat.known(), seat.accepted())
    await notification.does_due_work(AFTER)
    await notification.receives(seat.withdrawn(LATE))
    assert await kinds(notification, seat.person.asn_id) == {"enrollment_accepted", "enrollment_withdrawn"}


async def test_what_follows_is_not_told_before_what_waits(notification: ServiceUnderTest):
    seat = Seat()
    waiting = EnrollmentWaitlisted(**seat.ids, agency_code="5571", position=1, notify_after=AFTER)
    await notification.receives(*seat.known(), at(waiting), seat.accepted(notify_after=None))
    await notification.does_due_work(AFTER - timedelta(seconds=1))
    assert await kinds(notification, seat.person.asn_id) == set()
    await notification.does_due_work(AFTER)
    assert await kinds(notification, seat.person.asn_id) == {"enrollment_waitlisted", "enrollment_accepted"}


async def test_a_result_taken_back_within_the_window_is_told_to_nobody(notification: ServiceUnderTest):
    seat = Seat()
    undone = facts.corrected(seat.ids, completed=False, jp=0, undone=True)
    revoked = CertificateRevoked(**seat.ids, number="893.3/1", undone=True)
    await notification.receives(*seat.known(), seat.completed(), at(revoked, SOON), at(undone, SOON))
    await notification.does_due_work(LATE)
    assert await kinds(notification, seat.person.asn_id) == set()


async def test_a_result_taken_back_later_is_told_with_its_certificate(notification: ServiceUnderTest):
    seat = Seat()
    await notification.receives(*seat.known(), seat.completed())
    await notification.does_due_work(AFTER)
    undone = facts.corrected(seat.ids, completed=False, jp=0, undone=True)
    revoked = CertificateRevoked(**seat.ids, number="893.3/1", undone=True)
    await notification.receives(at(revoked, LATE), at(undone, LATE))
    assert await kinds(notification, seat.person.asn_id) == {
        "training_completed",
        "certificate_revoked",
        "result_corrected",
    }


async def test_a_correction_by_hand_within_the_window_is_told_after_the_result(
    notification: ServiceUnderTest,
):
    seat = Seat()
    fewer = facts.corrected(seat.ids, completed=True, jp=20)
    await notification.receives(*seat.known(), seat.completed(), at(fewer, SOON))
    await notification.does_due_work(SOON)
    assert await kinds(notification, seat.person.asn_id) == set()
    await notification.does_due_work(AFTER)
    assert await kinds(notification, seat.person.asn_id) == {"training_completed", "result_corrected"}


async def test_a_supervisors_task_waits_with_the_seat(notification: ServiceUnderTest):
    seat, boss = Seat(), uuid4()
    task = facts.task(
        seat.training.run_id,
        boss,
        seat.person.asn_id,
        enrollment_id=seat.ids["enrollment_id"],
        notify_after=AFTER,
    )
    await notification.receives(*seat.known(), seat.accepted(), at(task))
    assert await kinds(notification, boss) == set()
    await notification.does_due_work(AFTER)
    assert await kinds(notification, boss) == {"task_opened"}


async def test_who_does_not_know_of_a_seat_hears_of_the_run_as_it_is_by_then(notification: ServiceUnderTest):
    seat = Seat()
    change = facts.changed(seat.training.run_id, job_levels=(), location="Hotel Abadi")
    await notification.receives(*seat.known(), seat.accepted(), at(change, SOON))
    await notification.does_due_work(SOON + timedelta(minutes=1))
    assert await kinds(notification, seat.person.asn_id) == set()
    await notification.does_due_work(AFTER)
    assert await kinds(notification, seat.person.asn_id) == {"enrollment_accepted"}
    [(_subject, body)] = await words(notification, seat.person.asn_id)
    assert "Tempat: Hotel Abadi" in body


async def test_a_seat_in_a_run_that_was_cancelled_meanwhile_is_told_to_nobody(notification: ServiceUnderTest):
    seat = Seat()
    cancelled = TrainingCancelled(run_id=seat.training.run_id, reason="Anggaran dialihkan")
    await notification.receives(*seat.known(), seat.accepted(), at(cancelled, SOON))
    await notification.does_due_work(SOON + timedelta(minutes=1))
    await notification.does_due_work(AFTER)
    assert await kinds(notification, seat.person.asn_id) == set()
