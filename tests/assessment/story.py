"""The smallest facts for the assessment service, and a story of them that calls every handler."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from bina.events import Event
from bina.events.enrollment import (
    AsnErased,
    AsnMerged,
    AsnRecorded,
    AttendanceMet,
    CompetencyTarget,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    SessionEnded,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingChanged,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from bina.messaging import clock

SPACE = UUID("0d6a1d8e-4d5f-4c5e-8a3c-2c9f3a1b7e55")


def id_of(*names: str) -> UUID:
    return uuid5(SPACE, "/".join(names))


def day(offset: int) -> date:
    """A business day that many days from today."""
    return clock.today() + timedelta(days=offset)


def person(name: str, **changes: Any) -> AsnRecorded:
    return AsnRecorded(
        **{
            "asn_id": id_of(name),
            "nip": "198101132009022960",
            "name": name,
            "employment": "PNS",
            "agency_code": "5571",
            "position": "Kepala Seksi",
            "job_level": "Pengawas",
            **changes,
        }
    )


def _training(code: str, **changes: Any) -> dict[str, Any]:
    programme = code.split("-", maxsplit=1)[0]
    return {
        "run_id": id_of(code),
        "run_code": code,
        "programme_code": programme,
        "programme_name": f"Pelatihan {programme}",
        "organiser": "5500",
        "open_to": ("5500", "5571"),
        "competencies": (CompetencyTarget(code="M1", level=2), CompetencyTarget(code="M5", level=2)),
        "jp": 40,
        "starts_on": day(10),
        "ends_on": day(14),
        "seats": 30,
        **changes,
    }


def announced(code: str = "PKP-2026-02", **changes: Any) -> TrainingAnnounced:
    return TrainingAnnounced(**_training(code, **changes))


def changed(code: str, **changes: Any) -> TrainingChanged:
    return TrainingChanged(**_training(code, **changes))


def seat(name: str, code: str = "PKP-2026-02") -> dict[str, UUID]:
    return {"enrollment_id": id_of(name, code), "asn_id": id_of(name), "run_id": id_of(code)}


def accepted(name: str, code: str = "PKP-2026-02") -> EnrollmentAccepted:
    return EnrollmentAccepted(**seat(name, code), agency_code="5571")


def attended(name: str, code: str = "PKP-2026-02", on: date | None = None) -> AttendanceMet:
    return AttendanceMet(**seat(name, code), met_on=on or day(0))


def completed(name: str, code: str = "PKP-2026-02", **changes: Any) -> TrainingCompleted:
    return TrainingCompleted(
        **{**seat(name, code), "agency_code": "5571", "jp": 40, "completed_on": day(0), **changes}
    )


def corrected(name: str, code: str = "PKP-2026-02", **changes: Any) -> TrainingResultCorrected:
    state = {"revision": 2, "completed": True, "jp": 40, "completed_on": day(0)}
    return TrainingResultCorrected(**{**seat(name, code), **state, **changes})


def merged(gone: str, kept: str) -> AsnMerged:
    return AsnMerged(asn_id=id_of(gone), into_id=id_of(kept))


def story() -> list[Event]:
    """Facts in a valid order that exercise every handler."""
    return [
        person("Aisyah"),
        person("Budi", job_level="Administrator"),
        person("Citra", agency_code="5500"),
        person("Dewi"),
        announced("PKP-2026-02"),
        announced("KEU-2026-03", pass_score=70, competencies=(CompetencyTarget(code="T1", level=2),)),
        announced("SEM-2026-07", competencies=()),
        announced("MAN-2026-02"),
        accepted("Aisyah"),
        accepted("Budi"),
        accepted("Citra"),
        accepted("Aisyah", "KEU-2026-03"),
        accepted("Budi", "KEU-2026-03"),
        accepted("Citra", "KEU-2026-03"),
        accepted("Aisyah", "SEM-2026-07"),
        accepted("Budi", "MAN-2026-02"),
        changed("PKP-2026-02", starts_on=day(20), ends_on=day(24)),
        TrainingCancelled(run_id=id_of("MAN-2026-02"), reason="Anggaran dialihkan"),
        EnrollmentWithdrawn(**seat("Citra"), reason="Tugas mendesak"),
        attended("Aisyah"),
        attended("Aisyah", "KEU-2026-03"),
        attended("Budi", "KEU-2026-03"),
        attended("Aisyah", "SEM-2026-07"),
        completed("Aisyah", pre_score=55.0, post_score=82.5),
        corrected("Aisyah", pre_score=55.0, post_score=85.0),
        completed("Aisyah", "KEU-2026-03"),
        completed("Budi"),
        attended("Budi"),
        TrainingNotCompleted(**seat("Budi", "KEU-2026-03"), reason="failed", ended_on=day(0)),
        TrainingNotCompleted(**seat("Citra", "KEU-2026-03"), reason="absent", ended_on=day(0)),
        person("Aisyah", job_level="Administrator"),
        person("Eka"),
        person("Eka Sari"),
        accepted("Eka"),
        accepted("Eka", "KEU-2026-03"),
        accepted("Eka Sari", "SEM-2026-07"),
        completed("Eka", "KEU-2026-03", pre_score=40.0),
        merged("Eka", "Eka Sari"),
        person("Dra. Eka Sari"),
        attended("Eka"),
        merged("Eka Sari", "Dra. Eka Sari"),
        AsnErased(asn_id=id_of("Dewi")),
        SessionEnded(session_id=id_of("session"), until=datetime(2999, 1, 1, tzinfo=UTC)),
    ]
