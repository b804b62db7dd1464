"""`/enrollment/jp/ajukan`: what I learned elsewhere. `/enrollment/pengajuan-jp`: whose evidence waits for an answer?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords, Reading
from bina.web.commands import FormCommand, PageCommand
from bina.web.forms import takes_files
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.masking import masked_in, nip_for, reads_nip
from bina.web.navigation import Link
from bina.web.own_data.routes import id_of
from bina.web.permissions import Reach, may, reach_of
from bina.web.problems import Problem, not_found
from bina.web.tables import Column, Format, Key, Table, export
from bina.web.tables import Query as Listing
from enrollment.credits import asking, deciding, store
from enrollment.credits.asking import Asked
from enrollment.credits.domain import ENDINGS, LARGEST_EVIDENCE, Conversions, conversions
from enrollment.credits.store import Listed
from enrollment.credits.view import line, options
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
OWN, LIST = "/enrollment/jp/ajukan", "/enrollment/pengajuan-jp"
PAGE = 50
Asker = Annotated[Person, may("jp_credit.ask")]
Clerk = Annotated[Person, may("jp_credit.decide")]
Reader = Annotated[Person, may("jp_credit.list")]
Tab = Literal["", "diterima", "ditolak"]
STATES: Mapping[str, Sequence[str]] = {
    "": ["open"],
    "diterima": ["verified"],
    "ditolak": ["refused", "withdrawn"],
}


@router.get(OWN)
async def form(request: Request, person: Annotated[Person, may("jp.own")]) -> Response:
    """Hand in a certificate or other learning; what became of earlier ones."""
    return await _own(request, person, {}, {})


@router.post(OWN, dependencies=[takes_files(1, largest=LARGEST_EVIDENCE)])
async def ask(request: Request, person: Asker, command: PageCommand) -> Response:
    """Hand it in, with its evidence."""
    asked, evidence = _asked(command), await _evidence(command)

    async def effect(session: AsyncSession) -> str:
        await asking.ask(session, id_of(person), asked, evidence, _table_of(request))
        return f"{OWN}#pengajuan"

    try:
        return await command.redirect(effect, done=_("Pengajuan tercatat dan menunggu pemeriksaan."))
    except Problem as problem:
        if problem.type != "invalid-input":
            raise
        wrong = {fault.where: fault.what for fault in problem.errors}
        return await _own(request, person, asdict(asked), wrong)


@router.post(OWN + "/{credit_id}/cabut")
async def withdraw(credit_id: UUID, person: Asker, command: PageCommand) -> Response:
    """Take it back before it is answered."""

    async def effect(session: AsyncSession) -> str:
        await asking.withdraw(session, id_of(person), credit_id)
        return f"{OWN}#pengajuan"

    return await command.redirect(effect, done=_("Pengajuan ditarik dan buktinya dihapus."))


@router.get(LIST)
async def waiting(
    request: Request, person: Reader, reads: OthersRecords, *, keadaan: Annotated[Tab, Query()] = ""
) -> Response:
    """Who waits for an answer, the oldest first."""
    reach, table = reach_of(person, "jp_credit.list"), _list(person)
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        page = await asked.page(session, _found(person, keadaan), PAGE)
        opened = await store.count_open(session, reach)
    await _note(reads, page.rows)
    return pages.render(
        request,
        "credits/waiting.html",
        list=table.shown(request, asked, page, filters=["keadaan"], files=LIST),
        lead=_lead(opened),
        tabs=_tabs(keadaan),
        line_of=line,
        nip_of=partial(_nip, person),
        base=LIST,
    )


@router.get(LIST + ".{form}")
async def waiting_file(
    request: Request,
    form: Format,
    person: Reader,
    reads: OthersRecords,
    *,
    keadaan: Annotated[Tab, Query()] = "",
) -> Response:
    """The same as a file."""
    found = _found(person, keadaan)
    return await export(request, _list(person), found, form, partial(_note, reads))


@router.get(LIST + "/{credit_id}")
async def show(request: Request, credit_id: UUID, person: Reader, reads: OthersRecords) -> Response:
    """One, with what it is decided by."""
    async with request.app.state.runtime.sessions() as session:
        found = _as_read(person, await _in_reach(session, reach_of(person, "jp_credit.list"), credit_id))
        kept = await store.has_evidence(session, credit_id)
    await reads.of([found.credit.asn_id])
    return pages.render(
        request,
        "credits/one.html",
        one=found,
        line=line(found.credit),
        evidence=kept,
        nip=_nip(person, found),
        own=person.person_id == found.credit.asn_id,
        source=_table_of(request).source,
        base=f"{LIST}/{credit_id}",
        back=LIST,
    )


@router.get(LIST + "/{credit_id}/bukti")
async def evidence(
    request: Request, credit_id: UUID, person: Annotated[Person, may("jp_credit.read")], reads: OthersRecords
) -> Response:
    """Its evidence, to be saved and looked at by itself: nothing of it runs in this site."""
    async with request.app.state.runtime.sessions() as session:
        found = await _in_reach(session, reach_of(person, "jp_credit.read"), credit_id)
        kept = await store.load_evidence(session, credit_id)
    if kept is None:
        raise not_found(_("Bukti ini sudah tidak disimpan."))
    await reads.of([found.credit.asn_id])
    media_type, content = kept
    name = f"bukti-{credit_id}.{ENDINGS[media_type]}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=media_type, headers=headers)


@router.post(LIST + "/{credit_id}/setujui")
async def verify(credit_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Count it."""

    async def effect(session: AsyncSession) -> str:
        await deciding.verify(session, person, credit_id, _jp(command), command.text("answer"))
        return LIST

    return await command.redirect(effect, done=_("Pengajuan diterima; JP masuk ke buku JP pegawai."))


