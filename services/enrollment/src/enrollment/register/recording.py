"""Recording rows of the register and telling what changed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import AgencyRecorded, AsnErased, ContactErased
from bina.messaging import DueItem, clock, due, emit, new_id
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found
from bina.web.sessions import kept_forms
from enrollment.accounts import store as accounts
from enrollment.imports.nip import employment_of
from enrollment.refusals import invalid_rows
from enrollment.register import store
from enrollment.register.bodies import AgencyRow, AsnRow, RoleRow, UnitRow
from enrollment.register.domain import (
    ERASED,
    FORGET_AFTER,
    KINDS,
    Asn,
    BrokenTreeError,
    Contact,
    RoleGrant,
    Unit,
    changed_fields,
    path_of,
)
from enrollment.register.schedule import UNIT_CHANGED

Answer = dict[str, Any]


async def record_agencies(session: AsyncSession, rows: Sequence[AgencyRow]) -> Answer:
    """Record agencies and whom they report for; `AgencyRecorded` for those new or renamed."""
    names = {row.code: row.name for row in rows}
    known = await store.load_agencies(session)
    before = await store.load_rights(session)
    changed = await store.add_agencies(session, names)
    rights = {row.code: _rights_of(row) for row in rows if row.uploads is not None or row.code not in known}
    await store.grant_rights(session, rights)
    for code, name in names.items():
        old = {"name": known[code], "rights": before.get(code, {})} if code in known else None
        new = {"name": name, "rights": rights.get(code, before.get(code, {}))}
        audit.changed(session, "agency", code, old, new)
    await emit(session, [AgencyRecorded(agency_code=code, name=names[code]) for code in sorted(changed)])
    return {"recorded": len(changed), "unchanged": len(names) - len(changed)}


def _rights_of(row: AgencyRow) -> dict[str, list[str]]:
    if row.uploads is None:
        return {kind: [row.code] for kind in KINDS}
    return {kind: employers for kind, employers in row.uploads.items()}  # noqa: C416 - widens the keys' type


async def record_units(session: AsyncSession, rows: Sequence[UnitRow]) -> Answer:
    """Record units; people in or below the changed ones are told anew as due work."""
    await _check_agencies(session, rows)
    await store.hold_agencies(session, {row.agency_code for row in rows})
    units = await store.load_units(session, {row.agency_code for row in rows})
    given = {row.id: Unit(row.id, row.agency_code, row.name, row.parent_id, row.remote) for row in rows}
    known = units | given
    try:
        placed = [
            Unit(u.unit_id, u.agency_code, u.name, u.parent_id, u.remote, path_of(u.unit_id, known))
            for u in known.values()
        ]
    except BrokenTreeError as error:
        raise _refused(rows, {error.unit_id: _("Unit induk tidak dikenal atau berputar.")}) from error
    changed = await store.add_units(session, placed)
    for unit in placed:
        if unit.unit_id in changed:
            audit.changed(session, "unit", unit.unit_id, units.get(unit.unit_id), unit)
    old = changed & units.keys()
    await due.add(session, [DueItem(UNIT_CHANGED, str(unit_id), clock.now()) for unit_id in sorted(old)])
    return {"recorded": len(changed & given.keys()), "unchanged": len(given.keys() - changed)}


async def _check_agencies(session: AsyncSession, rows: Sequence[UnitRow]) -> None:
    """Refuse to move a unit to another agency: its people and the units below it would stay behind."""
    known = await store.find_units(session, [row.id for row in rows])
    agencies = await store.load_agencies(session)
    faults = []
    for number, row in enumerate(rows):
        if row.agency_code not in agencies:
            faults.append(Fault(f"items.{number}.agency_code", _("Instansi belum terdaftar.")))
        if row.id in known and known[row.id].agency_code != row.agency_code:
            faults.append(Fault(f"items.{number}.id", _("Unit ini milik instansi lain.")))
    if faults:
        raise invalid_rows(faults)


async def record_asn(session: AsyncSession, rows: Sequence[AsnRow], *, by_hand: bool = False) -> Answer:
    """Record people and contacts; tells only what changed. Raises `Problem` naming the rows at fault.

    `by_hand`: somebody decided it, so that no file overwrites silently what changed.
    """
    await store.share_agencies(session, {row.agency_code for row in rows})
    ids = await _hold_named(session, rows)
    for row in rows:
        ids[row.nip] = row.id or ids.get(row.nip) or new_id()
    people = [_asn(row, ids) for row in rows]
    await _check_people(session, people)
    before = {p.asn_id: _own(p) for p in await store.load_people(session, ids.values())}
    reached = {c.asn_id: c for c in await store.load_contacts(session, ids.values())}
    told = await store.load_people(session, await store.add_people(session, people))
    contacts = await store.add_contacts(session, [_contact(row, ids[row.nip]) for row in rows])
    for one in told:
        audit.changed(session, "asn", one.asn_id, before.get(one.asn_id), _own(one), person=one.asn_id)
    for contact in contacts:
        old = reached.get(contact.asn_id)
        audit.changed(session, "contact", contact.asn_id, old, contact, person=contact.asn_id)
    if by_hand:
        edits = [*changed_fields(before, {p.asn_id: _own(p) for p in told})]
        edits += changed_fields(reached, {c.asn_id: c for c in contacts})
        await store.mark_by_hand(session, edits)
    await emit(session, [*(p.recorded() for p in told), *(c.recorded() for c in contacts)])
    unknown = [row.nip for row in rows if row.supervisor_nip and row.supervisor_nip not in ids]
    return {
        "recorded": len(told),
        "unchanged": len(people) - len(told),
        "without_supervisor": unknown,
        "ids": {row.nip: ids[row.nip] for row in rows},
    }


async def remove_asn(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Take people out of the register whom nothing depends on, as if they had never been recorded."""
    known = await store.load_people(session, await store.lock_people(session, ids))
    await store.remove_people(session, [person.asn_id for person in known])
    for person in known:
        audit.changed(
            session, "asn", person.asn_id, {"recorded": True}, {"recorded": False}, person=person.asn_id
        )
    await audit.erase(session, [person.asn_id for person in known])
    erased = [AsnErased(asn_id=person.asn_id) for person in known]
    await emit(session, [*erased, *(ContactErased(asn_id=person.asn_id) for person in known)])


