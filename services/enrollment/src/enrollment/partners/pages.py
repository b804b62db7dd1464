"""`/enrollment/mitra` and `/enrollment/narasumber`: with whom are trainings given, and what did they give?"""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import FormCommand, PageCommand
from bina.web.language import gettext as _
from bina.web.permissions import can, may
from bina.web.problems import Problem, not_found
from bina.web.tables import Column, Key, Table, Term
from enrollment.partners import commands, store
from enrollment.partners.domain import ACTION, Partner, Speaker, keeps, masked
from enrollment.partners.store import ListedPartner, ListedSpeaker
from enrollment.shell import pages

router = APIRouter()
PARTNERS, SPEAKERS = "/enrollment/mitra", "/enrollment/narasumber"
PAGE = 50
Reader = Annotated[Person, may("partner.list")]
Writer = Annotated[Person, may(ACTION)]
Words = Annotated[Term, Query()]
PARTNER_FIELDS = ("name", "kind", "region", "accreditation", "contact")
SPEAKER_FIELDS = ("name", "expertise", "region", "contact", "partner_id", "nip")
Wrong = Mapping[str, str]


class Filled(NamedTuple):
    """A form as it was filled in, None where it was not, and what is wrong with it."""

    given: Mapping[str, Any] | None = None
    wrong: Wrong = MappingProxyType({})


EMPTY = Filled()


@router.get(PARTNERS)
async def partners(request: Request, person: Reader, kata: Words = "") -> Response:
    """Institutions, and what they gave."""
    return await _partners(request, person, kata, EMPTY)


@router.post(PARTNERS)
async def add_partner(request: Request, person: Writer, command: PageCommand) -> Response:
    """Record one."""
    form = _given(command, PARTNER_FIELDS)

    async def effect(session: AsyncSession) -> str:
        return f"{PARTNERS}/{await commands.record_partner(session, person, form)}"

    return await _sent(command, effect, lambda wrong: _partners(request, person, "", Filled(form, wrong)))


@router.get(PARTNERS + "/{partner_id}")
async def partner(request: Request, partner_id: UUID, person: Reader) -> Response:
    """One, its runs, and the form to change it."""
    return await _partner(request, person, partner_id, EMPTY)


@router.post(PARTNERS + "/{partner_id}")
async def change_partner(
    request: Request, partner_id: UUID, person: Writer, command: PageCommand
) -> Response:
    """Change it."""
    form = _given(command, PARTNER_FIELDS)

    async def effect(session: AsyncSession) -> str:
        return f"{PARTNERS}/{await commands.record_partner(session, person, form, partner_id)}"

    return await _sent(
        command, effect, lambda wrong: _partner(request, person, partner_id, Filled(form, wrong))
    )


@router.get(SPEAKERS)
async def speakers(request: Request, person: Reader, reads: OthersRecords, kata: Words = "") -> Response:
    """Speakers, and what they gave."""
    return await _speakers(request, person, reads, kata, EMPTY)


@router.post(SPEAKERS)
async def add_speaker(
    request: Request, person: Writer, reads: OthersRecords, command: PageCommand
) -> Response:
    """Record one."""
    form = _given(command, SPEAKER_FIELDS)

    async def effect(session: AsyncSession) -> str:
        return f"{SPEAKERS}/{await commands.record_speaker(session, person, form)}"

    return await _sent(
        command, effect, lambda wrong: _speakers(request, person, reads, "", Filled(form, wrong))
    )


@router.get(SPEAKERS + "/{speaker_id}")
async def speaker(request: Request, speaker_id: UUID, person: Reader, reads: OthersRecords) -> Response:
    """One, their runs, and the form to change them."""
    return await _speaker(request, person, reads, speaker_id, EMPTY)


@router.post(SPEAKERS + "/{speaker_id}")
async def change_speaker(
    request: Request, speaker_id: UUID, person: Writer, reads: OthersRecords, command: PageCommand
) -> Response:
    """Change them."""
    form = _given(command, SPEAKER_FIELDS)

    async def effect(session: AsyncSession) -> str:
        return f"{SPEAKERS}/{await commands.record_speaker(session, person, form, speaker_id)}"

    return await _sent(
        command, effect, lambda wrong: _speaker(request, person, reads, speaker_id, Filled(form, wrong))
    )


@router.post(SPEAKERS + "/{speaker_id}/hapus")
async def forget_speaker(speaker_id: UUID, person: Writer, command: PageCommand) -> Response:
    """Forget them."""

    async def effect(session: AsyncSession) -> str:
        await commands.forget_speaker(session, person, speaker_id)
        return SPEAKERS

    return await command.redirect(effect, done=_("Narasumber dihapus; sesinya tetap ada."))


async def _sent(command: FormCommand, effect: Any, again: Any) -> Response:
    try:
        return await command.redirect(effect, done=_("Tersimpan."))
    except Problem as problem:
        if problem.type != "invalid-input":
            raise
        found: Response = await again({fault.where: fault.what for fault in problem.errors})
        return found


