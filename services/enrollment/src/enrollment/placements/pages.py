"""`/enrollment/pegawai/{asn_id}`: where does somebody serve, where before, and what changes now?"""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import PageCommand
from bina.web.formats import day
from bina.web.language import gettext as _
from bina.web.masking import nip_for
from bina.web.permissions import may, reach_of
from bina.web.problems import not_found
from enrollment.placements import commands, store
from enrollment.placements.commands import FULL, RECORD, TRANSFER
from enrollment.placements.view import reason_of, reasons, timeline
from enrollment.register import store as register
from enrollment.register.domain import APPOINTMENTS, Asn, Unit
from enrollment.register.store import EarlierNip
from enrollment.register.words import appointment_name, status_name
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/pegawai/{asn_id}"
Clerk = Annotated[Person, may("people.record")]


@router.get(PATH)
async def show(
    request: Request, asn_id: UUID, person: Annotated[Person, may("person.read")], reads: OthersRecords
) -> Response:
    """Somebody's place and history."""
    async with request.app.state.runtime.sessions() as session:
        asn = await _in_reach(session, person, asn_id)
        history = (await store.load(session, [asn_id])).get(asn_id, [])
        agencies = await register.load_agencies(session)
        units = await register.load_units(session, {asn.agency_code, *(one.agency_code for one in history)})
        above = await register.load_people(session, [asn.supervisor_id] if asn.supervisor_id else [])
        live = await store.load_live(session, asn_id)
        earlier = await register.load_earlier(session, asn_id)
    await reads.of([asn_id, *(one.asn_id for one in above)])
    left = asn.left_on is not None and asn.left_on <= clock.today()
    return pages.render(
        request,
        "placements/person.html",
        asn=asn,
        status=status_name(asn.status),
        nip=nip_for(person, asn.nip, asn.asn_id, asn.agency_code, asn.unit_path),
        earlier=_earlier(person, asn, earlier),
        agency=agencies[asn.agency_code],
        above=above[0].name if above else "",
        left=left,
        lead=_lead(asn, agencies[asn.agency_code], left=left),
        past=timeline(history, asn, agencies, units),
        live=live,
        reason=reason_of(asn.left_reason),
        today=clock.today(),
        here=f"/enrollment/pegawai/{asn_id}",
        back=f"/enrollment/unit/{asn.unit_id}" if asn.unit_id and _reads_units(person) else "",
        **_changing(person, asn, agencies, units),
    )


@router.post(PATH + "/penempatan")
async def place(asn_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Another unit or position."""

    async def effect(session: AsyncSession) -> str:
        await commands.place(
            session, person, asn_id, unit=command.text("unit"), position=command.text("position"), on=command.text("since")
        )  # fmt: skip
        return _next(asn_id)

    return await command.redirect(effect, done=_("Penempatan tersimpan."))


@router.post(PATH + "/pengangkatan")
async def appoint(asn_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Another appointment."""

    async def effect(session: AsyncSession) -> str:
        await commands.appoint(session, person, asn_id, command.text("appointment"))
        return _next(asn_id)

    return await command.redirect(effect, done=_("Pengangkatan tersimpan."))


@router.post(PATH + "/berhenti")
async def leave(asn_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Service ends."""

    async def effect(session: AsyncSession) -> str:
        await commands.leave(session, person, asn_id, command.text("left_on"), command.text("left_reason"))
        return _next(asn_id)

    return await command.redirect(effect, done=_("Tanggal berhenti tersimpan."))


@router.post(PATH + "/kembali")
async def come_back(asn_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Service begins again."""

    async def effect(session: AsyncSession) -> str:
        await commands.come_back(session, person, asn_id, command.text("since"))
        return _next(asn_id)

    return await command.redirect(effect, done=_("Pegawai tercatat bertugas kembali."))


@router.post(PATH + "/instansi")
async def transfer(
    asn_id: UUID, person: Annotated[Person, may("people.transfer")], command: PageCommand
) -> Response:
    """To another agency."""

    async def effect(session: AsyncSession) -> str:
        await commands.transfer(session, person, asn_id, command.text("agency"), command.text("since"))
        return (
            f"/enrollment/pegawai/{asn_id}"
            if reach_of(person, "person.read").everything
            else "/enrollment/unit"
        )

    return await command.redirect(
        effect, done=_("Pegawai dipindahkan; instansi tujuan menempatkannya di unit.")
    )


async def _in_reach(session: AsyncSession, person: Person, asn_id: UUID) -> Asn:
    """Somebody in reach; absent and foreign look the same."""
    reach = reach_of(person, "person.read")
    for asn in await register.load_people(session, [asn_id]):
        if reach.covers_person(asn.asn_id, asn.agency_code, asn.unit_path, asn.supervisor_id):
            return asn
    raise not_found(_("Pegawai ini tidak ada."))


def _earlier(reader: Person, asn: Asn, numbers: Sequence[EarlierNip]) -> str:
    """NIPs that somebody had before, as far as the reader may see them."""
    said = _("%(nip)s sampai %(day)s")
    return "; ".join(
        said
        % {"nip": nip_for(reader, one.nip, asn.asn_id, asn.agency_code, asn.unit_path), "day": day(one.until)}
        for one in numbers
    )


def _lead(asn: Asn, agency: str, *, left: bool) -> str:
    if left:
        return _("Sudah berhenti; terakhir di %(where)s.") % {"where": asn.unit_name or agency}
    return _("Bertugas di %(where)s.") % {"where": ", ".join(filter(None, [asn.unit_name, agency]))}


def _changing(person: Person, asn: Asn, agencies: dict[str, str], units: dict[UUID, Unit]) -> dict[str, Any]:
    """What the reader may change, and the choices that they have."""
    reach = reach_of(person, RECORD)
    within = None if reach.everything else reach.unit_id
    open_units = [
        (one.unit_id, one.name if one.parent_id is None else f"{one.name} · {_name(one.parent_id, units)}")
        for one in units.values()
        if one.agency_code == asn.agency_code
        and one.closed_on is None
        and (within is None or within in one.path)
    ]
    return {
        "records": reach.covers_place(asn.agency_code, asn.unit_path),
        "transfers": reach_of(person, TRANSFER).covers_place(asn.agency_code, asn.unit_path),
        "units": open_units,
        "unplaced": within is None,
        "others": [(code, name) for code, name in agencies.items() if code != asn.agency_code],
        "reasons": reasons(),
        "appointments": [(one or FULL, appointment_name(one)) for one in APPOINTMENTS[asn.employment]],
        "appointed": asn.appointment or FULL,
    }


def _name(unit: UUID, units: dict[UUID, Unit]) -> str:
    return units[unit].name if unit in units else ""


def _reads_units(person: Person) -> bool:
    return bool(reach_of(person, "people.list"))


def _next(asn_id: UUID) -> str:
    return f"/enrollment/pegawai/{asn_id}"
