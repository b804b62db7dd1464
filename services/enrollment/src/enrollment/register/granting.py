"""Granting roles in an agency or below one of its units, and taking them away."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import emit
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, not_found
from enrollment.accounts import store as accounts
from enrollment.refusals import invalid_rows
from enrollment.register import store
from enrollment.register.bodies import RoleRow
from enrollment.register.domain import RoleGrant

Answer = dict[str, Any]


async def record_roles(session: AsyncSession, rows: Sequence[RoleRow]) -> Answer:
    """Grant roles; who has one sooner or elsewhere signs in anew. Raises `Problem` naming the rows whose unit is not
    their agency's."""
    known = await store.lock_people(session, {row.asn_id for row in rows})
    await _check_grants(session, rows, known)
    grants = {
        (r.asn_id, r.role): RoleGrant(r.asn_id, r.role, r.agency_code, r.unit_id, r.shows) for r in rows
    }
    before = {(g.asn_id, g.role): g for g in await store.load_grants(session, {r.asn_id for r in rows})}
    await store.add_roles(session, grants.values())
    for key, grant in grants.items():
        audit.changed(session, "role", grant.asn_id, before.get(key), grant, person=grant.asn_id)
    await emit(session, await accounts.end_sessions_of(session, {row.asn_id for row in rows}))
    return {"granted": len(grants)}


async def revoke_role(session: AsyncSession, asn_id: UUID, role: str) -> Answer:
    """Take a role away; with it end the person's sessions. Raises `Problem` where they do not have it."""
    await store.lock_people(session, [asn_id])
    before = {grant.role: grant for grant in await store.load_grants(session, [asn_id])}
    if not await store.remove_role(session, asn_id, role):
        raise not_found(_("Orang ini tidak memiliki peran tersebut."))
    audit.changed(session, "role", asn_id, before[role], None, person=asn_id)
    await emit(session, await accounts.end_sessions_of(session, [asn_id]))
    return {"revoked": role}


async def _check_grants(session: AsyncSession, rows: Sequence[RoleRow], known: set[UUID]) -> None:
    agencies = await store.load_agencies(session)
    units = await store.find_units(session, [row.unit_id for row in rows if row.unit_id])
    faults = []
    for number, row in enumerate(rows):
        if row.asn_id not in known:
            faults.append(Fault(f"items.{number}.asn_id", _("Orang ini tidak ada di data pegawai.")))
        if row.agency_code not in agencies:
            faults.append(Fault(f"items.{number}.agency_code", _("Instansi belum terdaftar.")))
        elif row.unit_id and getattr(units.get(row.unit_id), "agency_code", "") != row.agency_code:
            faults.append(Fault(f"items.{number}.unit_id", _("Unit ini tidak ada di instansi itu.")))
    if faults:
        raise invalid_rows(faults)
