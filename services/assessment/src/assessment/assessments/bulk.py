"""A demonstration's people take their tests: many at once, each with about the score it is to have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import domain, store
from assessment.assessments.domain import Kind
from assessment.assessments.store import Assessment
from assessment.assessments.taking import Submission, submit
from assessment.assessments.views import card
from bina.messaging import emit


@dataclass(frozen=True, slots=True)
class Taken:
    """A test of an enrolment, the score that its answers are to come nearest to (0 to 100), and its day."""

    enrollment_id: UUID
    kind: Kind
    score: float
    on: date


async def take_many(session: AsyncSession, wanted: Sequence[Taken]) -> dict[str, int]:
    """Answer open tests; counts `taken`, and `left` where none was open on its day."""
    by_test = {(one.enrollment_id, one.kind): one for one in wanted}
    found = await store.lock_open(session, {one.enrollment_id for one in wanted})
    pairs = [(test, by_test[test.enrollment_id, test.kind]) for test in found if _key(test) in by_test]
    submissions = [_submission(test, one) for test, one in pairs if _takes(test, one.on)]
    if submissions:
        await emit(session, await submit(session, submissions))
    return {"taken": len(submissions), "left": len(wanted) - len(submissions)}


def _key(test: Assessment) -> tuple[UUID, Kind]:
    return test.enrollment_id, test.kind


def _takes(test: Assessment, on: date) -> bool:
    return card(test, max(on, test.opened_on)).takeable


def _submission(test: Assessment, wanted: Taken) -> Submission:
    items = domain.questions_of(test.assessment_id, test.items)
    right = round(wanted.score / 100 * len(items))
    chosen = {
        item.id: item.answer if n < right else (item.answer + 1) % len(item.options)
        for n, item in enumerate(items)
    }
    return Submission(test, chosen, max(wanted.on, test.opened_on))
