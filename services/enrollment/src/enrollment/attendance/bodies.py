"""What the commands on attendance take."""

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from enrollment.attendance.domain import STATES, Said
from enrollment.enrolments.bodies import Body, Ids


class SessionAttendance(Body):
    """Who came to a session, who did not, and who was excused."""

    present: Ids = Field(default_factory=list)
    absent: Ids = Field(default_factory=list)
    excused: Ids = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [*self.present, *self.absent, *self.excused]
        if not named:
            raise ValueError("nobody is named")
        if len(set(named)) < len(named):
            raise ValueError("somebody is named twice")
        return self

    def said(self) -> list[Said]:
        """As a list says it that nobody else writes."""
        return [Said(id_, None, state) for state in STATES for id_ in getattr(self, state)]


class ReceivedReports(Body):
    """Whose reports were received, and on which day; left out: today."""

    enrollments: Ids = Field(min_length=1)
    received_on: date | None = None
