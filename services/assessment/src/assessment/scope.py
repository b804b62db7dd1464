"""Which tests and profiles are in somebody's reach. Outside it a thing looks as if it did not exist."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import store
from assessment.assessments.store import Assessment
from assessment.register.store import is_within
from bina.web.access import Person
from bina.web.permissions import Reach, reach_of
from bina.web.problems import not_found


def on_behalf(person: Person, *, demo: bool) -> bool:
    """Whether somebody may answer for others: only the platform, and only in a demonstration."""
    return reach_of(person, "test.answer", demo=demo).everything


async def test_in_reach(session: AsyncSession, reach: Reach, assessment_id: UUID) -> Assessment:
    """A test of somebody in reach; raises 404."""
    test = await store.find(session, assessment_id)
    if test is None or not await is_within(session, test.asn_id, reach):
        raise not_found()
    return test


async def check_profile(session: AsyncSession, person: Person, asn_id: UUID) -> None:
    """Own profile, or, for an agency's or unit's staff, that of its own people; raises 404."""
    if not await is_within(session, asn_id, reach_of(person, "profile.read")):
        raise not_found()
