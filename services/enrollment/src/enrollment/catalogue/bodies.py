"""What the catalogue's commands take."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bina.events.contract import Level
from bina.events.enrollment import CompetencyTarget
from bina.web.text import Code, Line, PlainText
from enrollment.catalogue.admission import AGENCY, Admission, Approval, Held
from enrollment.catalogue.domain import Mix

Jp = Annotated[int, Field(ge=1, le=1000, description="jam pelajaran, 45 minutes each")]
Seats = Annotated[int, Field(ge=0, le=100_000)]
AttendancePercent = Annotated[
    int, Field(ge=1, le=100, description="share of the sessions that must be attended; excused ones are not")
]
Rupiah = Annotated[int, Field(ge=0, le=1_000_000_000, description="rupiah")]
Required = Annotated[list[Code], Field(max_length=20, description="programmes to have completed")]
PassScore = Annotated[Decimal, Field(ge=0, le=100)]
Levels = Annotated[list[Annotated[PlainText, Field(max_length=64)]], Field(max_length=30)]
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 12, 31))]
"""A day on which a training can lie: far days overflow once weeks or a notice's hours are counted from them."""
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(1990, 1, 1, tzinfo=UTC), le=datetime(2100, 12, 31, tzinfo=UTC))
]
"""Likewise to the second, with its zone."""
ROWS = 1000


class Body(BaseModel):
    """Nothing unknown is taken silently."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class CompetencyRow(Body):
    """A competency the programme develops, up to a level."""

    code: Code
    level: Level

    def target(self) -> CompetencyTarget:
        """As the contract tells it."""
        return CompetencyTarget(code=self.code, level=self.level)


class MixRow(Body):
    """JP of each method by which a programme is learned; together its JP."""

    theory: Annotated[int, Field(ge=0, le=1000)] = 0
    practice: Annotated[int, Field(ge=0, le=1000)] = 0
    simulation: Annotated[int, Field(ge=0, le=1000)] = 0
    case_study: Annotated[int, Field(ge=0, le=1000)] = 0

    def mix(self) -> Mix:
        """As the rules have it."""
        return Mix(**self.model_dump())


class ProgrammeRow(Body):
    """A catalogue entry. Left out, `mix`, `positions`, `agencies` and `audience_binds` stay as they are; `draft`
    waits for an approval."""

    code: Code
    name: Line
    jp: Jp
    kind: Annotated[PlainText, Field(max_length=64)] = Field(default="", description="SIASN jenisDiklat")
    kind_id: int | None = Field(default=None, ge=1, le=99)
    mode: Annotated[PlainText, Field(max_length=64)] = ""
    competencies: Annotated[list[CompetencyRow], Field(max_length=30)] = []
    job_levels: Levels = []
    quota: Seats | None = None
    mix: MixRow | None = None
    positions: Levels | None = None
    agencies: Annotated[list[Code], Field(max_length=700)] | None = None
    audience_binds: bool | None = Field(
        default=None, description="whether people outside positions, job_levels and agencies are refused"
    )
    draft: bool = False


class ProgrammeRows(Body):
    """Programmes to record."""

    items: Annotated[list[ProgrammeRow], Field(min_length=1, max_length=ROWS)]


class SessionRow(Body):
    """A session of a run; without `id` it is the one that starts then. `trainer` is the NIP of who teaches it."""

    id: UUID | None = None
    starts_at: Moment
    ends_at: Moment
    title: Annotated[PlainText, Field(max_length=200)] = ""
    place: Annotated[PlainText, Field(max_length=300)] = ""
    link: Annotated[str, Field(max_length=500, pattern="^(https://[!-~]+)?$")] = ""
    trainer: Annotated[str, Field(pattern="^[0-9]{18}$")] | None = None
    speaker: UUID | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at does not lie after starts_at")
        return self


Sessions = Annotated[list[SessionRow], Field(max_length=100)]


class HeldRow(Body):
    """Seats held back for one group: people of units marked as remote, women, men, PNS of golongan I and II, people below
    the year's floor of JP when the seat is given, or an agency's people."""

    group: Literal["remote", "women", "men", "junior", "below_floor"] | None = None
    agency: Code | None = None
    seats: Annotated[int, Field(ge=1, le=100_000)]

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.group is None) == (self.agency is None):
            raise ValueError("name a group or an agency")
        return self

    @property
    def name(self) -> str:
        """The group as runs keep it."""
        return self.group or f"{AGENCY}{self.agency}"


class AdmissionRow(Body):
    """Whose approval an ASN's own request needs; seats held back, which from the day after `held_until` on are
    anybody's; until when participants are replaced, by default the day before the run starts."""

    approval: Approval = Field(default="", description="empty: none")
    held: Annotated[list[HeldRow], Field(max_length=700)] = []
    held_until: Day | None = None
    substitutes_until: Day | None = None

    @model_validator(mode="after")
    def _until_a_day(self) -> Self:
        if bool(self.held) != (self.held_until is not None):
            raise ValueError("held and held_until belong together")
        if len({one.name for one in self.held}) < len(self.held):
            raise ValueError("a group is named twice")
        return self

    def admission(self) -> Admission:
        """As runs keep it."""
        held = tuple(Held(one.name, one.seats) for one in self.held)
        return Admission(self.approval, held, self.held_until, self.substitutes_until)


