"""Facts of the assessment service: tests, profiles, recommendations."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from .contract import Code, Event, Level, Line, NotifyAfter, Part, Score
from .identity import Identity


class _OfPerson(Event):
    topic: ClassVar[str] = "assessment.results"

    asn_id: Identity

    @property
    def key(self) -> str:
        """One person's results stay in order."""
        return str(self.asn_id)


class AssessmentOpened(_OfPerson):
    """A pre- or post-test is ready to be taken."""

    type: ClassVar[str] = "assessment.opened.v1"

    assessment_id: Identity
    enrollment_id: Identity
    run_id: Identity
    kind: Literal["pre", "post"]
    opens_on: date
    due_on: date
    questions: int = Field(ge=1)
    minutes: int = Field(ge=1)
    notify_after: NotifyAfter = None


class CompetencyScore(Part):
    """What a test showed of one competency; an indicative level (Peraturan BKN 26/2019 reserves valid ones)."""

    code: Code
    score: Score
    level: Level


class AssessmentScored(_OfPerson):
    """A test was taken and scored, or its score reported by the organiser; once per test."""

    type: ClassVar[str] = "assessment.scored.v1"

    assessment_id: Identity
    enrollment_id: Identity
    run_id: Identity
    kind: Literal["pre", "post"]
    score: Score
    passed: bool | None = Field(default=None, description="null where the run requires no pass")
    source: Literal["test", "organiser"] = "test"
    scored_on: date
    competencies: tuple[CompetencyScore, ...] = ()
    notify_after: NotifyAfter = None


class ProfileEntry(Part):
    """One competency of a person, with where the level comes from and how long it holds."""

    code: Code
    level: Level
    standard: Level | None = Field(default=None, description="level the person's job requires")
    source: Line
    indicative: bool = True
    assessed_on: date
    valid_until: date | None = None


class CompetencyProfileChanged(_OfPerson):
    """A person's profile was computed anew; the whole new state."""

    type: ClassVar[str] = "competency.profile_changed.v1"
    replaced: ClassVar[bool] = True

    entries: tuple[ProfileEntry, ...]


class TrainingRecommended(_OfPerson):
    """A training was found for a person's largest gap."""

    type: ClassVar[str] = "training.recommended.v1"
    replaced: ClassVar[bool] = True

    competency_code: Code
    competency_name: Line
    gap: int = Field(ge=1, le=5)
    programme_code: Code
    programme_name: Line
    run_id: Identity | None = Field(default=None, description="an open run of it; null: none is scheduled")
