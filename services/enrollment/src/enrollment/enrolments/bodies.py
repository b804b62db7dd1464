"""What the commands on enrolments take."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bina.web.text import Code, PlainText

Score = Annotated[Decimal, Field(ge=0, le=100, max_digits=12)]
Ids = Annotated[list[UUID], Field(max_length=1000)]


class Body(BaseModel):
    """Nothing unknown is taken silently."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class EnrolmentBody(Body):
    """A request for a seat; without `nip` for oneself."""

    run: Code = Field(description="kode angkatan")
    nip: Annotated[str, Field(pattern="^[0-9]{18}$")] | None = None
    note: Annotated[PlainText, Field(max_length=1000)] = ""


class SubstituteBody(Body):
    """Who takes a participant's seat."""

    nip: Annotated[str, Field(pattern="^[0-9]{18}$")]


class WithdrawalBody(Body):
    """Why a seat is given back."""

    reason: Annotated[PlainText, Field(max_length=1000)] = ""


class AttendanceBody(Body):
    """Who met the attendance their run requires, and who did not come at all."""

    enrollments: Ids = []
    absent: Ids = []
    met_on: date

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.enrollments and not self.absent:
            raise ValueError("nobody is named")
        if set(self.enrollments) & set(self.absent):
            raise ValueError("somebody is named as present and absent")
        return self


class CorrectionBody(Body):
    """The whole new state of a result."""

    completed: bool
    jp: Annotated[int, Field(ge=0, le=1000)]
    completed_on: date
    pre_score: Score | None = None
    post_score: Score | None = None
    certificate_number: Annotated[PlainText, Field(min_length=1, max_length=80)] | None = Field(
        default=None, description="of a pass only; left out: the certificate stays as it is"
    )
    reason: Annotated[PlainText, Field(min_length=5, max_length=1000)]
