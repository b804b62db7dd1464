"""Facts of the enrollment service: people, trainings, enrolments."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from .contract import Code, Event, Jp, Level, Line, NotifyAfter, Part, Score, Text
from .identity import Identity


class AgencyRecorded(Event):
    """An agency (instansi) was registered or renamed."""

    topic: ClassVar[str] = "enrollment.agencies"
    type: ClassVar[str] = "agency.recorded.v1"
    state: ClassVar[bool] = True

    agency_code: Code
    name: Line

    @property
    def key(self) -> str:
        """The agency."""
        return self.agency_code


class _OfAsn(Event):
    state: ClassVar[bool] = True

    asn_id: Identity

    @property
    def key(self) -> str:
        """The person."""
        return str(self.asn_id)


class AsnRecorded(_OfAsn):
    """A civil servant's place in the service was recorded or changed; the whole new state."""

    topic: ClassVar[str] = "enrollment.asn"
    type: ClassVar[str] = "asn.recorded.v1"

    nip: str = Field(pattern=r"^\d{18}$")
    name: Line
    employment: Literal["PNS", "PPPK"]
    agency_code: Code
    unit_id: Identity | None = None
    unit_name: str = Field(default="", max_length=300)
    unit_path: tuple[Identity, ...] = Field(
        default=(), description="ids from the agency's top unit to its own"
    )
    position: str = Field(default="", max_length=300)
    job_level: str = Field(default="", max_length=64, description="jenjang, e.g. Pengawas, Ahli Muda")
    grade: str = Field(default="", max_length=16, description="golongan, e.g. III/c or IX")
    gender: Literal["L", "P", ""] = ""
    supervisor_id: Identity | None = None
    appointment: Literal["", "CPNS", "paruh_waktu"] = Field(
        default="", description="CPNS: a PNS on probation; paruh_waktu: a PPPK of part time"
    )


class AsnErased(_OfAsn):
    """A person's record was erased; travels as a tombstone."""

    topic: ClassVar[str] = "enrollment.asn"
    type: ClassVar[str] = "asn.erased.v1"
    erases: ClassVar[bool] = True


class AsnMerged(_OfAsn):
    """A person's record was merged into another of the same person; the last that is told under its own id.

    It stays in the compacted topic in the record's place, so whoever reads from the beginning later learns it, too.
    """

    topic: ClassVar[str] = "enrollment.asn"
    type: ClassVar[str] = "asn.merged.v1"

    into_id: Identity = Field(description="the record that stays; may itself be merged into another later")


class ContactRecorded(_OfAsn):
    """Where a person can be reached; only notification reads it."""

    topic: ClassVar[str] = "enrollment.contacts"
    type: ClassVar[str] = "contact.recorded.v1"

    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=20)
    language: Literal["id", "en"] = "id"


class ContactErased(_OfAsn):
    """A person's contact was erased; travels as a tombstone."""

    topic: ClassVar[str] = "enrollment.contacts"
    type: ClassVar[str] = "contact.erased.v1"
    erases: ClassVar[bool] = True


class CompetencyTarget(Part):
    """A competency a training develops, up to a level."""

    code: Code
    level: Level


class _OfRun(Event):
    topic: ClassVar[str] = "enrollment.trainings"

    run_id: Identity

    @property
    def key(self) -> str:
        """The run (angkatan)."""
        return str(self.run_id)


class _Training(_OfRun):
    run_code: Code
    programme_code: Code
    programme_name: Line
    organiser: Code = Field(description="agency that holds the run and sees its participants")
    open_to: tuple[Code, ...] = Field(default=(), description="agencies whose people may take part")
    competencies: tuple[CompetencyTarget, ...] = ()
    job_levels: tuple[str, ...] = Field(default=(), description="jenjang it is meant for; empty: all")
    jp: Jp
    mode: str = Field(default="", max_length=64)
    location: str = Field(default="", max_length=300)
    starts_on: date
    ends_on: date
    seats: int = Field(ge=0)
    pass_score: Score | None = Field(
        default=None, description="post-test score that completion requires; null: attendance suffices"
    )


class TrainingAnnounced(_Training):
    """A run was opened; happens once per run, before all its other facts."""

    type: ClassVar[str] = "training.announced.v1"


class TrainingChanged(_Training):
    """A run's place, dates, seats or audience changed; the whole new state."""

    type: ClassVar[str] = "training.changed.v1"


class TrainingCancelled(_OfRun):
    """A run will not be held."""

    type: ClassVar[str] = "training.cancelled.v1"

    reason: Text = ""


class TrainingConcluded(_OfRun):
    """A run ended and its results are in."""

    type: ClassVar[str] = "training.concluded.v1"

    concluded_on: date


class _OfEnrollment(Event):
    topic: ClassVar[str] = "enrollment.enrollments"

    enrollment_id: Identity
    asn_id: Identity
    run_id: Identity

    @property
    def key(self) -> str:
        """One enrolment's facts stay in order."""
        return str(self.enrollment_id)


class EnrollmentAccepted(_OfEnrollment):
    """A seat was given; at most once per enrolment, also when it moves up from the waiting list."""

    type: ClassVar[str] = "enrollment.accepted.v1"

    agency_code: Code = Field(description="the person's employer at that time")
    origin: Literal["request", "result"] = Field(
        default="request", description="result: the organiser reported one who had no seat, after the fact"
    )
    notify_after: NotifyAfter = None


