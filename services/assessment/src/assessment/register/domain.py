"""What the service knows of trainings."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Target:
    """A competency that a run develops, up to `level` 1-5."""

    code: str
    level: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run as announced, with its newest dates."""

    run_id: UUID
    run_code: str
    programme_name: str
    starts_on: date
    ends_on: date
    pass_score: float | None
    cancelled_at: datetime | None
    targets: tuple[Target, ...]

    def cancelled_by(self, moment: datetime) -> bool:
        """Whether it was cancelled at or before a moment of business time."""
        return self.cancelled_at is not None and self.cancelled_at <= moment
