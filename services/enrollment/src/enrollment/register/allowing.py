"""Whose record a clerk may change."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import Place, check_places, reach_of
from bina.web.problems import Fault, Problem, not_found
from enrollment.register import store
from enrollment.register.bodies import AsnRow, UnitRow
from enrollment.register.domain import Asn


async def check_rows(session: AsyncSession, person: Person, rows: Sequence[AsnRow]) -> None:
    """Raise `Problem` (403) unless the clerk may record each of these people, as they are and as they will be."""
    await _check_places(session, person, rows)
    known = await store.find_people(session, [row.nip for row in rows])
    await check_owned(
        session, person, "people.record", [*known.values(), *(row.id for row in rows if row.id)]
    )
    await _check_numbers(session, person, rows)


async def check_owned(session: AsyncSession, person: Person, action: str, ids: list[UUID]) -> None:
    """A record now at another agency is not this clerk's to change: a move is no upload."""
    known = await store.load_people(session, ids)
    check_places(person, action, [(found.agency_code, found.unit_path) for found in known])


async def check_units(session: AsyncSession, person: Person, rows: Sequence[UnitRow]) -> None:
    """Refuse units outside the clerk's scope; a unit's operator places units below it, and leaves it where it is."""
    given = {row.id for row in rows}
    parents = {row.parent_id for row in rows if row.parent_id}
    known = await store.find_units(session, given | parents)
    own = () if person.unit_id is None else (person.unit_id,)
    places: list[Place] = [
        (u.agency_code, u.path[:-1] if u.unit_id in given else u.path) for u in known.values()
    ]
    places += [(row.agency_code, own if row.parent_id in known.keys() | given else ()) for row in rows]
    check_places(person, "unit.record", places)


async def hold_asker(session: AsyncSession, clerk: Person, action: str, asn_id: UUID, *, own: Problem) -> Asn:
    """Who asked for what a clerk is to answer, locked until the transaction ends.

    Raises `Problem`: 403 out of the clerk's scope, 404 once erased, `own` where the clerk asked.
    """
    await store.lock_people(session, [asn_id])
    people = await store.load_people(session, [asn_id])
    check_places(clerk, action, [(asn.agency_code, asn.unit_path) for asn in people])
    if not people:
        raise not_found()
    if clerk.person_id == asn_id:
        raise own
    return people[0]


async def _check_numbers(session: AsyncSession, person: Person, rows: Sequence[AsnRow]) -> None:
    """By the NIP an account finds its person: of who holds a role only the platform changes it."""
    given = {row.id: row.nip for row in rows if row.id}
    changed = [p.asn_id for p in await store.load_people(session, given) if p.nip != given[p.asn_id]]
    holders = await store.with_roles(session, changed)
    if holders and not reach_of(person, "people.record").everything:
        raise Problem(
            "nip-of-role-holder",
            403,
            _("NIP pemegang peran hanya dapat diubah oleh pengelola platform."),
            mend=_("Kirim baris lain tanpa baris ini, dan minta pengelola platform mengubah NIP-nya."),
            errors=[
                Fault(f"items.{n}.nip", _("Orang ini memegang peran."))
                for n, row in enumerate(rows)
                if row.id in holders
            ],
        )


async def _check_places(session: AsyncSession, person: Person, rows: Sequence[AsnRow]) -> None:
    """Refuse people who would be recorded outside the clerk's scope."""
    units = await store.find_units(session, [row.unit_id for row in rows if row.unit_id])
    paths = {unit.unit_id: unit.path for unit in units.values()}
    check_places(
        person,
        "people.record",
        [(row.agency_code, paths.get(row.unit_id or UUID(int=0), ())) for row in rows],
    )
