"""Facts in a valid order that exercise every handler of the service."""

from datetime import timedelta
from uuid import UUID

from bina.events import Event
from bina.events.enrollment import (
    AsnErased,
    ContactErased,
    EnrollmentRejected,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    TrainingCancelled,
    TrainingCompleted,
    TrainingNotCompleted,
)
from bina.events.evaluation import EvaluationTaskClosed

from . import facts
from .facts import START, at, named


def story() -> list[Event | tuple[Event, str]]:
    """Two agencies, two runs, everything that can be told once; ids and times are the same in every call."""
    told = [*_people(), *_runs(), *_enrolments(), *_tests(), *_tasks(), *_ends()]
    return [_fixed(n, event) for n, event in enumerate(told)]


def _fixed(n: int, event: Event) -> Event:
    """One minute after the other; the id counts up like a UUIDv7 of a fixed millisecond."""
    envelope = at(event, START + timedelta(minutes=n)).envelope
    fixed = UUID(int=(0x019AA000_0000 << 80) | (7 << 76) | (2 << 62) | n)
    return event.travelled(envelope.model_copy(update={"id": str(fixed), "version": n + 1}))


RAHMA, BUDI, SARI, DEWI, ERASED = (named(n) for n in ("rahma", "budi", "sari", "dewi", "erased"))
CHANGING, CANCELLED = named("run-1"), named("run-2")


def _people() -> list[Event]:
    return [
        facts.person(RAHMA),
        facts.person(BUDI, name="Budi Santoso", level="Pelaksana", employment="PPPK"),
        facts.person(SARI, name="Sari Wulandari", level="Administrator"),
        facts.person(DEWI, name="Dewi Lestari", agency="5508"),
        facts.person(ERASED, name="Tono"),
        facts.contact(RAHMA),
        facts.contact(BUDI, "budi@example.org", "en"),
        facts.contact(ERASED, "tono@example.org"),
        facts.profile(BUDI),
        facts.profile(SARI, level=3),
    ]


def _runs() -> list[Event]:
    return [
        facts.run(CHANGING, pass_score=70),
        facts.run(CANCELLED, run_code="MP-2027-02", job_levels=("Administrator",)),
    ]


def _enrolments() -> list[Event]:
    def of(kind: type[Event], run_id: UUID, asn_id: UUID, **more: object) -> Event:
        return kind(
            enrollment_id=named(f"{run_id}/{asn_id}"),
            run_id=run_id,
            asn_id=asn_id,
            **({} if kind is EnrollmentWithdrawn else {"agency_code": "5571"}),
            **more,
        )

    return [
        facts.accepted(CHANGING, RAHMA, named(f"{CHANGING}/{RAHMA}")),
        of(EnrollmentWaitlisted, CHANGING, BUDI, position=2),
        facts.accepted(CHANGING, BUDI, named(f"{CHANGING}/{BUDI}")),
        of(EnrollmentRejected, CHANGING, DEWI, reason_code="not_open", reason="Di luar instansi sasaran"),
        facts.accepted(CHANGING, SARI, named(f"{CHANGING}/{SARI}")),
        of(EnrollmentWithdrawn, CHANGING, SARI, reason="Tugas luar kota"),
        facts.accepted(CANCELLED, SARI, named(f"{CANCELLED}/{SARI}")),
        facts.changed(CHANGING, pass_score=70, location="Hotel Abadi", open_to=("5571", "5508")),
        facts.changed(CHANGING, pass_score=70, location="Hotel Abadi", open_to=("5571", "5508"), seats=40),
        TrainingCancelled(run_id=CANCELLED, reason="Anggaran dialihkan"),
    ]


def _tests() -> list[Event]:
    ids = {"assessment_id": named("test-1"), "enrollment_id": named(f"{CHANGING}/{RAHMA}")}
    taken = facts.opened_test(CHANGING, RAHMA, **ids)
    ids = {"assessment_id": named("test-2"), "enrollment_id": named(f"{CHANGING}/{BUDI}")}
    open_still = facts.opened_test(CHANGING, BUDI, "post", **ids)
    return [
        taken,
        facts.scored_test(taken),
        open_still,
        facts.recommended(BUDI),
        facts.recommended(SARI, CHANGING),
    ]


def _tasks() -> list[Event]:
    answered = facts.task(CHANGING, SARI, RAHMA, task_id=named("task-1"), enrollment_id=named("e"))
    expired = facts.task(
        CHANGING, RAHMA, RAHMA, task_id=named("task-2"), enrollment_id=named("e"), role="alumnus"
    )
    forgotten = facts.task(CHANGING, SARI, BUDI, task_id=named("task-3"), enrollment_id=named("e"))
    return [
        answered,
        expired,
        forgotten,
        EvaluationTaskClosed(task_id=answered.task_id, respondent_id=SARI, reason="answered"),
        EvaluationTaskClosed(task_id=expired.task_id, respondent_id=RAHMA, reason="expired"),
    ]


def _ends() -> list[Event]:
    def enrolled(asn_id: UUID) -> dict[str, UUID]:
        return {"enrollment_id": named(f"{CHANGING}/{asn_id}"), "run_id": CHANGING, "asn_id": asn_id}

    day = START.date()
    return [
        TrainingCompleted(**enrolled(RAHMA), agency_code="5571", jp=30, completed_on=day, jp_in_year=30),
        TrainingNotCompleted(**enrolled(BUDI), reason="absent", ended_on=day),
        ContactErased(asn_id=ERASED),
        AsnErased(asn_id=ERASED),
    ]
