"""What is told when a result was another."""

from datetime import timedelta
from uuid import uuid4

from bina.events.enrollment import (
    CertificateRevoked,
    EnrollmentAccepted,
    TrainingCompleted,
    TrainingNotCompleted,
)
from bina.messaging.testing import ServiceUnderTest

from . import story as facts
from .reading import told, words
from .story import START, at

SOON = START + timedelta(minutes=1)


def _ended(training, asn_id) -> dict:
    return {"enrollment_id": uuid4(), "asn_id": asn_id, "run_id": training.run_id}


async def test_a_corrected_result_is_told_with_what_counts_now(notification: ServiceUnderTest):
    training, person = facts.run(), facts.person()
    enrolled = _ended(training, person.asn_id)
    await notification.receives(
        at(training),
        at(person),
        at(TrainingNotCompleted(**enrolled, reason="failed", ended_on=START.date())),
        at(facts.corrected(enrolled, completed=True, jp=30, reason="Nilai tertukar"), SOON),
    )
    [_, (subject, body)] = await words(notification, person.asn_id)
    assert subject == "Hasil Manajemen Perubahan diperbaiki: selesai, 30 JP"
    assert "Sebabnya: Nilai tertukar" in body
    await notification.receives(
        at(facts.contact(person.asn_id, language="en")),
        at(facts.corrected(enrolled, completed=False, jp=0, revision=3), SOON + timedelta(minutes=1)),
    )
    [*_, (subject, _body)] = await words(notification, person.asn_id)
    assert subject == "Result of Manajemen Perubahan corrected: not completed, no JP"


async def test_a_correction_that_changes_nothing_told_is_not_told(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    enrolled = _ended(training, asn_id)
    done = TrainingCompleted(**enrolled, agency_code="5571", jp=30, completed_on=START.date())
    more_exact = facts.corrected(enrolled, completed=True, jp=30, post_score=80.0)
    await notification.receives(at(training), at(done), at(more_exact, SOON))
    assert await told(notification) == {(str(asn_id), "training_completed")}
    fewer = facts.corrected(enrolled, completed=True, jp=20, revision=3)
    await notification.receives(at(fewer, SOON + timedelta(minutes=1)))
    assert (str(asn_id), "result_corrected") in await told(notification)


async def test_a_revoked_certificate_is_told_by_its_number(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    revoked = CertificateRevoked(**_ended(training, asn_id), number="893.3/120", reason="Salah baris")
    await notification.receives(at(training), at(revoked))
    [(subject, body)] = await words(notification, asn_id)
    assert subject == "Sertifikat Manajemen Perubahan tidak berlaku lagi"
    assert "nomor 893.3/120" in body


async def test_who_got_a_seat_by_the_result_hears_of_the_result_alone(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    enrolled = _ended(training, asn_id)
    seat = EnrollmentAccepted(**enrolled, agency_code="5571", origin="result")
    done = TrainingCompleted(**enrolled, agency_code="5571", jp=30, completed_on=START.date())
    await notification.receives(at(training), at(seat), at(done))
    assert await told(notification) == {(str(asn_id), "training_completed")}
