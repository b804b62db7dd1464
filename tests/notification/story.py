"""Facts to test with, and a story of them in a valid order that exercises every handler of the service."""

from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from bina.events import Envelope, Event
from bina.events.assessment import (
    AssessmentOpened,
    AssessmentScored,
    CompetencyProfileChanged,
    ProfileEntry,
    TrainingRecommended,
)
from bina.events.enrollment import (
    ApprovalRequested,
    ApprovalSettled,
    AsnErased,
    AsnMerged,
    AsnRecorded,
    CertificateRevoked,
    CompetencyTarget,
    ContactErased,
    ContactRecorded,
    DataRequestAnswered,
    EnrollmentAccepted,
    EnrollmentRejected,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    JpCreditAnswered,
    SessionEnded,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingChanged,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from bina.events.evaluation import EvaluationTaskClosed, EvaluationTaskOpened
from bina.messaging import new_id

START = datetime(2026, 11, 20, 2, tzinfo=UTC)


def named(name: str) -> UUID:
    """The same name is the same id, in every run."""
    return uuid5(NAMESPACE_OID, f"bina-test/{name}")


def at(event: Event, when: datetime = START) -> Event:
    """The fact as it happened at a given business time."""
    return event.travelled(
        Envelope(
            id=str(new_id()),
            source=event.topic.split(".")[0],
            type=event.type,
            time=when,
            subject=event.key,
            version=int(when.timestamp()),
        )
    )


def person(
    asn_id: UUID | None = None,
    *,
    name: str = "Rahma Yulita",
    agency: str = "5571",
    level: str = "Pengawas",
    **more: object,
) -> AsnRecorded:
    return AsnRecorded(
        asn_id=asn_id or uuid4(),
        nip="198703032010011003",
        name=name,
        employment=more.pop("employment", "PNS"),
        agency_code=agency,
        position="Kepala Subbagian Umum",
        job_level=level,
        **more,
    )


def contact(asn_id: UUID, email: str = "rahma@example.org", language: str = "id") -> ContactRecorded:
    return ContactRecorded(asn_id=asn_id, email=email, language=language)


def profile(
    asn_id: UUID, code: str = "M7", level: int = 2, standard: int | None = 3
) -> CompetencyProfileChanged:
    entry = ProfileEntry(
        code=code, level=level, standard=standard, source="post-test", assessed_on=date(2026, 11, 1)
    )
    return CompetencyProfileChanged(asn_id=asn_id, entries=(entry,))


def _training(run_id: UUID | None, changes: dict) -> dict:
    facts: dict = {
        "run_id": run_id or uuid4(),
        "run_code": "MP-2027-01",
        "programme_code": "MP",
        "programme_name": "Manajemen Perubahan",
        "organiser": "5500",
        "open_to": ("5571",),
        "competencies": (CompetencyTarget(code="M7", level=3),),
        "job_levels": ("Pengawas",),
        "jp": 30,
        "location": "Aula BKPSDM",
        "starts_on": date(2027, 2, 8),
        "ends_on": date(2027, 2, 12),
        "seats": 30,
    }
    return facts | changes


def run(run_id: UUID | None = None, **changes: object) -> TrainingAnnounced:
    return TrainingAnnounced(**_training(run_id, changes))


def changed(run_id: UUID, **changes: object) -> TrainingChanged:
    return TrainingChanged(**_training(run_id, changes))


def accepted(run_id: UUID, asn_id: UUID, enrollment_id: UUID | None = None) -> EnrollmentAccepted:
    return EnrollmentAccepted(
        enrollment_id=enrollment_id or uuid4(), asn_id=asn_id, run_id=run_id, agency_code="5571"
    )


def corrected(enrolled: dict[str, UUID], **changes: object) -> TrainingResultCorrected:
    values = {"revision": 2, "completed_on": START.date(), **enrolled, **changes}
    return TrainingResultCorrected.model_validate(values)


def opened_test(run_id: UUID, asn_id: UUID, kind: str = "pre", **changes: object) -> AssessmentOpened:
    facts: dict = {
        "assessment_id": uuid4(),
        "enrollment_id": uuid4(),
        "opens_on": date(2026, 11, 20),
        "due_on": date(2026, 12, 4),
        "questions": 15,
        "minutes": 20,
    }
    return AssessmentOpened(asn_id=asn_id, run_id=run_id, kind=kind, **(facts | changes))


def scored_test(
    opened: AssessmentOpened, *, score: float = 72.5, passed: bool | None = None
) -> AssessmentScored:
    return AssessmentScored(
        asn_id=opened.asn_id,
        assessment_id=opened.assessment_id,
        enrollment_id=opened.enrollment_id,
        run_id=opened.run_id,
        kind=opened.kind,
        score=score,
        passed=passed,
        scored_on=date(2026, 11, 25),
    )


def recommended(asn_id: UUID, run_id: UUID | None = None) -> TrainingRecommended:
    return TrainingRecommended(
        asn_id=asn_id,
        competency_code="M7",
        competency_name="Mengelola Perubahan",
        gap=1,
        programme_code="MP",
        programme_name="Manajemen Perubahan",
        run_id=run_id,
    )


def task(run_id: UUID, respondent_id: UUID, about_id: UUID, **changes: object) -> EvaluationTaskOpened:
    facts: dict = {
        "task_id": uuid4(),
        "enrollment_id": uuid4(),
        "instrument_code": "l3-supervisor",
        "instrument_version": 1,
        "title": "Penilaian perilaku kerja oleh atasan",
        "level": "L3",
        "method": "survey",
        "role": "supervisor",
        "opens_on": date(2026, 11, 20),
        "closes_on": date(2026, 12, 4),
        "minutes": 6,
    }
    return EvaluationTaskOpened(
        run_id=run_id, respondent_id=respondent_id, about_id=about_id, **(facts | changes)
    )


def approval(name: str, *approvers: UUID, asker: UUID, **changes: object) -> ApprovalRequested:
    facts: dict = {"stage": "agency", "run_id": CHANGING, "approver_ids": approvers} | changes
    return ApprovalRequested(approval_id=named(name), asn_id=asker, **facts)


def settled(asked: ApprovalRequested, outcome: str = "approved") -> ApprovalSettled:
    ids = {"approval_id": asked.approval_id, "asn_id": asked.asn_id, "run_id": asked.run_id}
    return ApprovalSettled(**ids, outcome=outcome)


def story() -> list[Event | tuple[Event, str]]:
    """Two agencies, two runs, everything that can be told once; ids and times are the same in every call."""
    told = [*_people(), *_runs(), *_approvals(), *_enrolments(), *_tests(), *_tasks(), *_ends(), *_merging()]
    return [_fixed(n, event) for n, event in enumerate(told)]


def _fixed(n: int, event: Event) -> Event:
    """One minute after the other; the id counts up like a UUIDv7 of a fixed millisecond."""
    envelope = at(event, START + timedelta(minutes=n)).envelope
    fixed = UUID(int=(0x019AA000_0000 << 80) | (7 << 76) | (2 << 62) | n)
    return event.travelled(envelope._replace(id=str(fixed), version=n + 1))


RAHMA, BUDI, SARI, DEWI, ERASED = (named(n) for n in ("rahma", "budi", "sari", "dewi", "erased"))
CHANGING, CANCELLED = named("run-1"), named("run-2")


def _people() -> list[Event]:
    return [
        person(RAHMA),
        person(BUDI, name="Budi Santoso", level="Pelaksana", employment="PPPK"),
        person(SARI, name="Sari Wulandari", level="Administrator"),
        person(DEWI, name="Dewi Lestari", agency="5508"),
        person(ERASED, name="Tono"),
        contact(RAHMA),
        contact(BUDI, "budi@example.org", "en"),
        contact(ERASED, "tono@example.org"),
        profile(BUDI),
        profile(SARI, level=3),
    ]


def _runs() -> list[Event]:
    return [
        run(CHANGING, pass_score=70),
        run(CANCELLED, run_code="MP-2027-02", job_levels=("Administrator",)),
    ]


def _approvals() -> list[Event]:
    until = START + timedelta(days=3)
    asked = approval("asked", RAHMA, asker=BUDI, stage="supervisor", until=until)
    passed_on = approval("asked", SARI, DEWI, asker=BUDI)
    return [asked, passed_on, settled(passed_on), approval("open", RAHMA, asker=SARI, stage="supervisor")]


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
        accepted(CHANGING, RAHMA, named(f"{CHANGING}/{RAHMA}")),
        of(EnrollmentWaitlisted, CHANGING, BUDI, position=2),
        accepted(CHANGING, BUDI, named(f"{CHANGING}/{BUDI}")),
        of(EnrollmentRejected, CHANGING, DEWI, reason_code="not_open", reason="Di luar instansi sasaran"),
        accepted(CHANGING, SARI, named(f"{CHANGING}/{SARI}")),
        of(EnrollmentWithdrawn, CHANGING, SARI, reason="Tugas luar kota"),
        accepted(CANCELLED, SARI, named(f"{CANCELLED}/{SARI}")),
        # of imports, one of them undone before anybody was told
        of(EnrollmentAccepted, CHANGING, named("waiting"), notify_after=START + timedelta(days=300)),
        of(EnrollmentAccepted, CHANGING, named("undone"), notify_after=START + timedelta(days=300)),
        of(EnrollmentWithdrawn, CHANGING, named("undone")),
        changed(CHANGING, pass_score=70, location="Hotel Abadi", open_to=("5571", "5508")),
        changed(CHANGING, pass_score=70, location="Hotel Abadi", open_to=("5571", "5508"), seats=40),
        TrainingCancelled(run_id=CANCELLED, reason="Anggaran dialihkan"),
    ]


