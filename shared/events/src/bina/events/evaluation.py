"""Facts of the evaluation service: tasks for evaluators, results per training."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from .contract import Code, Event, Line, NotifyAfter, Score
from .identity import Identity


class _OfTask(Event):
    topic: ClassVar[str] = "evaluation.tasks"

    task_id: Identity
    respondent_id: Identity = Field(description="the ASN who answers")

    @property
    def key(self) -> str:
        """One task's facts stay in order."""
        return str(self.task_id)


class EvaluationTaskOpened(_OfTask):
    """An evaluator can answer from now on; once per task."""

    type: ClassVar[str] = "evaluation.task_opened.v1"

    run_id: Identity
    about_id: Identity = Field(description="the ASN whose training is evaluated")
    enrollment_id: Identity
    instrument_code: Code
    instrument_version: int = Field(ge=1)
    title: Line
    level: Literal["L1", "L2", "L3", "L4"] = Field(description="Kirkpatrick's level")
    method: Literal["survey", "interview", "observation"]
    role: Literal["alumnus", "supervisor", "peer", "evaluator"]
    opens_on: date
    closes_on: date = Field(description="the last day on which an answer counts")
    minutes: int = Field(ge=1)
    notify_after: NotifyAfter = None


class EvaluationTaskClosed(_OfTask):
    """A task was answered, ran out, or fell away; once per task."""

    type: ClassVar[str] = "evaluation.task_closed.v1"

    reason: Literal["answered", "expired", "withdrawn"]


class EvaluationPublished(Event):
    """What a run changed, as counted so far; a later one replaces it."""

    topic: ClassVar[str] = "evaluation.outcomes"
    type: ClassVar[str] = "evaluation.published.v1"

    run_id: Identity
    trained: int = Field(ge=0)
    pre_mean: Score | None = None
    post_mean: Score | None = None
    asked: int = Field(ge=0, description="tasks opened")
    answered: int = Field(ge=0)
    reaction_mean: float | None = Field(default=None, ge=1, le=4)
    behaviour_mean: float | None = Field(default=None, ge=1, le=4)
    as_of: date

    @property
    def key(self) -> str:
        """The run."""
        return str(self.run_id)