class EnrollmentWaitlisted(_OfEnrollment):
    """No seat was free; the person waits."""

    type: ClassVar[str] = "enrollment.waitlisted.v1"

    agency_code: Code
    position: int = Field(ge=1)
    notify_after: NotifyAfter = None


class EnrollmentRejected(_OfEnrollment):
    """A request was refused by rule or by decision."""

    type: ClassVar[str] = "enrollment.rejected.v1"

    agency_code: Code
    reason_code: Code
    reason: Text = ""


class EnrollmentWithdrawn(_OfEnrollment):
    """An enrolment was taken back before completion."""

    type: ClassVar[str] = "enrollment.withdrawn.v1"

    reason: Text = ""


class AttendanceMet(_OfEnrollment):
    """The attendance that the run requires was reached; happens once per enrolment."""

    type: ClassVar[str] = "attendance.met.v1"

    met_on: date
    notify_after: NotifyAfter = None


class TrainingCompleted(_OfEnrollment):
    """An ASN met a run's completion rule; happens once per enrolment."""

    type: ClassVar[str] = "training.completed.v1"

    agency_code: Code = Field(description="the person's employer at that time")
    jp: Jp
    completed_on: date
    jp_in_year: int = Field(default=0, ge=0, description="the person's JP of that year, this one included")
    pre_score: Score | None = Field(default=None, description="as the organiser reported it")
    post_score: Score | None = Field(default=None, description="as the organiser reported it")
    notify_after: NotifyAfter = None


class TrainingNotCompleted(_OfEnrollment):
    """An enrolment ended without completion."""

    type: ClassVar[str] = "training.not_completed.v1"

    reason: Literal["failed", "withdrawn", "absent"]
    ended_on: date
    notify_after: NotifyAfter = None


class TrainingResultCorrected(_OfEnrollment):
    """A recorded result was wrong; carries the whole new state."""

    type: ClassVar[str] = "training.result_corrected.v1"

    revision: int = Field(ge=2, description="1 is the first result")
    completed: bool
    jp: Jp
    completed_on: date
    pre_score: Score | None = None
    post_score: Score | None = None
    reason: Text = ""
    notify_after: NotifyAfter = None
    undone: bool = Field(default=False, description="the import that reported the result was undone")


class CertificateIssued(_OfEnrollment):
    """A certificate was issued for a completion."""

    type: ClassVar[str] = "certificate.issued.v1"

    number: str = Field(min_length=1, max_length=80)
    issued_on: date


class CertificateRevoked(_OfEnrollment):
    """A certificate is void: the completion it certifies was corrected, or it was replaced by another."""

    type: ClassVar[str] = "certificate.revoked.v1"

    number: str = Field(min_length=1, max_length=80)
    reason: Text = ""
    undone: bool = Field(default=False, description="the import that reported the result was undone")


class DataRequestAnswered(Event):
    """A person's request about their own data was answered; what and why stays where they asked."""

    topic: ClassVar[str] = "enrollment.requests"
    type: ClassVar[str] = "data_request.answered.v1"

    request_id: Identity
    asn_id: Identity
    field: Code = Field(description="what of the record, or erasure")
    outcome: Literal["accepted", "refused"]

    @property
    def key(self) -> str:
        """The request."""
        return str(self.request_id)


class JpCreditAnswered(Event):
    """What a person learned elsewhere was verified, refused, or counted anew; why stays where they handed it in."""

    topic: ClassVar[str] = "enrollment.requests"
    type: ClassVar[str] = "jp_credit.answered.v1"

    credit_id: Identity
    asn_id: Identity
    outcome: Literal["accepted", "refused", "corrected"]
    jp: Jp = Field(description="what counts of it now")

    @property
    def key(self) -> str:
        """What was handed in."""
        return str(self.credit_id)


class _OfApproval(Event):
    topic: ClassVar[str] = "enrollment.requests"

    approval_id: Identity
    asn_id: Identity = Field(description="who asks for the seat")
    run_id: Identity

    @property
    def key(self) -> str:
        """The request."""
        return str(self.approval_id)


class ApprovalRequested(_OfApproval):
    """A person's own request for a seat waits for a word: the supervisor's first, or the agency's; again where it passes
    on from the one to the other."""

    type: ClassVar[str] = "approval.requested.v1"

    stage: Literal["supervisor", "agency"] = Field(description="whose word it waits for")
    approver_ids: tuple[Identity, ...] = Field(
        default=(), max_length=50, description="who may give it as the register stands; empty: nobody yet"
    )
    until: datetime | None = Field(
        default=None, description="when a supervisor's silence passes it to the agency; UTC"
    )


class ApprovalSettled(_OfApproval):
    """A request waits for nobody's word any more; `lapsed`: its run takes nobody, or is over."""

    type: ClassVar[str] = "approval.settled.v1"

    outcome: Literal["approved", "refused", "withdrawn", "lapsed"]


class SessionEnded(Event):
    """A person's session ended before its time: signed out, a role taken away, the person gone."""

    topic: ClassVar[str] = "enrollment.sessions"
    type: ClassVar[str] = "session.ended.v1"

    session_id: Identity
    until: datetime = Field(description="when it would have ended by itself; wall time, UTC")

    @property
    def key(self) -> str:
        """The session."""
        return str(self.session_id)
