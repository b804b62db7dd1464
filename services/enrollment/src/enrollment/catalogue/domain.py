"""Rules of programmes and runs: whether one can still enrol, and how a run is told."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from bina.events.enrollment import CompetencyTarget, TrainingAnnounced, TrainingChanged
from bina.messaging import named_in

_named = named_in(UUID("5c3f4a52-6f0c-4c1f-8a53-3a5f7b1f0d10"))
Status = Literal["open", "full", "closed", "cancelled"]


@dataclass(frozen=True)
class Programme:
    """A catalogue entry; `kind` is SIASN's jenisDiklat, `jp` jam pelajaran of its curriculum."""

    code: str
    name: str
    jp: int
    kind: str = ""
    kind_id: int | None = None
    mode: str = ""
    competencies: tuple[CompetencyTarget, ...] = ()
    job_levels: tuple[str, ...] = ()
    quota: int | None = None


@dataclass(frozen=True)
class Run:
    """One scheduled delivery of a programme (angkatan), with what is left of its seats.

    Whoever came to at least `attendance_percent` of its sessions met the attendance.
    """

    run_id: UUID
    code: str
    programme_code: str
    programme_name: str
    organiser: str
    open_to: tuple[str, ...]
    jp: int
    starts_on: date
    ends_on: date
    seats: int
    mode: str = ""
    location: str = ""
    job_levels: tuple[str, ...] = ()
    pass_score: Decimal | None = None
    attendance_percent: int = 100
    report_required: bool = False
    status: Literal["open", "closed", "cancelled"] = "open"
    concluded_on: date | None = None
    reason: str = ""
    taken: int = 0
    waiting: int = 0
    last_ticket: int = 0
    kind: str = ""
    competencies: tuple[CompetencyTarget, ...] = field(default=())

    @property
    def seats_left(self) -> int:
        """Quota minus seats taken, never below 0."""
        return max(self.seats - self.taken, 0)

    def status_on(self, day: date) -> Status:
        """Whether one can enrol: a run that ended by then is closed, one without free seats is full."""
        if self.status == "cancelled":
            return "cancelled"
        if self.status == "closed" or self.ends_on < day:
            return "closed"
        return "open" if self.seats_left else "full"

    def announced(self) -> TrainingAnnounced:
        """The fact that opens it."""
        return TrainingAnnounced(**self._told())

    def changed(self) -> TrainingChanged:
        """The fact that replaces what was told."""
        return TrainingChanged(**self._told())

    def _told(self) -> dict[str, object]:
        return {
            "run_id": self.run_id,
            "run_code": self.code,
            "programme_code": self.programme_code,
            "programme_name": self.programme_name,
            "organiser": self.organiser,
            "open_to": self.open_to,
            "competencies": self.competencies,
            "job_levels": self.job_levels,
            "jp": self.jp,
            "mode": self.mode,
            "location": self.location,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "seats": self.seats,
            "pass_score": None if self.pass_score is None else float(self.pass_score),
        }


@dataclass(frozen=True)
class RunSession:
    """One meeting of a run: a part of a day at a place or under a link, perhaps with one who teaches it."""

    session_id: UUID
    run_id: UUID
    starts_at: datetime
    ends_at: datetime
    title: str = ""
    place: str = ""
    link: str = ""
    trainer_id: UUID | None = None


def session_id_of(run_id: UUID, starts_at: datetime) -> UUID:
    """The identity of a session to which none was given: its run's one that starts then."""
    return _named(f"{run_id}/{starts_at.astimezone(UTC).isoformat()}")


def run_id_of(code: str) -> UUID:
    """The identity of a run whose announcer gave none: from its code in normal form."""
    return _named(code)
