"""`/enrollment/pegawai/ganda`: who may be recorded twice?"""

from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import FormCommand, PageCommand
from bina.web.formats import day, number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.masking import nip_for
from bina.web.permissions import may, reach_of
from bina.web.problems import not_found
from enrollment.duplicates import commands, store
from enrollment.duplicates.domain import Clash, Pair
from enrollment.duplicates.moving import load_clashes
from enrollment.duplicates.problems import said_of, words_of
from enrollment.register import store as register
from enrollment.register.domain import Asn
from enrollment.register.words import status_name
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/pegawai/ganda"
PAGE = 20
Clerk = Annotated[Person, may("duplicate.decide")]


@router.get(PATH)
async def show(
    request: Request, person: Annotated[Person, may("duplicate.list")], reads: OthersRecords
) -> Response:
    """Pairs side by side, as far as they differ."""
    async with request.app.state.runtime.sessions() as session:
        found = await store.load_pairs(session, reach_of(person, "duplicate.list"), PAGE + 1)
        ids = {one for pair in found[:PAGE] for one in pair[:2]}
        people = {asn.asn_id: asn for asn in await register.load_people(session, ids)}
        dependent = await store.load_dependent(session, ids)
        clashes = await load_clashes(session, [(one, other) for one, other, _ in found[:PAGE]])
        agencies = await register.load_agencies(session)
    await reads.of(sorted(people))
    return pages.render(
        request,
        "duplicates/pairs.html",
        pairs=[Pair(people[one], people[other], why) for one, other, why in found[:PAGE]],
        lead=_lead(len(found)),
        said=partial(_said, person, agencies),
        label_of=_label,
        why_of=_why,
        moves_of=lambda asn: said_of(dependent[asn.asn_id]),
        reason_of=lambda pair: _reason(clashes.get((pair.first.asn_id, pair.second.asn_id))),
        base=PATH,
    )


@router.post(PATH + "/beda")
async def tell_apart(person: Clerk, command: PageCommand) -> Response:
    """They are two people."""

    async def effect(session: AsyncSession) -> str:
        await commands.tell_apart(session, person, _id(command, "satu"), _id(command, "lain"))
        return PATH

    return await command.redirect(
        effect, done=_("Dicatat sebagai dua orang; pasangan ini tidak ditanyakan lagi.")
    )


@router.post(PATH + "/gabung")
async def merge(person: Clerk, command: PageCommand) -> Response:
    """One of the two stays."""

    async def effect(session: AsyncSession) -> str:
        kept = _id(command, "tetap")
        await commands.merge(session, person, kept, _id(command, "lain"))
        return f"/enrollment/pegawai/{kept}"

    return await command.redirect(effect, done=_("Data digabungkan."))


def _said(reader: Person, agencies: dict[str, str], asn: Asn, name: str) -> str:
    """What a record says of itself."""
    if name == "nip":
        return nip_for(reader, asn.nip, asn.asn_id, asn.agency_code, asn.unit_path)
    if name == "status":
        return status_name(asn.status)
    value: Any = getattr(asn, name)
    if name == "agency_code":
        return agencies.get(asn.agency_code, asn.agency_code)
    return day(value) if isinstance(value, date) else str(value or _("belum diisi"))


def _reason(clash: Clash | None) -> str:
    """Why a pair cannot be merged now; empty where it can."""
    return words_of(clash) if clash else ""


def _label(name: str) -> str:
    words = {
        "nip": "NIP", "name": _("Nama"), "status": _("Kepegawaian"), "agency_code": _("Instansi"),
        "unit_name": _("Unit"), "position": _("Jabatan"), "job_level": _("Jenjang"), "grade": _("Golongan"),
        "gender": _("Jenis kelamin"), "started_on": _("Terhitung mulai"), "left_on": _("Berhenti"),
    }  # fmt: skip
    return words[name]


def _why(pair: Pair) -> str:
    return (
        _("Nama dan tanggal lahir sama")
        if pair.why == "name"
        else _("NIP hampir sama, nama depan dan inisial sama")
    )


def _lead(pairs: int) -> str:
    if not pairs:
        return _("Tidak ada pasangan yang perlu diperiksa.")
    if pairs > PAGE:
        return _("%(n)s pasangan pertama; yang lain muncul setelah ini diputuskan.") % {"n": number(PAGE)}
    return counted("%(n)s pasangan mungkin satu orang.", pairs) % {"n": number(pairs)}


def _id(command: FormCommand, field: str) -> UUID:
    try:
        return UUID(command.text(field))
    except ValueError as wrong:
        raise not_found(_("Pegawai ini tidak ada.")) from wrong
