"""Who may see and take what, in one place. Outside the scope a thing looks as if it did not exist."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import store
from assessment.assessments.store import Assessment
from assessment.register.store import is_within
from bina.web.access import Person
from bina.web.problems import not_found

STAFF = ("operator", "bkd", "head")


def on_behalf(person: Person, *, demo: bool) -> bool:
    """Whether somebody may answer for others: only the platform, and only in a demonstration."""
    return demo and person.may("platform")


async def own_test(
    session: AsyncSession, person: Person, assessment_id: UUID, *, demo: bool = False
) -> Assessment:
    """A test that a person may see and take; raises 404."""
    test = await store.find(session, assessment_id)
    if test is None or not (test.asn_id == person.person_id or on_behalf(person, demo=demo)):
        raise not_found()
    return test


async def check_profile(session: AsyncSession, person: Person, asn_id: UUID) -> None:
    """Own profile, or, for an agency's or unit's staff, that of its own people; raises 404."""
    if asn_id == person.person_id:
        return
    if not person.may(*STAFF) or not await is_within(session, asn_id, person.agency_code, person.unit_id):
        raise not_found()