@router.post(LIST + "/{credit_id}/tolak")
async def refuse(credit_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Say why not."""

    async def effect(session: AsyncSession) -> str:
        await deciding.refuse(session, person, credit_id, command.text("answer"))
        return LIST

    return await command.redirect(effect, done=_("Pengajuan ditolak; alasannya terlihat oleh pemohon."))


@router.post(LIST + "/{credit_id}/koreksi")
async def correct(credit_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Another number of JP, after all."""

    async def effect(session: AsyncSession) -> str:
        await deciding.correct(session, person, credit_id, _jp(command), command.text("answer"))
        return f"{LIST}/{credit_id}"

    return await command.redirect(effect, done=_("JP dikoreksi: pembalik dan catatan baru ada di buku JP."))


async def _own(
    request: Request, person: Person, given: Mapping[str, Any], errors: Mapping[str, str]
) -> Response:
    table = _table_of(request)
    async with request.app.state.runtime.sessions() as session:
        if not await register.load_people(session, [id_of(person)]):
            raise not_found(_("Akun ini bukan pegawai di data ASN."))
        mine = await store.load_own(session, id_of(person))
    return pages.render(
        request,
        "credits/own.html",
        status_code=422 if errors else 200,
        options=options(table),
        table=table,
        converts=len(table.forms) > 2,
        given=given,
        errors=errors,
        lines=[line(one) for one in mine],
        today=clock.today(),
        base=OWN,
        list=LIST,
    )


async def _in_reach(session: AsyncSession, reach: Reach, credit_id: UUID) -> Listed:
    """One of them, with whose it is; absent and foreign look the same."""
    credit = await store.load_credit(session, credit_id)
    people = await register.load_people(session, [credit.asn_id]) if credit else []
    if credit is None or not any(
        reach.covers_person(p.asn_id, p.agency_code, p.unit_path, p.supervisor_id) for p in people
    ):
        raise not_found(_("Pengajuan ini tidak ada."))
    asn = people[0]
    return Listed(credit, asn.nip, asn.name, asn.agency_code, asn.unit_name, asn.unit_path)


def _found(reader: Person, tab: Tab) -> Listing[Listed]:
    found = store.credits_of(reach_of(reader, "jp_credit.list"), STATES[tab])
    return replace(found, each=lambda row: _as_read(reader, found.each(row)))


def _as_read(reader: Person, one: Listed) -> Listed:
    """Without the NIPs that people write into numbers and titles, for whoever may not read them."""
    c = one.credit
    if reads_nip(reader, c.asn_id, one.agency_code, one.unit_path):
        return one
    masked = replace(
        c, title=masked_in(c.title), provider=masked_in(c.provider), number=masked_in(c.number), answer=masked_in(c.answer)
    )  # fmt: skip
    return one._replace(credit=masked)


def _list(reader: Person) -> Table[Listed]:
    columns: list[Column[Listed]] = [
        Column("nama", _("Nama"), lambda one: one.name, [Key("name", "text")]),
        Column("nip", "NIP", partial(_nip, reader)),
        Column("unit", _("Unit"), lambda one: one.unit_name, [Key("unit_name", "text"), Key("name", "text")]),
        Column("kegiatan", _("Kegiatan"), lambda one: one.credit.title, [Key("title", "text")]),
        Column("jp", "JP", lambda one: line(one.credit).computed, [Key("minutes", "bigint")], number=True, descending=True),
        Column("diajukan", _("Diajukan"), lambda one: one.credit.asked_at, [Key("asked_at", "timestamptz")]),
        Column("penyelenggara", _("Penyelenggara"), lambda one: one.credit.provider, on_page=False),
        Column("nomor", _("Nomor"), lambda one: one.credit.number, on_page=False),
        Column("keadaan", _("Keadaan"), lambda one: line(one.credit).tag, on_page=False),
    ]  # fmt: skip
    return Table("pengajuan-jp", columns, id=Key("credit_id", "uuid"), default="diajukan")


def _tabs(tab: str) -> list[Link]:
    words = {"": _("Menunggu"), "diterima": _("Diterima"), "ditolak": _("Ditolak atau ditarik")}
    return [
        Link(word, f"{LIST}?keadaan={code}" if code else LIST, code == tab) for code, word in words.items()
    ]


def _lead(opened: int) -> str:
    if not opened:
        return _("Semua pengajuan sudah dijawab.")
    return counted("%(n)s pengajuan menunggu pemeriksaan.", opened) % {"n": opened}


async def _note(reads: Reading, rows: Sequence[Listed]) -> None:
    await reads.of([one.credit.asn_id for one in rows])


def _nip(reader: Person, one: Listed) -> str:
    return nip_for(reader, one.nip, one.credit.asn_id, one.agency_code, one.unit_path)


def _asked(command: FormCommand) -> Asked:
    names = ("form", "title", "provider", "number", "starts_on", "ends_on", "amount")
    return Asked(**{name: command.text(name) for name in names}, abroad=bool(command.text("abroad")))


async def _evidence(command: FormCommand) -> bytes:
    file = command.form.get("evidence")
    return await file.read(LARGEST_EVIDENCE + 1) if isinstance(file, UploadFile) else b""


def _jp(command: FormCommand) -> int | None:
    words = command.text("jp")
    return int(words) if words.isascii() and words.isdigit() and len(words) < 6 else None


def _table_of(request: Request) -> Conversions:
    return conversions(request.app.state.settings.jp_conversions)
