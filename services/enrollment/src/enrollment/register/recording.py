"""Recording rows of the register and telling what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import AgencyRecorded, AsnErased, ContactErased
from bina.messaging import DueItem, clock, due, emit, meanwhile, merged, new_id
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault
from bina.web.sessions import kept_forms
from enrollment.accounts import store as accounts
from enrollment.imports.nip import employment_of
from enrollment.placements.domain import Cause
from enrollment.placements.keeping import keep
from enrollment.placements.leaving import check_leaving
from enrollment.refusals import invalid_rows
from enrollment.register import store
from enrollment.register.bodies import AgencyRow, AsnRow, UnitRow
from enrollment.register.checks import (
    broken_tree,
    check_merged,
    check_open,
    check_people,
    check_unit_agencies,
)
from enrollment.register.domain import (
    ERASED,
    FORGET_AFTER,
    KINDS,
    Appointment,
    Asn,
    BrokenTreeError,
    Contact,
    Unit,
    changed_fields,
    placed,
)
from enrollment.register.schedule import UNIT_CHANGED

Answer = dict[str, Any]


async def record_agencies(session: AsyncSession, rows: Sequence[AgencyRow]) -> Answer:
    """Record agencies and whom they report for; `AgencyRecorded` for those new or renamed."""
    names = {row.code: row.name for row in rows}
    known = await store.load_agencies(session, sandboxes=True)
    tried = await _sandboxes(session, rows, known)
    before = await store.load_rights(session)
    changed = await store.add_agencies(session, names, tried)
    rights = {row.code: _rights_of(row) for row in rows if row.uploads is not None or row.code not in known}
    await store.grant_rights(session, rights)
    for code, name in names.items():
        old = {"name": known[code], "rights": before.get(code, {})} if code in known else None
        new = {"name": name, "rights": rights.get(code, before.get(code, {}))}
        audit.changed(session, "agency", code, old, new | ({"sandbox": True} if code in tried else {}))
    told = sorted(changed - tried)
    await emit(session, [AgencyRecorded(agency_code=code, name=names[code]) for code in told])
    return {"recorded": len(changed), "unchanged": len(names) - len(changed)}


async def _sandboxes(session: AsyncSession, rows: Sequence[AgencyRow], known: Mapping[str, str]) -> set[str]:
    """Those of the rows that are there to try against; raises `Problem` where one would become so, or cease to be."""
    there = await store.load_sandboxes(session)
    faults = [
        Fault(
            f"items.{number}.sandbox", _("Instansi tidak dapat menjadi instansi uji coba, atau sebaliknya.")
        )
        for number, row in enumerate(rows)
        if row.code in known and row.sandbox is not None and row.sandbox != (row.code in there)
    ]
    if faults:
        raise invalid_rows(faults)
    return {row.code for row in rows if row.sandbox or row.code in there}


def _rights_of(row: AgencyRow) -> dict[str, list[str]]:
    if row.uploads is None:
        return {kind: [row.code] for kind in KINDS}
    return {kind: employers for kind, employers in row.uploads.items()}  # noqa: C416 - widens the keys' type


async def record_units(session: AsyncSession, rows: Sequence[UnitRow]) -> Answer:
    """Record units; people in or below the changed ones are told anew as due work."""
    await check_unit_agencies(session, rows)
    await store.hold_agencies(session, {row.agency_code for row in rows})
    units = await store.load_units(session, {row.agency_code for row in rows})
    given = {row.id: _unit(row, units.get(row.id)) for row in rows}
    check_open(rows, units | given)
    try:
        tree = placed(units | given)
    except BrokenTreeError as error:
        raise broken_tree(rows, {error.unit_id: _("Unit induk tidak dikenal atau berputar.")}) from error
    changed = await store.add_units(session, tree)
    for unit in tree:
        if unit.unit_id in changed:
            audit.changed(session, "unit", unit.unit_id, units.get(unit.unit_id), unit)
    await store.add_unit_states(session, [unit for unit in tree if _is_other(unit, units)], clock.now())
    old = changed & units.keys()
    await due.add(session, [DueItem(UNIT_CHANGED, str(unit_id), clock.now()) for unit_id in sorted(old)])
    return {"recorded": len(changed & given.keys()), "unchanged": len(given.keys() - changed)}


def _unit(row: UnitRow, before: Unit | None) -> Unit:
    closed_on = before.closed_on if before else None
    return Unit(row.id, row.agency_code, row.name, row.parent_id, row.remote, closed_on=closed_on)


def _is_other(unit: Unit, before: Mapping[UUID, Unit]) -> bool:
    """Whether its name or the unit above it is another; a path changes with those above."""
    old = before.get(unit.unit_id)
    return old is None or (old.name, old.parent_id) != (unit.name, unit.parent_id)


async def close_unit(session: AsyncSession, unit: Unit, day: date | None) -> None:
    """Close a unit in which nobody serves, from a day on; None opens it again."""
    after = replace(unit, closed_on=day)
    await store.close_unit(session, unit.unit_id, day)
    await store.add_unit_states(session, [after], clock.now())
    audit.changed(session, "unit", unit.unit_id, unit, after)


async def record_asn(
    session: AsyncSession,
    rows: Sequence[AsnRow],
    *,
    by_hand: bool = False,
    cause: Cause = "api",
    since: date | None = None,
) -> Answer:
    """Record people, contacts and their histories; tells only what changed. Raises `Problem` naming the rows at fault.

    A row without id finds its person by an earlier NIP, too, and leaves the present one; which rows did is answered, and
    which NIPs somebody else had before.

    `by_hand`: somebody decided it, so that no file overwrites silently what changed. `since`: the day from which on it
    holds, today unless given.
    """
    ids = await _identified(session, rows)
    before = {p.asn_id: _own(p) for p in await store.take_people(session, [ids[row.nip] for row in rows])}
    people = [_asn(row, ids, before.get(ids[row.nip])) for row in rows]
    units = await _checked(session, people, before)
    reached = {c.asn_id: c for c in await store.load_contacts(session, ids.values())}
    had = await store.had_by_others(session, [(p.asn_id, p.nip) for p in people if _has_new_nip(p, before)])
    known = {p.asn_id: p for p in people}
    own = {asn_id: known[asn_id] for asn_id in await store.add_people(session, people)}
    told = [_whole(one, units) for one in own.values()]
    await _keep_history(session, told, before, cause, since or clock.today())
    adding = store.add_contacts(session, [_contact(row, ids[row.nip]) for row in rows])
    contacts, _noted = await meanwhile(adding, lambda: _note(session, before, own.values()))
    _note_contacts(session, reached, contacts)
    if by_hand:
        edits = [*changed_fields(before, own), *changed_fields(reached, {c.asn_id: c for c in contacts})]
        await store.mark_by_hand(session, edits)
    await emit(session, [*(p.recorded() for p in told), *(c.recorded() for c in contacts)])
    recorded = {"recorded": len(told), "unchanged": len(people) - len(told), "earlier_nip_of_others": had}
    return recorded | _answer(rows, people, ids)


async def _identified(session: AsyncSession, rows: Sequence[AsnRow]) -> dict[str, UUID]:
    """By NIP whose rows these are, new ids included, and who their supervisors are; agencies and people are held."""
    await store.share_agencies(session, {row.agency_code for row in rows})
    ids = await _hold_named(session, rows)
    for row in rows:
        ids[row.nip] = row.id or ids.get(row.nip) or new_id()
    return ids


async def _checked(
    session: AsyncSession, people: Sequence[Asn], before: Mapping[UUID, Asn]
) -> dict[UUID, Unit]:
    """Units of people's agencies; raises `Problem` naming what the register does not take."""
    units = await store.load_units(session, {person.agency_code for person in people})
    await check_merged(session, people)
    await check_people(session, people, units)
    await check_leaving(session, people, before)
    return units


