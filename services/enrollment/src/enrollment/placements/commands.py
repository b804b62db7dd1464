"""Moves, leaving and returning: by the register's own rules, with the day on which they hold."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import check_places
from bina.web.problems import not_found
from enrollment.placements import store
from enrollment.placements.forms import read_day, read_unit
from enrollment.placements.leaving import faults_of_leaving
from enrollment.placements.problems import already_there, has_left, invalid, serves, too_early
from enrollment.register import granting, recording
from enrollment.register import store as register
from enrollment.register.allowing import check_rows
from enrollment.register.bodies import LEAVING, AsnRow
from enrollment.register.domain import APPOINTMENTS, Asn
from enrollment.rights.asking import whole_row

RECORD, TRANSFER = "people.record", "people.transfer"
FULL = "penuh"
"""What a form calls an appointment that is neither on probation nor of part time."""


async def place(
    session: AsyncSession, clerk: Person, asn_id: UUID, *, unit: str, position: str, on: str
) -> None:
    """Another unit of the same agency, or another position, from a day on."""
    asn = await _serving(session, clerk, asn_id, RECORD)
    day = await _day(session, asn, on)
    await _record(session, clerk, asn, {"unit_id": read_unit(unit), "position": position}, since=day)


async def appoint(session: AsyncSession, clerk: Person, asn_id: UUID, words: str) -> None:
    """Another appointment of the same employment: a CPNS becomes a PNS, a PPPK of part time serves full time."""
    asn = await _serving(session, clerk, asn_id, RECORD)
    chosen = {one or FULL: one for one in APPOINTMENTS[asn.employment]}
    if words not in chosen:
        raise invalid("appointment", _("Pilih pengangkatan yang sesuai dengan kepegawaiannya."))
    await _record(session, clerk, asn, {"appointment": chosen[words]})


async def leave(session: AsyncSession, clerk: Person, asn_id: UUID, on: str, reason: str) -> None:
    """Service ends: `on` is the first day after it."""
    asn = await held(session, clerk, asn_id, RECORD)
    day = read_day("left_on", on)
    if reason not in LEAVING:
        raise invalid("left_reason", _("Pilih alasan berhenti."))
    if wrong := await faults_of_leaving(session, [replace(asn, left_on=day)], {asn_id: asn}):
        raise invalid("left_on", wrong[asn_id])
    await _record(session, clerk, asn, {"left_on": day, "left_reason": reason})


async def come_back(session: AsyncSession, clerk: Person, asn_id: UUID, on: str) -> None:
    """Somebody serves again where they did, from a day on; above the units where theirs is closed. Leaving that was only
    planned is taken back, so that nothing begins anew."""
    asn = await held(session, clerk, asn_id, RECORD)
    if asn.left_on is None:
        raise serves()
    changes: dict[str, Any] = {"left_on": None, "left_reason": ""}
    day = await _day_back(session, asn, asn.left_on, on)
    units = await register.find_units(session, [asn.unit_id] if asn.unit_id else [])
    if any(unit.closed_on for unit in units.values()):
        changes["unit_id"] = None
    await _record(session, clerk, asn, changes, since=day)


async def _day_back(session: AsyncSession, asn: Asn, left_on: date, on: str) -> date:
    """From when on somebody serves again; today where they never left."""
    if left_on > clock.today():
        return clock.today()
    day = await _day(session, asn, on)
    if day < left_on:
        raise too_early("since", left_on)
    return day


async def transfer(session: AsyncSession, clerk: Person, asn_id: UUID, agency: str, on: str) -> None:
    """To another agency, whose staff place them in a unit; roles of the old one end, and there they lead nobody any more.
    What they are enrolled in goes on as it is, reported for by the agency that it was asked for."""
    asn = await _serving(session, clerk, asn_id, TRANSFER)
    if agency not in await register.load_agencies(session):
        raise invalid("agency", _("Pilih instansi tujuan."))
    if agency == asn.agency_code:
        raise already_there()
    day = await _day(session, asn, on)
    for grant in await register.load_grants(session, [asn_id]):
        if grant.agency_code == asn.agency_code:
            await granting.revoke_role(session, asn_id, grant.role)
    moved = {"agency_code": agency, "unit_id": None, "supervisor_id": None}
    row = await whole_row(session, asn, moved)
    await recording.record_asn(session, [row], by_hand=True, cause="page", since=day)
    await recording.free_led(session, asn_id, asn.agency_code)


async def held(session: AsyncSession, clerk: Person, asn_id: UUID, action: str) -> Asn:
    """A person in the clerk's reach, locked until the transaction ends; absent and foreign look the same."""
    await register.lock_people(session, [asn_id])
    found = await register.load_people(session, [asn_id])
    if not found:
        raise not_found(_("Pegawai ini tidak ada."))
    check_places(clerk, action, [(found[0].agency_code, found[0].unit_path)])
    return found[0]


async def _serving(session: AsyncSession, clerk: Person, asn_id: UUID, action: str) -> Asn:
    asn = await held(session, clerk, asn_id, action)
    if asn.left_on is not None and asn.left_on <= clock.today():
        raise has_left(asn.left_on)
    return asn


async def _day(session: AsyncSession, asn: Asn, words: str) -> date:
    """From when on it holds: no later than today, and not before what the history says last."""
    on = read_day("since", words)
    if on > clock.today():
        raise invalid("since", _("Tanggal mulai berlaku paling lambat hari ini."))
    history = (await store.load(session, [asn.asn_id])).get(asn.asn_id, [])
    if history and on < history[-1].from_on:
        raise too_early("since", history[-1].from_on)
    return on


async def _record(
    session: AsyncSession, clerk: Person, asn: Asn, changes: dict[str, Any], *, since: date | None = None
) -> None:
    row: AsnRow = await whole_row(session, asn, changes)
    await check_rows(session, clerk, [row])
    if why := changes.get("left_reason"):
        audit.because(session, why, person=asn.asn_id)
    await recording.record_asn(session, [row], by_hand=True, cause="page", since=since)
