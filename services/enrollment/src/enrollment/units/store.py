"""Units with how many serve in them, who these are, and what units were."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from bina.web.tables import Query
from enrollment.units.domain import Inside, Node, UnitState

SERVES = "(asn.left_on IS NULL OR asn.left_on > CAST(:today AS date))"
"""SQL over `asn`: who has not left by `:today`."""
_NODES = text(
    f"""SELECT u.unit_id, u.name, u.parent_id, coalesce(counted.people, 0), u.remote, u.closed_on FROM units AS u
    LEFT JOIN (SELECT asn.unit_id, count(*) AS people FROM asn
        WHERE asn.agency_code = :agency AND {SERVES} GROUP BY 1) AS counted USING (unit_id)
    WHERE u.agency_code = :agency AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY (u.path))
    ORDER BY lower(u.name), u.unit_id"""  # noqa: S608 - fixed parts
)
_WITHOUT = text(
    f"SELECT count(*) FROM asn WHERE asn.agency_code = :agency AND asn.unit_id IS NULL AND {SERVES}"  # noqa: S608 - fixed parts
)
_AGENCIES = text(
    f"""SELECT a.agency_code, a.name, coalesce(u.units, 0) AS units, coalesce(p.people, 0) AS people FROM agencies AS a
    LEFT JOIN (SELECT agency_code, count(*) AS units FROM units WHERE closed_on IS NULL GROUP BY 1) AS u USING (agency_code)
    LEFT JOIN (SELECT asn.agency_code, count(*) AS people FROM asn WHERE {SERVES} GROUP BY 1) AS p USING (agency_code)
    WHERE NOT a.sandbox ORDER BY a.name, a.agency_code"""  # noqa: S608 - fixed parts
)
_PEOPLE = f"""SELECT asn.asn_id, asn.nip, asn.name, asn.position, asn.job_level,
        coalesce(nullif(asn.appointment, ''), asn.employment) AS status, asn.agency_code,
        units.unit_id, units.name AS unit_name, units.path AS unit_path
    FROM units JOIN asn USING (unit_id)
    WHERE units.agency_code = :agency AND CAST(:unit AS uuid) = ANY (units.path) AND {SERVES}"""  # noqa: S608 - fixed parts
_INSIDE = text(
    f"""SELECT (SELECT count(*) FROM asn WHERE asn.unit_id = :unit AND {SERVES}),
        (SELECT count(*) FROM units WHERE parent_id = :unit AND agency_code = :agency AND closed_on IS NULL),
        (SELECT count(*) FROM role_grants WHERE unit_id = :unit)"""  # noqa: S608 - fixed parts
)
_STATES = text(
    "SELECT since, name, parent_id, closed_on FROM unit_states WHERE unit_id = :unit ORDER BY since DESC LIMIT 200"
)


class AgencyUnits(NamedTuple):
    """An agency: how many open units it has, how many serve there."""

    agency_code: str
    name: str
    units: int
    people: int


class Member(NamedTuple):
    """Somebody who serves in a unit or below it."""

    asn_id: UUID
    nip: str
    name: str
    position: str
    job_level: str
    status: str
    agency_code: str
    unit_id: UUID
    unit_name: str
    unit_path: Sequence[UUID]


async def load_nodes(session: AsyncSession, agency: str, unit: UUID | None, today: date) -> list[Node]:
    """An agency's units, or a unit and those below it, by name; with how many serve in each."""
    values = {"agency": agency, "unit": unit, "today": today}
    return [Node(*row) for row in await session.execute(_NODES, values)]


async def count_without(session: AsyncSession, agency: str, today: date) -> int:
    """How many serve in an agency above its units."""
    return await session.scalar(_WITHOUT, {"agency": agency, "today": today}) or 0


async def load_agencies(session: AsyncSession, today: date) -> list[AgencyUnits]:
    """Every agency, by name; none that is only there to try against."""
    return [AgencyUnits(*row) for row in await session.execute(_AGENCIES, {"today": today})]


def people_of(reach: Reach, today: date) -> Query[Member]:
    """Who serves in a unit or below it, in an order to be asked for; `reach` names the agency and the unit."""
    values = {"agency": reach.agency_code, "unit": reach.unit_id, "today": today}
    return Query(_PEOPLE, values, lambda row: Member(*row))


async def count_inside(session: AsyncSession, agency: str, unit: UUID, today: date) -> Inside:
    """What there is in a unit that would have to go elsewhere first."""
    values = {"agency": agency, "unit": unit, "today": today}
    return Inside(*(await session.execute(_INSIDE, values)).one())


async def load_states(session: AsyncSession, unit: UUID) -> list[UnitState]:
    """What a unit was, the newest first; at most 200."""
    return [UnitState(*row) for row in await session.execute(_STATES, {"unit": unit})]