class RunRow(Body):
    """A run to announce. Left out: `id` comes from the code, `open_to` is the organiser alone, the rest is the
    programme's."""

    id: UUID | None = None
    code: Code
    programme: Code
    organiser: Code
    open_to: Annotated[list[Code], Field(min_length=1, max_length=700)] | None = None
    starts_on: Day
    ends_on: Day
    seats: Seats | None = None
    mode: Annotated[PlainText, Field(max_length=64)] | None = None
    location: Annotated[PlainText, Field(max_length=300)] = ""
    job_levels: Levels | None = None
    pass_score: PassScore | None = None
    attendance_percent: AttendancePercent = 100
    report_required: bool = False
    opens_at: Moment | None = Field(default=None, description="requests before it are refused")
    closes_at: Moment | None = Field(default=None, description="and from it on")
    cost_per_seat: Rupiah = 0
    required_programmes: Required = []
    required_levels: Annotated[list[CompetencyRow], Field(max_length=30)] = []
    partner_id: UUID | None = None
    admission: AdmissionRow | None = None
    sessions: Sessions = []

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on lies before starts_on")
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValueError("closes_at does not lie after opens_at")
        return self


class RunRows(Body):
    """Runs to announce."""

    items: Annotated[list[RunRow], Field(min_length=1, max_length=ROWS)]


class RunChange(Body):
    """What changes of a run; what is left out stays. `status` closes or reopens enrolment."""

    open_to: Annotated[list[Code], Field(min_length=1, max_length=700)] | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    seats: Seats | None = None
    mode: Annotated[PlainText, Field(max_length=64)] | None = None
    location: Annotated[PlainText, Field(max_length=300)] | None = None
    job_levels: Levels | None = None
    pass_score: PassScore | None = None
    attendance_percent: AttendancePercent | None = None
    report_required: bool | None = None
    opens_at: Moment | None = Field(default=None, description="null: enrolment is open at once")
    closes_at: Moment | None = Field(default=None, description="null: until the run ends")
    cost_per_seat: Rupiah | None = None
    required_programmes: Required | None = None
    required_levels: Annotated[list[CompetencyRow], Field(max_length=30)] | None = None
    partner_id: UUID | None = Field(default=None, description="null: none")
    admission: AdmissionRow | None = Field(default=None, description="the whole of it")
    sessions: Sessions | None = Field(
        default=None, description="all of them; those that are left out are no more"
    )
    status: Literal["open", "closed"] | None = None


class Cancellation(Body):
    """Why a run will not be held."""

    reason: Annotated[PlainText, Field(min_length=3, max_length=1000)]


class Conclusion(Body):
    """When a run ended; left out: today."""

    concluded_on: Day | None = None