async def _partners(request: Request, person: Person, kata: str, filled: Filled) -> Response:
    table = _partner_table()
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        page = await asked.page(session, store.partners_found(kata), PAGE)
    return pages.render(
        request,
        "partners/partners.html",
        status_code=422 if filled.wrong else 200,
        list=table.shown(request, asked, page, filters=["kata"]),
        **_common(person, kata, filled),
    )


async def _partner(request: Request, person: Person, partner_id: UUID, filled: Filled) -> Response:
    async with request.app.state.runtime.sessions() as session:
        found = (await store.load_partners(session, [partner_id])).get(partner_id)
        runs = await store.load_runs_given(session, "partners", partner_id)
    if found is None:
        raise not_found(_("Mitra ini tidak ada."))
    return pages.render(
        request,
        "partners/partner.html",
        status_code=422 if filled.wrong else 200,
        one=found,
        runs=runs,
        contact=_contact(person, found),
        keeps=keeps(person, found.recorded_by),
        **_common(person, "", filled if filled.given else Filled(asdict(found))),
    )


async def _speakers(
    request: Request, person: Person, reads: OthersRecords, kata: str, filled: Filled
) -> Response:
    table = _speaker_table()
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        page = await asked.page(session, store.speakers_found(kata), PAGE)
        institutions = await store.load_choices(session, "partners")
    await reads.of([one.speaker.asn_id for one in page.rows if one.speaker.asn_id])
    return pages.render(
        request,
        "partners/speakers.html",
        status_code=422 if filled.wrong else 200,
        list=table.shown(request, asked, page, filters=["kata"]),
        institutions=institutions,
        **_common(person, kata, filled),
    )


async def _speaker(
    request: Request, person: Person, reads: OthersRecords, speaker_id: UUID, filled: Filled
) -> Response:
    async with request.app.state.runtime.sessions() as session:
        found = (await store.load_speakers(session, [speaker_id])).get(speaker_id)
        runs = await store.load_runs_given(session, "speakers", speaker_id)
        institutions = await store.load_choices(session, "partners")
    if found is None:
        raise not_found(_("Narasumber ini tidak ada."))
    await reads.of([found.asn_id] if found.asn_id else [])
    own = Filled({**asdict(found), "partner_id": str(found.partner_id or ""), "nip": ""})
    return pages.render(
        request,
        "partners/speaker.html",
        status_code=422 if filled.wrong else 200,
        one=found,
        runs=runs,
        contact=_contact(person, found),
        keeps=keeps(person, found.recorded_by),
        institutions=institutions,
        institution=dict(institutions).get(found.partner_id, "") if found.partner_id else "",
        **_common(person, "", filled if filled.given else own),
    )


def _contact(person: Person, one: Partner | Speaker) -> str:
    return one.contact if keeps(person, one.recorded_by) else masked(one.contact)


def _common(person: Person, kata: str, filled: Filled) -> dict[str, Any]:
    return {
        "words": kata,
        "given": filled.given or {},
        "errors": filled.wrong,
        "writes": can(person, ACTION),
        "partners": PARTNERS,
        "speakers": SPEAKERS,
    }


def _given(command: FormCommand, fields: tuple[str, ...]) -> dict[str, str]:
    return {name: command.text(name) for name in fields}


def _partner_table() -> Table[ListedPartner]:
    columns: list[Column[ListedPartner]] = [
        Column("nama", _("Nama"), lambda one: one.partner.name, [Key("name", "text")]),
        Column("jenis", _("Jenis"), lambda one: one.partner.kind, [Key("kind", "text"), Key("name", "text")]),
        Column("daerah", _("Daerah"), lambda one: one.partner.region, [Key("region", "text"), Key("name", "text")]),
        Column("akreditasi", _("Akreditasi"), lambda one: one.partner.accreditation),
        Column("angkatan", _("Angkatan"), lambda one: one.given.runs, [Key("runs", "bigint")], number=True, descending=True),
        Column("peserta", _("Peserta"), lambda one: one.given.participants, number=True),
    ]  # fmt: skip
    return Table("mitra", columns, id=Key("partner_id", "uuid"), default="nama")


def _speaker_table() -> Table[ListedSpeaker]:
    columns: list[Column[ListedSpeaker]] = [
        Column("nama", _("Nama"), lambda one: one.speaker.name, [Key("name", "text")]),
        Column("keahlian", _("Keahlian"), lambda one: one.speaker.expertise),
        Column("daerah", _("Daerah"), lambda one: one.speaker.region, [Key("region", "text"), Key("name", "text")]),
        Column("mitra", _("Mitra"), lambda one: one.institution, [Key("institution", "text"), Key("name", "text")]),
        Column("sesi", _("Sesi"), lambda one: one.given.sessions, [Key("sessions", "bigint")], number=True, descending=True),
        Column("peserta", _("Peserta"), lambda one: one.given.participants, number=True),
    ]  # fmt: skip
    return Table("narasumber", columns, id=Key("speaker_id", "uuid"), default="nama")
