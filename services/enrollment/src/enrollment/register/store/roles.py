"""Roles beyond being an ASN, and who may sign in as whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from bina.web.access import Person
from enrollment.register.domain import Held, RoleGrant, combine

_ADD = text(
    """INSERT INTO role_grants (asn_id, role, agency_code, unit_id, shows)
    SELECT * FROM unnest(CAST(:asn_id AS uuid[]), CAST(:role AS text[]), CAST(:agency_code AS text[]),
        CAST(:unit_id AS uuid[]), CAST(:shows AS text[])) ORDER BY 1, 2
    ON CONFLICT (asn_id, role) DO UPDATE SET agency_code = excluded.agency_code, unit_id = excluded.unit_id,
        shows = excluded.shows, recorded_at = now()"""
)
_REMOVE = text("DELETE FROM role_grants WHERE asn_id = :asn_id AND role = :role RETURNING role")
_OF_PEOPLE = text(
    """SELECT asn_id, role, agency_code, unit_id, shows FROM role_grants
    WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id, role"""
)
_DEMO = text(
    """SELECT asn.asn_id, asn.nip, asn.name, asn.position, agencies.name AS agency_name,
        array_agg(g.role ORDER BY g.role) AS roles, max(g.shows) AS shows,
        EXISTS (SELECT FROM asn AS s WHERE s.supervisor_id = asn.asn_id) AS supervises
    FROM role_grants AS g JOIN asn USING (asn_id) JOIN agencies ON agencies.agency_code = asn.agency_code
    GROUP BY asn.asn_id, asn.nip, asn.name, asn.position, agencies.name
    ORDER BY max(g.shows) = '', agencies.name, asn.name LIMIT 60"""
)
_SESSION = text(
    """SELECT asn_id, name, agency_code,
        EXISTS (SELECT FROM asn AS s WHERE s.supervisor_id = asn.asn_id) AS supervises
    FROM asn WHERE asn_id = :id"""
)
_GRANTS = text(
    """SELECT g.role, g.agency_code, g.unit_id,
        CASE WHEN g.unit_id IS NULL THEN '{}' ELSE coalesce(units.path, ARRAY[g.unit_id]) END AS unit_path
    FROM role_grants AS g LEFT JOIN units USING (unit_id) WHERE g.asn_id = :id"""
)


@dataclass(frozen=True)
class DemoPerson:
    """Somebody a demonstration lets visitors be."""

    asn_id: UUID
    nip: str
    name: str
    position: str
    agency_name: str
    roles: tuple[str, ...]
    shows: str


async def add_roles(session: AsyncSession, grants: Iterable[RoleGrant]) -> None:
    """Grant roles; a role that a person already has is moved to the new scope."""
    await session.execute(_ADD, columns(grants, "asn_id", "role", "agency_code", "unit_id", "shows"))


async def remove_role(session: AsyncSession, asn_id: UUID, role: str) -> bool:
    """Take a role away; whether they had it."""
    return bool(await session.scalar(_REMOVE, {"asn_id": asn_id, "role": role}))


async def load_grants(session: AsyncSession, ids: Iterable[UUID]) -> list[RoleGrant]:
    """Roles granted to people."""
    return [RoleGrant(*row) for row in await session.execute(_OF_PEOPLE, {"ids": sorted(set(ids))})]


async def load_demo_people(session: AsyncSession) -> list[DemoPerson]:
    """People with granted roles, those with something to show first; at most 60."""
    return [
        DemoPerson(row.asn_id, row.nip, row.name, row.position, row.agency_name, _roles(row), row.shows)
        for row in await session.execute(_DEMO)
    ]


async def load_session(session: AsyncSession, asn_id: UUID) -> Person | None:
    """A registered person with the roles that one scope can carry; see `combine`."""
    row = (await session.execute(_SESSION, {"id": asn_id})).one_or_none()
    if row is None:
        return None
    grants = [
        Held(grant.role, grant.agency_code, grant.unit_id, tuple(grant.unit_path))
        for grant in await session.execute(_GRANTS, {"id": asn_id})
    ]
    roles, agency_code, unit_id = combine(grants, row.agency_code)
    derived = {"asn", "supervisor"} if row.supervises else {"asn"}
    return Person(row.asn_id, row.name, roles | derived, agency_code, unit_id)


def _roles(row: Any) -> tuple[str, ...]:
    derived = ("supervisor",) if row.supervises else ()
    return tuple(sorted({"asn", *row.roles, *derived}))
