"""Whom a unit's clerk may act for: people of that unit and below. Agencies' clerks are judged by the rules alone."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.permissions import check_places
from enrollment.enrolments import store
from enrollment.register import store as register


async def check_employee(session: AsyncSession, person: Person, nip: str | None) -> None:
    """Raise `Problem` (403) for a NIP of somebody outside the clerk's unit."""
    if nip is not None and person.unit_id is not None:
        await _check(
            session, person, "enrolment.request", (await register.find_people(session, [nip])).get(nip)
        )


async def check_both(session: AsyncSession, person: Person, enrollment_id: UUID, nip: str) -> None:
    """Raise `Problem` (403) unless a participant and the substitute are both in the clerk's unit."""
    await check_employee(session, person, nip)
    await check_subject(session, person, enrollment_id)


async def check_subject(session: AsyncSession, person: Person, enrollment_id: UUID) -> None:
    """Raise `Problem` (403) for an enrolment of somebody else outside the clerk's unit."""
    if person.unit_id is not None:
        found = (await store.load_enrolments(session, [enrollment_id])).get(enrollment_id)
        await _check(session, person, "enrolment.withdraw", found.asn_id if found else None)


async def _check(session: AsyncSession, person: Person, action: str, asn_id: UUID | None) -> None:
    if asn_id is not None and asn_id != person.person_id:
        found = await register.load_people(session, [asn_id])
        check_places(person, action, [(asn.agency_code, asn.unit_path) for asn in found])