def _tests() -> list[Event]:
    ids = {"assessment_id": named("test-1"), "enrollment_id": named(f"{CHANGING}/{RAHMA}")}
    taken = opened_test(CHANGING, RAHMA, **ids)
    ids = {"assessment_id": named("test-2"), "enrollment_id": named(f"{CHANGING}/{BUDI}")}
    open_still = opened_test(CHANGING, BUDI, "post", **ids)
    return [
        taken,
        scored_test(taken),
        open_still,
        recommended(BUDI),
        recommended(SARI, CHANGING),
    ]


def _tasks() -> list[Event]:
    answered = task(CHANGING, SARI, RAHMA, task_id=named("task-1"), enrollment_id=named("e"))
    expired = task(CHANGING, RAHMA, RAHMA, task_id=named("task-2"), enrollment_id=named("e"), role="alumnus")
    forgotten = task(CHANGING, SARI, BUDI, task_id=named("task-3"), enrollment_id=named("e"))
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
        corrected(enrolled(RAHMA), completed=True, jp=30),
        corrected(enrolled(RAHMA), completed=False, jp=0, revision=3, reason="Salah baris"),
        CertificateRevoked(**enrolled(RAHMA), number="893.3/120", reason="Salah baris"),
        corrected(enrolled(BUDI), completed=True, jp=30),
        DataRequestAnswered(request_id=named("accepted"), asn_id=DEWI, field="position", outcome="accepted"),
        DataRequestAnswered(request_id=named("refused"), asn_id=DEWI, field="name", outcome="refused"),
        *(
            JpCreditAnswered(credit_id=named(outcome), asn_id=DEWI, outcome=outcome, jp=4)
            for outcome in ("accepted", "refused", "corrected")
        ),
        ContactErased(asn_id=ERASED),
        AsnErased(asn_id=ERASED),
        SessionEnded(session_id=named("session"), until=datetime(2999, 1, 1, tzinfo=UTC)),
    ]


