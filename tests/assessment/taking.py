"""Taking a test as its page does, in the transaction of a command."""

from assessment.assessments import domain, store
from assessment.assessments.store import Assessment
from assessment.assessments.taking import Submission, submit
from bina.events import Event
from bina.messaging import emit
from bina.messaging.clock import today
from bina.messaging.testing import ServiceUnderTest

from .story import id_of


async def take(
    svc: ServiceUnderTest,
    name: str,
    code: str = "PKP-2026-02",
    *,
    right: str = "",
    kind="post",
    attempt: int = 1,
) -> list[Event]:
    """Answer right in the given competencies ("M1 M5"), wrong elsewhere; returns what the answer told."""
    assessment_id = domain.own_id(id_of(name, code), kind, attempt)
    await svc.emitted()
    async with svc.sessions() as session, session.begin():
        test = await store.lock(session, id_of(name), assessment_id)
        assert test is not None
        await emit(session, await submit(session, [Submission(test, answers(test, right), today())]))
    return await svc.emitted()


def answers(test: Assessment, right: str) -> dict[str, int]:
    wanted = set(right.split())
    return {
        item.id: item.answer if item.competency in wanted else (item.answer + 1) % 4
        for item in domain.questions_of(test.assessment_id, test.items)
    }
