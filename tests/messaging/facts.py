"""Facts to test with; each call makes a new one."""

from datetime import date
from uuid import UUID, uuid4

from bina.events.agency import EnrollmentRequested
from bina.events.enrollment import (
    AsnRecorded,
    AttendanceMet,
    EnrollmentAccepted,
    TrainingAnnounced,
    TrainingCompleted,
)

NIP = "198703032010011003"


def asn(asn_id: UUID | None = None, name: str = "Rahma Yulita") -> AsnRecorded:
    return AsnRecorded(asn_id=asn_id or uuid4(), nip=NIP, name=name, employment="PNS", agency_code="5571")


def run(run_id: UUID | None = None) -> TrainingAnnounced:
    return TrainingAnnounced(
        run_id=run_id or uuid4(),
        run_code="PKA-2026-01",
        programme_code="PKA",
        programme_name="Pelatihan Kepemimpinan Administrator",
        organiser="5500",
        jp=900,
        starts_on=date(2026, 2, 9),
        ends_on=date(2026, 6, 26),
        seats=40,
    )


def accepted(enrollment_id: UUID | None = None, asn_id: UUID | None = None) -> EnrollmentAccepted:
    return EnrollmentAccepted(
        enrollment_id=enrollment_id or uuid4(), asn_id=asn_id or uuid4(), run_id=uuid4(), agency_code="5571"
    )


def met(enrollment_id: UUID | None = None) -> AttendanceMet:
    return AttendanceMet(
        enrollment_id=enrollment_id or uuid4(), asn_id=uuid4(), run_id=uuid4(), met_on=date(2026, 6, 26)
    )


def completed(run_id: UUID, asn_id: UUID, enrollment_id: UUID | None = None) -> TrainingCompleted:
    return TrainingCompleted(
        enrollment_id=enrollment_id or uuid4(),
        asn_id=asn_id,
        run_id=run_id,
        agency_code="5571",
        jp=900,
        completed_on=date(2026, 6, 26),
    )


def requested(nip: str = NIP) -> EnrollmentRequested:
    return EnrollmentRequested(nip=nip, run_code="PKA-2026-01")