EKA, EKA_SARI = named("eka"), named("eka sari")


def _merging() -> list[Event]:
    """Two records of one person, who was told of under the one that goes."""
    enrolled = {"enrollment_id": named(f"{CHANGING}/{EKA}"), "run_id": CHANGING, "asn_id": EKA}
    return [
        person(EKA, name="Eka Sari"),
        person(EKA_SARI, name="Eka Sari, S.E.", supervisor_id=SARI),
        person(named("fitri"), name="Fitri", supervisor_id=EKA),
        contact(EKA, "eka@example.org"),
        profile(EKA),
        EnrollmentAccepted(**enrolled, agency_code="5571"),
        EnrollmentAccepted(
            enrollment_id=named("eka waits"), run_id=CHANGING, asn_id=EKA, agency_code="5571",
            notify_after=START + timedelta(days=300),
        ),
        opened_test(CHANGING, EKA, "post", assessment_id=named("test-eka"), enrollment_id=enrolled["enrollment_id"]),
        task(CHANGING, EKA, BUDI, task_id=named("task-eka"), enrollment_id=named("e")),
        task(CHANGING, SARI, EKA, task_id=named("task-about-eka"), enrollment_id=named("e")),
        AsnMerged(asn_id=EKA, into_id=EKA_SARI),
        ContactErased(asn_id=EKA),
    ]  # fmt: skip
