"""Keeping a tree in order: each command by the register's own rules, as the machine interface has them."""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, new_id
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import check_places
from bina.web.problems import not_found
from enrollment.register import recording
from enrollment.register import store as register
from enrollment.register.allowing import check_units
from enrollment.register.bodies import UnitRow
from enrollment.register.domain import Unit
from enrollment.units import store
from enrollment.units.problems import above_closed, below_itself, invalid, not_empty

ACTION = "unit.record"


async def add(
    session: AsyncSession, clerk: Person, agency: str, name: str, parent: UUID | None, *, remote: bool
) -> UUID:
    """A new unit; gives its id. Raises `Problem` where the clerk may not, or the name or the unit above is none."""
    row = _row(new_id(), agency, name, parent, remote=remote)
    await _record(session, clerk, row)
    return row.id


async def rename(session: AsyncSession, clerk: Person, unit_id: UUID, name: str, *, remote: bool) -> None:
    """Another name, and whether it is far away."""
    unit = await held(session, unit_id)
    await _record(session, clerk, _row(unit_id, unit.agency_code, name, unit.parent_id, remote=remote))


async def move(session: AsyncSession, clerk: Person, unit_id: UUID, parent: UUID | None) -> None:
    """Below another unit of its agency, or to the top; those below it come along."""
    unit = await held(session, unit_id)
    above = (await register.find_units(session, [parent] if parent else [])).get(parent or unit_id)
    await check_units(
        session, clerk, [_row(unit_id, unit.agency_code, unit.name, parent, remote=unit.remote)]
    )
    if above and unit_id in above.path:
        raise below_itself(unit.name, above.name)
    await _record(session, clerk, _row(unit_id, unit.agency_code, unit.name, parent, remote=unit.remote))


async def close(session: AsyncSession, clerk: Person, unit_id: UUID, way: tuple[str, str]) -> None:
    """Nobody is placed in it any more; raises `Problem` (409) that counts who or what is in it still."""
    unit = await _own(session, clerk, unit_id)
    inside = await store.count_inside(session, unit.agency_code, unit_id, clock.today())
    if any(inside):
        raise not_empty(unit.name, inside, way)
    if unit.closed_on is None:
        await recording.close_unit(session, unit, clock.today())


async def reopen(session: AsyncSession, clerk: Person, unit_id: UUID) -> None:
    """It was closed too soon; raises `Problem` (409) where the one above is closed."""
    unit = await _own(session, clerk, unit_id)
    above = await register.find_units(session, unit.path[:-1])
    if any(one.closed_on for one in above.values()):
        raise above_closed()
    if unit.closed_on:
        await recording.close_unit(session, unit, None)


async def held(session: AsyncSession, unit_id: UUID) -> Unit:
    """A unit as it is now, of an agency whose units nobody else writes meanwhile; 404 where there is none."""
    found = await register.find_units(session, [unit_id])
    if unit_id not in found:
        raise not_found(_("Unit ini tidak ada."))
    await register.hold_agencies(session, {found[unit_id].agency_code})
    return (await register.find_units(session, [unit_id]))[unit_id]


async def _own(session: AsyncSession, clerk: Person, unit_id: UUID) -> Unit:
    """A unit that is the clerk's to close: a unit's own staff leave that one as it is."""
    unit = await held(session, unit_id)
    check_places(clerk, ACTION, [(unit.agency_code, unit.path[:-1])])
    return unit


async def _record(session: AsyncSession, clerk: Person, row: UnitRow) -> None:
    await check_units(session, clerk, [row])
    await recording.record_units(session, [row])


def _row(unit_id: UUID, agency: str, name: str, parent: UUID | None, *, remote: bool) -> UnitRow:
    try:
        return UnitRow(id=unit_id, agency_code=agency, name=name, parent_id=parent, remote=remote)
    except ValidationError as wrong:
        raise invalid("nama", _("Tulis nama unitnya, paling panjang 300 karakter.")) from wrong
