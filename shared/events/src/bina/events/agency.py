"""What agencies publish and what they are answered. One pair of topics per agency, named by its code."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from .contract import Code, Event, Jp, Line, Part, Score, Text

INBOUND = "agency.enrollments"
OUTCOMES = "agency.outcomes"


class _FromAgency(Event):
    topic: ClassVar[str] = INBOUND

    nip: str = Field(pattern=r"^\d{18}$", description="18 digits; mutable, so never an identity of ours")
    run_code: Code = Field(description="kode angkatan, e.g. PKA-2026-01")

    @property
    def key(self) -> str:
        """One person's requests stay in order."""
        return self.nip

    @property
    def destination(self) -> str:
        """The agency's own topic: known only once it is published."""
        return f"{INBOUND}.{self.envelope.publisher}"


class EnrollmentRequested(_FromAgency):
    """An agency asks for a seat in a run for one of its people."""

    type: ClassVar[str] = "enrollment.requested.v1"

    note: Text = ""


class WithdrawalRequested(_FromAgency):
    """An agency takes one of its people out of a run."""

    type: ClassVar[str] = "withdrawal.requested.v1"

    reason: Text = ""


class TrainingResultReported(_FromAgency):
    """The organiser of a run reports one participant's result (kelulusan)."""

    type: ClassVar[str] = "training.result.reported.v1"

    result: Literal["passed", "failed", "withdrawn"] = Field(
        description="Lulus, Tidak Lulus, Mengundurkan Diri"
    )
    completed_on: date
    jp: Jp
    pre_score: Score | None = None
    post_score: Score | None = None
    certificate_number: str = Field(default="", max_length=80)


class Problem(Part):
    """What is wrong with a row, where, and how to mend it."""

    column: str = Field(default="", max_length=120, description="canonical column name of the spreadsheet")
    code: Code = Field(description="stable, for machines, e.g. nip.unknown")
    severity: Literal["error", "warning"] = "error"
    advice: Text = Field(default="", description="Bahasa Indonesia: how to mend it")


class _ToAgency(Event):
    topic: ClassVar[str] = OUTCOMES

    agency_code: Code
    request_id: Line = Field(description="the id of the agency's own event")
    nip: str = Field(default="", max_length=64)
    run_code: str = Field(default="", max_length=64)
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """One person's answers stay in the order of the requests."""
        return self.nip or self.request_id

    @property
    def destination(self) -> str:
        """The agency's own outcomes topic."""
        return f"{OUTCOMES}.{self.agency_code}"


class RequestAnswered(_ToAgency):
    """A request was decided, or could not be read; told again when one who waited gets a seat or is let go."""

    type: ClassVar[str] = "request.answered.v1"

    outcome: Literal["accepted", "waitlisted", "refused", "withdrawn"]
    position: int | None = Field(default=None, ge=1, description="place on the waiting list")
    enrollment_id: str | None = None


class ResultAnswered(_ToAgency):
    """A reported result was recorded, or refused."""

    type: ClassVar[str] = "result.answered.v1"

    outcome: Literal["accepted", "refused"]
    enrollment_id: str | None = None