async def _hold_named(session: AsyncSession, rows: Sequence[AsnRow]) -> dict[str, UUID]:
    """Ids of those registered by the NIPs that rows name; neither they nor any supervisor is erased meanwhile."""
    nips = {row.nip for row in rows} | {row.supervisor_nip for row in rows if row.supervisor_nip}
    ids = await store.find_people(session, nips)
    supervisors = {row.supervisor_id for row in rows if row.supervisor_id}
    held = await store.hold_people(session, {*ids.values(), *supervisors})
    return {nip: asn_id for nip, asn_id in ids.items() if asn_id in held}


def _asn(row: AsnRow, ids: dict[str, UUID]) -> Asn:
    supervisor = row.supervisor_id or ids.get(row.supervisor_nip or "")
    employment = row.employment or ("PPPK" if employment_of(row.nip) == "PPPK" else "PNS")
    return Asn(
        asn_id=ids[row.nip],
        nip=row.nip,
        name=row.name,
        employment=employment,
        agency_code=row.agency_code,
        unit_id=row.unit_id,
        position=row.position,
        position_type=row.position_type,
        job_level=row.job_level,
        grade=row.grade,
        gender=row.gender,
        supervisor_id=supervisor,
        started_on=row.started_on,
        left_on=row.left_on,
        contract_ends_on=row.contract_ends_on,
    )


def _own(person: Asn) -> Asn:
    """A person without what is their unit's."""
    return replace(person, unit_name="", unit_path=())


def _contact(row: AsnRow, asn_id: UUID) -> Contact:
    return Contact(asn_id, row.email, row.phone, row.language)


async def _check_people(session: AsyncSession, people: Sequence[Asn]) -> None:
    faults = _twice(people)
    agencies = await store.load_agencies(session)
    units = await store.load_units(session, {p.agency_code for p in people})
    taken = await store.taken_nips(session, people)
    for number, person in enumerate(people):
        if person.agency_code not in agencies:
            faults.append(Fault(f"items.{number}.agency_code", _("Instansi belum terdaftar.")))
        if person.unit_id and getattr(units.get(person.unit_id), "agency_code", "") != person.agency_code:
            faults.append(Fault(f"items.{number}.unit_id", _("Unit ini tidak ada di instansi itu.")))
        if person.nip in taken:
            faults.append(Fault(f"items.{number}.nip", _("NIP ini milik orang lain.")))
        if person.supervisor_id == person.asn_id:
            faults.append(Fault(f"items.{number}.supervisor_id", _("Atasan tidak boleh dirinya sendiri.")))
        if wrong := _contract_fault(person):
            faults.append(Fault(f"items.{number}.contract_ends_on", wrong))
    if faults:
        raise invalid_rows(faults)


def _contract_fault(person: Asn) -> str:
    if person.contract_ends_on is None:
        return ""
    if person.employment != "PPPK":
        return _("Akhir kontrak hanya untuk PPPK.")
    if person.started_on is None or person.contract_ends_on < person.started_on:
        return _("Akhir kontrak tidak boleh sebelum awalnya (started_on).")
    return ""


def _twice(people: Sequence[Asn]) -> list[Fault]:
    seen: set[object] = set()
    faults = []
    for number, person in enumerate(people):
        if seen & {person.asn_id, person.nip}:
            faults.append(Fault(f"items.{number}", _("Orang ini ada dua kali dalam kiriman.")))
        seen |= {person.asn_id, person.nip}
    return faults


async def erase_asn(session: AsyncSession, asn_id: UUID) -> Answer:
    """Erase a person; the tombstones carry it to everyone. Those they supervised are told anew."""
    nips = [person.nip for person in await store.load_people(session, [asn_id])]
    told = await store.load_people(session, await store.erase(session, asn_id))
    audit.changed(session, "asn", asn_id, {"recorded": True}, {"recorded": False}, person=asn_id)
    await audit.erase(session, [asn_id])
    payload = {"asn_id": str(asn_id), "times": 0}
    left = [DueItem(ERASED, str(asn_id), clock.now() + FORGET_AFTER, payload | {"nip": nip}) for nip in nips]
    await due.add(session, left)
    erased = [AsnErased(asn_id=asn_id), ContactErased(asn_id=asn_id)]
    await accounts.unlink(session, asn_id)
    await kept_forms.forget_of(session, [asn_id])
    ended = await accounts.end_sessions_of(session, [asn_id])
    await emit(session, [*erased, *(person.recorded() for person in told), *ended])
    return {"erased": asn_id}


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


def _refused(rows: Sequence[UnitRow], wrong: dict[UUID, str]) -> Problem:
    places = {row.id: number for number, row in enumerate(rows)}
    return invalid_rows(
        [Fault(f"items.{places.get(unit, '?')}.parent_id", words) for unit, words in wrong.items()]
    )
