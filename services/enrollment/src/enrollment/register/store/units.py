"""Units of agencies, with their paths kept ready for subtree queries."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from enrollment.register.domain import Unit

_ADD = text(
    """INSERT INTO units (unit_id, agency_code, name, parent_id, remote, path)
    SELECT unit_id, agency_code, name, parent_id, remote, CAST(path AS uuid[])
    FROM unnest(CAST(:unit_id AS uuid[]), CAST(:agency_code AS text[]), CAST(:name AS text[]),
        CAST(:parent_id AS uuid[]), CAST(:remote AS boolean[]), CAST(:path AS text[]))
        AS n (unit_id, agency_code, name, parent_id, remote, path)
    ORDER BY unit_id
    ON CONFLICT (unit_id) DO UPDATE SET name = excluded.name, parent_id = excluded.parent_id,
        remote = excluded.remote, path = excluded.path, recorded_at = now()
    WHERE units.agency_code = excluded.agency_code
        AND (units.name, units.remote, units.path) IS DISTINCT FROM (excluded.name, excluded.remote, excluded.path)
    RETURNING unit_id"""
)
_SELECT = "SELECT unit_id, agency_code, name, parent_id, remote, path, closed_on FROM units"
_LOAD = text(
    f"{_SELECT} WHERE agency_code = ANY (CAST(:agencies AS text[])) ORDER BY agency_code, name, unit_id"
)
_FIND = text(f"{_SELECT} WHERE unit_id = ANY (CAST(:ids AS uuid[])) ORDER BY unit_id")
_CLOSE = text("UPDATE units SET closed_on = :day, recorded_at = now() WHERE unit_id = :id")
_ADD_STATES = text(
    """INSERT INTO unit_states (unit_id, since, name, parent_id, closed_on)
    SELECT unit_id, :since, name, parent_id, closed_on
    FROM unnest(CAST(:unit_id AS uuid[]), CAST(:name AS text[]), CAST(:parent_id AS uuid[]), CAST(:closed_on AS date[]))
        AS n (unit_id, name, parent_id, closed_on)
    ORDER BY unit_id
    ON CONFLICT (unit_id, since) DO UPDATE SET name = excluded.name, parent_id = excluded.parent_id,
        closed_on = excluded.closed_on"""
)


async def load_units(session: AsyncSession, agencies: Iterable[str]) -> dict[UUID, Unit]:
    """All units of agencies, by id, in the order of their names."""
    rows = await session.execute(_LOAD, {"agencies": sorted(set(agencies))})
    return {row.unit_id: _unit(row) for row in rows}


async def find_units(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Unit]:
    """Units by id, whosever they are; unknown ids are left out."""
    return {row.unit_id: _unit(row) for row in await session.execute(_FIND, {"ids": sorted(set(ids))})}


async def add_units(session: AsyncSession, units: Iterable[Unit]) -> set[UUID]:
    """Record units with their paths; returns those that are new or changed. A unit stays with its agency."""
    rows = list(units)
    changed = await session.scalars(
        _ADD,
        {
            "unit_id": [unit.unit_id for unit in rows],
            "agency_code": [unit.agency_code for unit in rows],
            "name": [unit.name for unit in rows],
            "parent_id": [unit.parent_id for unit in rows],
            "remote": [unit.remote for unit in rows],
            # arrays of unequal length cannot be unnested, so each path travels as text
            "path": ["{" + ",".join(map(str, unit.path)) + "}" for unit in rows],
        },
    )
    return set(changed)


async def close_unit(session: AsyncSession, unit_id: UUID, day: date | None) -> None:
    """A unit is closed from a day on; None: open again."""
    await session.execute(_CLOSE, {"id": unit_id, "day": day})


async def add_unit_states(session: AsyncSession, units: Sequence[Unit], since: datetime) -> None:
    """Remember what units are called and where they stand from a moment on."""
    if units:
        values = columns(units, "unit_id", "name", "parent_id", "closed_on")
        await session.execute(_ADD_STATES, values | {"since": since})


def _unit(row: Any) -> Unit:
    return Unit(
        row.unit_id, row.agency_code, row.name, row.parent_id, row.remote, tuple(row.path), row.closed_on
    )