async def _keep_history(
    session: AsyncSession, told: Sequence[Asn], before: Mapping[UUID, Asn], cause: Cause, since: date
) -> None:
    """NIPs that were others before, and where people serve since when."""
    renumbered = [one for one in told if one.asn_id in before and _has_new_nip(one, before)]
    await store.keep_earlier(session, [(one.asn_id, before[one.asn_id].nip) for one in renumbered])
    await keep(session, told, before, cause, since)


def _note_contacts(
    session: AsyncSession, reached: Mapping[UUID, Contact], contacts: Iterable[Contact]
) -> None:
    for one in contacts:
        audit.changed(session, "contact", one.asn_id, reached.get(one.asn_id), one, person=one.asn_id)


def _answer(rows: Sequence[AsnRow], people: Sequence[Asn], ids: Mapping[str, UUID]) -> Answer:
    unknown = [row.nip for row in rows if row.supervisor_nip and row.supervisor_nip not in ids]
    return {
        "without_supervisor": unknown,
        "by_earlier_nip": [row.nip for row, one in zip(rows, people, strict=True) if row.nip != one.nip],
        "ids": {row.nip: ids[row.nip] for row in rows},
    }


async def free_led(session: AsyncSession, asn_id: UUID, agency: str) -> None:
    """Let a person lead nobody in an agency any more, nor see their records; a later report names who does."""
    told = await store.load_people(session, await store.free_led(session, asn_id, agency))
    before, after = {"supervisor_id": asn_id}, {"supervisor_id": None}
    for one in told:
        audit.changed(session, "asn", one.asn_id, before, after, person=one.asn_id)
    await emit(session, [one.recorded() for one in told])


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


