"""Rules of programmes and runs: whether one can still enrol, and how a run is told."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from bina.events.enrollment import CompetencyTarget, TrainingAnnounced, TrainingChanged
from bina.messaging import named_in
from enrollment.catalogue.admission import Admission

_named = named_in(UUID("5c3f4a52-6f0c-4c1f-8a53-3a5f7b1f0d10"))
Status = Literal["open", "full", "closed", "cancelled"]


@dataclass(frozen=True)
class Mix:
    """How a programme's JP are learned; all 0: not said."""

    theory: int = 0
    practice: int = 0
    simulation: int = 0
    case_study: int = 0

    @property
    def jp(self) -> int:
        """Of all methods together."""
        return self.theory + self.practice + self.simulation + self.case_study

    def fits(self, jp: int) -> bool:
        """Whether it is not said, or comes to a programme's JP."""
        return self.jp in (0, jp)


class Audience(NamedTuple):
    """People of all that is named; an empty member: all."""

    positions: tuple[str, ...] = ()
    job_levels: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Programme:
    """A catalogue entry; `kind` is SIASN's jenisDiklat, `jp` jam pelajaran of its curriculum.

    For whom: people of `job_levels` in `positions` (struktural, fungsional, pelaksana) of `agencies`; empty: all. Others
    are refused only where `audience_binds`.
    """

    code: str
    name: str
    jp: int
    kind: str = ""
    kind_id: int | None = None
    mode: str = ""
    competencies: tuple[CompetencyTarget, ...] = ()
    job_levels: tuple[str, ...] = ()
    quota: int | None = None
    mix: Mix = Mix()
    positions: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    audience_binds: bool = False
    version: int = 1


@dataclass(frozen=True)
class Draft:
    """What is to become a programme's next version, of an agency or the platform (None), once somebody else approved it.

    `reason`: why it was sent back last.
    """

    programme: Programme
    agency: str | None
    state: Literal["draft", "submitted"] = "draft"
    submitted_by: UUID | None = None
    submitted_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Run:
    """One scheduled delivery of a programme (angkatan), with what is left of its seats.

    Whoever came to at least `attendance_percent` of its sessions met the attendance. New requests are taken from
    `opens_at` until `closes_at`, from those who completed all `required_programmes` and have all `required_levels`;
    `cost_per_seat` is in rupiah. `audience`: whom alone it is for; None where its programme's version only informs.
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
    admission: Admission = field(default_factory=Admission)
    status: Literal["open", "closed", "cancelled"] = "open"
    concluded_on: date | None = None
    reason: str = ""
    taken: int = 0
    waiting: int = 0
    last_ticket: int = 0
    kind: str = ""
    competencies: tuple[CompetencyTarget, ...] = field(default=())
    programme_version: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    cost_per_seat: int = 0
    required_programmes: tuple[str, ...] = ()
    required_levels: tuple[CompetencyTarget, ...] = field(default=())
    partner_id: UUID | None = None
    audience: Audience | None = None

    @property
    def seats_left(self) -> int:
        """Quota minus seats taken, never below 0."""
        return max(self.seats - self.taken, 0)

    @property
    def seats_unclaimed(self) -> int:
        """Seats left for whoever asks now, of a run that holds none back any more: who waits gets theirs first."""
        return max(self.seats_left - self.waiting, 0) if self.admission.held else self.seats_left

    def status_on(self, day: date) -> Status:
        """Whether one can enrol: a run that ended by then is closed, one without free seats is full."""
        if self.status == "cancelled":
            return "cancelled"
        if self.status == "closed" or self.ends_on < day:
            return "closed"
        return "open" if self.seats_left else "full"

    def window_at(self, now: datetime) -> Literal["early", "", "late"]:
        """Whether enrolment opens later or is over; from its opening on and until its closing it is neither."""
        if self.opens_at is not None and now < self.opens_at:
            return "early"
        return "late" if self.closes_at is not None and now >= self.closes_at else ""

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
    speaker_id: UUID | None = None


def session_id_of(run_id: UUID, starts_at: datetime) -> UUID:
    """The identity of a session to which none was given: its run's one that starts then."""
    return _named(f"{run_id}/{starts_at.astimezone(UTC).isoformat()}")


def run_id_of(code: str) -> UUID:
    """The identity of a run whose announcer gave none: from its code in normal form."""
    return _named(code)
