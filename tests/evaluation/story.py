"""Facts that evaluation receives, and a story of them in a valid order that exercises every reaction.

Ids are drawn from names, so that two calls speak of the same people.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from bina.events import Event
from bina.events.assessment import AssessmentScored
from bina.events.enrollment import (
    AsnErased,
    AsnMerged,
    AsnRecorded,
    CompetencyTarget,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    SessionEnded,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingChanged,
    TrainingCompleted,
    TrainingResultCorrected,
)
from bina.messaging import clock

NAMESPACE = UUID("d2f6a3f8-4a3c-4f43-9a58-3f1b6c3a1e55")
NAMES = {"rahma": "Rahma Yulita, S.E.", "bayu": "Bayu Bagas, S.Kom.", "erna": "Erna Permana, S.E., M.M."}


def person(name: str) -> UUID:
    return uuid5(NAMESPACE, f"asn/{name}")


def run(code: str) -> UUID:
    return uuid5(NAMESPACE, f"run/{code}")


def enrolment(code: str, name: str) -> UUID:
    return uuid5(NAMESPACE, f"{code}/{name}")


def days(n: int) -> date:
    return clock.today() + timedelta(days=n)


def recorded(name: str, supervisor: str = "", agency: str = "5571", unit: UUID | None = None) -> AsnRecorded:
    digits = f"{person(name).int % 1000:03d}"
    return AsnRecorded(
        asn_id=person(name),
        nip=f"198703032010011{digits}",
        name=NAMES.get(name, name.capitalize()),
        employment="PNS",
        agency_code=agency,
        unit_id=unit,
        unit_name="BKPSDMD Kota Jambi",
        unit_path=(unit,) if unit else (),
        position="Analis Kepegawaian Ahli Muda",
        supervisor_id=person(supervisor) if supervisor else None,
    )


def erased(name: str) -> AsnErased:
    return AsnErased(asn_id=person(name))


def merged(gone: str, kept: str) -> AsnMerged:
    return AsnMerged(asn_id=person(gone), into_id=person(kept))


def _training(code: str, starts: int, ends: int, organiser: str) -> dict:
    return {
        "run_id": run(code),
        "run_code": code,
        "programme_code": code.split("-", maxsplit=1)[0],
        "programme_name": "Pengelolaan Keuangan Daerah",
        "organiser": organiser,
        "open_to": ("5571", "5508"),
        "competencies": (CompetencyTarget(code="T1", level=2), CompetencyTarget(code="M4", level=2)),
        "jp": 50,
        "starts_on": days(starts),
        "ends_on": days(ends),
        "seats": 30,
    }


def announced(code: str, starts: int = -6, ends: int = -1, organiser: str = "5571") -> TrainingAnnounced:
    return TrainingAnnounced(**_training(code, starts, ends, organiser))


def changed(code: str, starts: int, ends: int, organiser: str = "5571") -> TrainingChanged:
    return TrainingChanged(**_training(code, starts, ends, organiser))


def cancelled(code: str) -> TrainingCancelled:
    return TrainingCancelled(run_id=run(code), reason="Narasumber berhalangan")


def _of(code: str, name: str) -> dict:
    return {"enrollment_id": enrolment(code, name), "asn_id": person(name), "run_id": run(code)}


def accepted(code: str, name: str, agency: str = "5571") -> EnrollmentAccepted:
    return EnrollmentAccepted(**_of(code, name), agency_code=agency)


def withdrawn(code: str, name: str) -> EnrollmentWithdrawn:
    return EnrollmentWithdrawn(**_of(code, name), reason="Tugas dinas")


def completed(code: str, name: str, on: int = -1, agency: str = "5571") -> TrainingCompleted:
    return TrainingCompleted(**_of(code, name), agency_code=agency, jp=50, completed_on=days(on))


def corrected(
    code: str, name: str, *, passed: bool, on: int = -1, revision: int = 2
) -> TrainingResultCorrected:
    return TrainingResultCorrected(
        **_of(code, name), revision=revision, completed=passed, jp=50 if passed else 0, completed_on=days(on)
    )


def scored(code: str, name: str, kind: str, score: float, source: str = "test") -> AssessmentScored:
    return AssessmentScored(
        asn_id=person(name),
        assessment_id=uuid5(NAMESPACE, f"{code}/{name}/{kind}/{source}"),
        enrollment_id=enrolment(code, name),
        run_id=run(code),
        kind=kind,
        score=score,
        source=source,
        scored_on=days(-1),
    )


def story() -> list[Event]:
    """A supervisor who changes, one who is missing, a cancelled and a long past run, results that were wrong."""
    return [
        recorded("erna"),
        recorded("dedi"),
        recorded("rahma", "erna"),
        recorded("bayu", "erna"),
        recorded("citra"),
        recorded("wulan", "erna"),
        announced("KEU-2026-02"),
        announced("PKA-2026-01", starts=-500, ends=-400),
        announced("SKB-2026-01", starts=30, ends=32),
        announced("PBJ-2026-04", starts=20, ends=25),
        changed("PBJ-2026-04", starts=40, ends=45),
        accepted("SKB-2026-01", "rahma"),
        accepted("SKB-2026-01", "wulan"),
        accepted("PBJ-2026-04", "bayu"),
        accepted("PBJ-2026-04", "rahma"),
        withdrawn("PBJ-2026-04", "rahma"),
        accepted("KEU-2026-02", "rahma"),
        accepted("KEU-2026-02", "citra"),
        scored("KEU-2026-02", "rahma", "pre", 55),
        scored("KEU-2026-02", "rahma", "post", 82),
        scored("KEU-2026-02", "citra", "pre", 40, source="organiser"),
        scored("KEU-2026-02", "wulan", "post", 90, source="organiser"),
        completed("KEU-2026-02", "rahma"),
        completed("KEU-2026-02", "citra"),
        completed("KEU-2026-02", "bayu"),
        completed("KEU-2026-02", "wulan"),
        completed("PKA-2026-01", "bayu", on=-400),
        completed("PKA-2026-01", "citra", on=-400),
        recorded("bayu", "dedi"),
        corrected("KEU-2026-02", "wulan", passed=False),
        corrected("KEU-2026-02", "rahma", passed=True, on=-3),
        corrected("KEU-2026-02", "wulan", passed=True, on=-2, revision=3),
        cancelled("SKB-2026-01"),
        erased("wulan"),
        recorded("eka"),
        recorded("eka sari", "eka"),
        recorded("fitri", "eka"),
        accepted("PBJ-2026-04", "eka"),
        completed("KEU-2026-02", "eka"),
        completed("KEU-2026-02", "fitri"),
        merged("eka", "eka sari"),
        recorded("dra. eka sari", "erna"),
        merged("eka sari", "dra. eka sari"),
        SessionEnded(session_id=uuid5(NAMESPACE, "session"), until=datetime(2999, 1, 1, tzinfo=UTC)),
    ]