def _asn(row: AsnRow, ids: dict[str, UUID], before: Asn | None) -> Asn:
    supervisor = row.supervisor_id or ids.get(row.supervisor_nip or "")
    nip = before.nip if before and row.id is None else row.nip
    employment = row.employment or ("PPPK" if employment_of(nip) == "PPPK" else "PNS")
    return Asn(
        asn_id=ids[row.nip],
        nip=nip,
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
        left_on=_left_on(row, before),
        contract_ends_on=row.contract_ends_on,
        left_reason=_left_reason(row, before),
        appointment=_appointment(row, before, employment),
    )


def _has_new_nip(person: Asn, before: Mapping[UUID, Asn]) -> bool:
    return person.asn_id not in before or before[person.asn_id].nip != person.nip


def _appointment(row: AsnRow, before: Asn | None, employment: str) -> Appointment:
    """What was recorded stands where a row does not speak of it, as long as it belongs to the employment."""
    if before and "appointment" not in row.model_fields_set:
        return before.appointment if before.employment == employment else ""
    return row.appointment


def _left_on(row: AsnRow, before: Asn | None) -> date | None:
    """A row that does not speak of leaving takes nobody's leaving back."""
    return before.left_on if before and "left_on" not in row.model_fields_set else row.left_on


def _left_reason(row: AsnRow, before: Asn | None) -> str:
    told = "left_reason" in row.model_fields_set
    return (
        before.left_reason
        if before and not told and before.left_on == _left_on(row, before)
        else row.left_reason
    )


def _own(person: Asn) -> Asn:
    """A person without what is their unit's."""
    return replace(person, unit_name="", unit_path=())


def _note(session: AsyncSession, before: Mapping[UUID, Asn], people: Iterable[Asn]) -> None:
    for one in people:
        audit.changed(session, "asn", one.asn_id, before.get(one.asn_id), one, person=one.asn_id)


def _whole(person: Asn, units: Mapping[UUID, Unit]) -> Asn:
    """A person with what is their unit's."""
    unit = units[person.unit_id] if person.unit_id else None
    return replace(person, unit_name=unit.name, unit_path=unit.path) if unit else person


def _contact(row: AsnRow, asn_id: UUID) -> Contact:
    return Contact(asn_id, row.email, row.phone, row.language)


async def erase_asn(session: AsyncSession, asn_id: UUID) -> Answer:
    """Erase a person; the tombstones carry it to everyone. Those they supervised are told anew."""
    nips = [person.nip for person in await store.load_people(session, [asn_id])]
    earlier = await store.find_people(session, [one.nip for one in await store.load_earlier(session, asn_id)])
    nips += [
        nip for nip, found in sorted(earlier.items()) if found == asn_id
    ]  # none that is somebody else's now
    told = await store.load_people(session, await store.erase(session, asn_id))
    audit.changed(session, "asn", asn_id, {"recorded": True}, {"recorded": False}, person=asn_id)
    gone = await merged.gone_into(session, [asn_id])
    await audit.erase(session, [asn_id, *gone])
    payload = {"asn_id": str(asn_id), "times": 0}
    left = [
        DueItem(ERASED, f"{asn_id}#{n}", clock.now() + FORGET_AFTER, payload | {"nip": nip, "place": n})
        for n, nip in enumerate(nips)
    ]
    await due.add(session, left)
    erased = [*(AsnErased(asn_id=one) for one in (asn_id, *gone)), ContactErased(asn_id=asn_id)]
    await accounts.unlink(session, asn_id)
    await kept_forms.forget_of(session, [asn_id])
    ended = await accounts.end_sessions_of(session, [asn_id])
    await emit(session, [*erased, *(person.recorded() for person in told), *ended])
    return {"erased": asn_id}
