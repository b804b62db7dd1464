"""The small world as facts."""

from datetime import date, timedelta
from uuid import UUID

from bina.events import Event
from bina.events.enrollment import (
    AsnRecorded,
    CompetencyTarget,
    TrainingAnnounced,
)
from bina.messaging import clock

from .people import (
    HERE,
    TAKING_PART,
    THERE,
    UNITS,
    Asn,
    Run,
    id_of,
)


def day(offset: int) -> date:
    return clock.today() + timedelta(days=offset)


def enrolment(asn: Asn, run: Run) -> UUID:
    return id_of(asn.key, run.code)


def recorded(asn: Asn) -> AsnRecorded:
    return AsnRecorded(
        asn_id=asn.asn_id,
        nip=asn.nip,
        name=asn.name,
        employment="PNS",
        agency_code=asn.agency,
        unit_id=asn.unit,
        unit_path=UNITS[asn.unit],
        position="Kepala Seksi",
        job_level="Pengawas",
        supervisor_id=asn.supervisor,
    )


def announced(run: Run, starts: int, ends: int) -> TrainingAnnounced:
    return TrainingAnnounced(
        run_id=run.run_id,
        run_code=run.code,
        programme_code="AKS",
        programme_name="Pelatihan Akses",
        organiser=run.organiser,
        open_to=(HERE, THERE),
        competencies=(CompetencyTarget(code="M1", level=2),),
        jp=20,
        starts_on=day(starts),
        ends_on=day(ends),
        seats=30,
    )


def everywhere(kind: type[Event], **more: object) -> list[Event]:
    """One fact for everybody who takes part in a run."""
    return [
        kind(
            enrollment_id=enrolment(asn, run),
            asn_id=asn.asn_id,
            run_id=run.run_id,
            agency_code=asn.agency,
            **more,
        )
        for asn, run in TAKING_PART
    ]
