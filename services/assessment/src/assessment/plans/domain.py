"""What a recommendation says."""

from dataclasses import dataclass
from uuid import UUID

from assessment.standards.reference import load_standards
from bina.events.assessment import TrainingRecommended


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A training that develops a competency to the level a person's job requires; `run_id` None: none is scheduled."""

    asn_id: UUID
    code: str
    gap: int
    programme_code: str
    programme_name: str
    run_id: UUID | None


def competency_name(code: str) -> str:
    """The name of a competency as the dictionary has it, else its code."""
    known = load_standards().competencies.get(code)
    return known.name_id if known else code


def told_recommended(found: Recommendation) -> TrainingRecommended:
    """What is told of a recommendation."""
    return TrainingRecommended(
        asn_id=found.asn_id,
        competency_code=found.code,
        competency_name=competency_name(found.code),
        gap=found.gap,
        programme_code=found.programme_code,
        programme_name=found.programme_name,
        run_id=found.run_id,
    )
