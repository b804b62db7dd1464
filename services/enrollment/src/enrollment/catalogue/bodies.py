"""What the catalogue's commands take."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bina.events.contract import Level
from bina.events.enrollment import CompetencyTarget
from bina.web.text import Code, Line, PlainText

Jp = Annotated[int, Field(ge=1, le=1000, description="jam pelajaran, 45 minutes each")]
Seats = Annotated[int, Field(ge=0, le=100_000)]
AttendancePercent = Annotated[
    int, Field(ge=1, le=100, description="share of the sessions that must be attended; excused ones are not")
]
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


class ProgrammeRow(Body):
    """A catalogue entry."""

    code: Code
    name: Line
    jp: Jp
    kind: Annotated[PlainText, Field(max_length=64)] = Field(default="", description="SIASN jenisDiklat")
    kind_id: int | None = Field(default=None, ge=1, le=99)
    mode: Annotated[PlainText, Field(max_length=64)] = ""
    competencies: Annotated[list[CompetencyRow], Field(max_length=30)] = []
    job_levels: Levels = []
    quota: Seats | None = None


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

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at does not lie after starts_at")
        return self


Sessions = Annotated[list[SessionRow], Field(max_length=100)]


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
    sessions: Sessions = []

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on lies before starts_on")
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
