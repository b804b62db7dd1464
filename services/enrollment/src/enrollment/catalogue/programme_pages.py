"""`/enrollment/program`: which programmes are there, in which version, and what waits for an approval."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.commands import FormCommand, PageCommand
from bina.web.formats import jp
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.permissions import may, reach_of
from bina.web.problems import Problem, not_found
from bina.web.tables import Column, Key, Table, Term
from enrollment.catalogue import drafting, programme_form, store
from enrollment.catalogue.domain import Draft, Programme
from enrollment.catalogue.store import ListedProgramme, RunFilter
from enrollment.catalogue.view import KINDS, POSITIONS, differences, facts_of, state_of, way_of, ways
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
LIST, NEW = "/enrollment/program", "/enrollment/program-baru"
ONE = LIST + "/{code}"
PAGE, DRAFTS, RUNS = 50, 100, 20
Reader = Annotated[Person, may("catalogue.read")]
Writer = Annotated[Person, may(drafting.WRITE)]
Drafter = Annotated[Person, may(drafting.READ)]
Approver = Annotated[Person, may(drafting.APPROVE)]


@router.get(LIST)
async def programmes(request: Request, person: Reader, kata: Annotated[Term, Query()] = "") -> Response:
    """All that are in force; for whoever writes or approves them, drafts above."""
    table = _table()
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        page = await asked.page(session, store.programmes_found(kata, clock.today()), PAGE)
        drafts = await _drafts(session, person)
    return pages.render(
        request,
        "catalogue/programmes.html",
        list=table.shown(request, asked, page, filters=["kata"]),
        words=kata,
        drafts=[(draft, *state_of(draft), _meta(draft)) for draft in drafts],
        lead=_lead(drafts),
        base=LIST,
        new=NEW,
        way_of=way_of,
    )


@router.get(NEW)
async def new(request: Request, person: Drafter) -> Response:
    """An empty form."""
    return _form(request, person, None, {"positions": []}, {})


@router.post(NEW)
async def add(request: Request, person: Writer, command: PageCommand) -> Response:
    """Write the first draft of a programme."""
    return await _save(request, person, command, None)


@router.get(ONE)
async def show(request: Request, code: str, person: Reader) -> Response:
    """What it is, what changed from version to version, when it is given, and what is to become of it."""
    async with request.app.state.runtime.sessions() as session:
        current, draft = await _found(session, person, code)
        versions = await store.load_versions(session, code) or ([current] if current else [])
        owner = (await store.load_owners(session, [code])).get(code)
        runs = await store.page_of_runs(
            session, RunFilter(programme=code, running_on=clock.today()), limit=RUNS
        )
        agencies = await register.load_agencies(session)
    owner = draft.agency if draft else owner
    programme = draft.programme if draft and current is None else current
    return pages.render(
        request,
        "catalogue/programme.html",
        programme=programme,
        current=current,
        facts=facts_of(programme) if programme else [],
        owner=agencies.get(owner, owner) if owner else _("Pengelola platform"),
        history=_history(versions),
        draft=draft,
        draft_state=state_of(draft) if draft else None,
        draft_differences=differences(current, draft.programme) if draft else [],
        writes=_writes(person, owner),
        approves=drafting.covers(person, drafting.APPROVE, owner),
        own=bool(draft and person.person_id and draft.submitted_by == person.person_id),
        runs=runs,
        base=f"{LIST}/{code}",
        list=LIST,
    )


@router.get(ONE + "/ubah")
async def edit(request: Request, code: str, person: Drafter) -> Response:
    """The form with what is in force, or with the draft that is not handed in yet."""
    async with request.app.state.runtime.sessions() as session:
        current, draft = await _found(session, person, code)
        owner = draft.agency if draft else (await store.load_owners(session, [code])).get(code)
    known = draft.programme if draft else current
    if known is None or not drafting.covers(person, drafting.READ, owner):
        raise not_found(_("Program ini bukan milik instansi Anda."))
    return _form(request, person, code, programme_form.filled(known), {})


@router.post(ONE + "/ubah")
async def change(request: Request, code: str, person: Writer, command: PageCommand) -> Response:
    """Write what is to become the next version."""
    return await _save(request, person, command, code)


@router.post(ONE + "/ajukan")
async def submit(code: str, person: Writer, command: PageCommand) -> Response:
    """Hand the draft in."""

    async def effect(session: AsyncSession) -> str:
        await drafting.submit(session, person, code)
        return f"{LIST}/{code}"

    return await command.redirect(effect, done=_("Draf diajukan. Orang lain di instansi Anda menyetujuinya."))


@router.post(ONE + "/hapus-draf")
async def discard(code: str, person: Writer, command: PageCommand) -> Response:
    """Give the draft up."""

    async def effect(session: AsyncSession) -> str:
        await drafting.discard(session, person, code)
        return LIST

    return await command.redirect(effect, done=_("Draf dihapus; versi yang berlaku tidak berubah."))


@router.post(ONE + "/setujui")
async def approve(code: str, person: Approver, command: PageCommand) -> Response:
    """Make it the version in force."""

    async def effect(session: AsyncSession) -> str:
        await drafting.approve(session, person, code)
        return f"{LIST}/{code}"

    return await command.redirect(effect, done=_("Disetujui: versi ini berlaku untuk angkatan berikutnya."))


@router.post(ONE + "/kembalikan")
async def send_back(code: str, person: Approver, command: PageCommand) -> Response:
    """Say what is to be mended."""

    async def effect(session: AsyncSession) -> str:
        await drafting.send_back(session, person, code, command.text("reason"))
        return f"{LIST}/{code}"

    return await command.redirect(effect, done=_("Draf dikembalikan dengan alasannya."))


async def _save(request: Request, person: Person, command: FormCommand, code: str | None) -> Response:
    form = programme_form.given(command) | ({"code": code} if code else {})
    row, wrong = programme_form.read(form)
    if row is None:
        return _form(request, person, code, form, wrong)

    async def effect(session: AsyncSession) -> str:
        await drafting.check(session, [row])
        await store.hold_catalogue(session)
        known = (await store.load_programmes(session, [row.code])).get(row.code)
        if code is None and (known or await store.load_draft(session, row.code)):
            raise Problem(
                "programme-known", 409, _("Kode program ini sudah dipakai."), mend=_("Pakai kode lain.")
            )
        agency = reach_of(person, drafting.WRITE).agency_code
        await drafting.save_all(session, [drafting.programme_of(row, known)], agency)
        if command.text("then") == "submit":
            await drafting.submit(session, person, row.code)
        return f"{LIST}/{row.code}"

    try:
        return await command.redirect(effect, done=_("Draf tersimpan."))
    except Problem as problem:
        if problem.type != "invalid-input":
            raise
        faults = {fault.where.rpartition(".")[2]: fault.what for fault in problem.errors}
        wrong = {("theory" if where == "mix" else where): what for where, what in faults.items()}
        return _form(request, person, code, form, wrong)


def _form(
    request: Request, person: Person, code: str | None, form: Mapping[str, Any], wrong: Mapping[str, str]
) -> Response:
    return pages.render(
        request,
        "catalogue/programme_form.html",
        status_code=422 if wrong else 200,
        code=code,
        given=form,
        errors=wrong,
        kinds=list(KINDS.items()),
        ways=ways(str(form.get("mode", ""))),
        positions=POSITIONS,
        audiences=programme_form.audiences(),
        submits=person.person_id is not None,
        action=f"{LIST}/{code}/ubah" if code else NEW,
        back=f"{LIST}/{code}" if code else LIST,
    )


async def _found(session: AsyncSession, person: Person, code: str) -> tuple[Programme | None, Draft | None]:
    """What is in force, and a draft of it that the reader may see; raises `Problem` (404) where there is neither."""
    current = (await store.load_programmes(session, [code])).get(code)
    draft = await store.load_draft(session, code)
    seen = draft and drafting.covers(person, drafting.READ, draft.agency)
    if current is None and not seen:
        raise not_found(_("Program ini tidak ada di katalog."))
    return current, draft if seen else None


async def _drafts(session: AsyncSession, person: Person) -> Sequence[Draft]:
    reach = reach_of(person, drafting.READ)
    if not reach:
        return []
    return await store.load_drafts(
        session, everything=reach.everything, agency=reach.agency_code, limit=DRAFTS
    )


def _writes(person: Person, owner: str | None) -> bool:
    return drafting.covers(person, drafting.WRITE, owner)


def _history(versions: Sequence[Programme]) -> list[tuple[Programme, Any]]:
    """Each version with what it changed; the first with nothing."""
    olders = [*versions[1:], None][: len(versions)]
    return [
        (one, differences(older, one) if older else []) for one, older in zip(versions, olders, strict=True)
    ]


def _meta(draft: Draft) -> str:
    return " · ".join(
        part for part in (draft.programme.code, draft.programme.kind, jp(draft.programme.jp)) if part
    )


def _lead(drafts: Sequence[Draft]) -> str:
    waiting = sum(draft.state == "submitted" for draft in drafts)
    if not waiting:
        return _("Kurikulum yang dapat dibuka sebagai angkatan.")
    return counted("%(n)s program menunggu persetujuan.", waiting) % {"n": waiting}


def _table() -> Table[ListedProgramme]:
    columns: list[Column[ListedProgramme]] = [
        Column("nama", _("Program"), lambda one: one.name, [Key("name", "text")]),
        Column("kode", _("Kode"), lambda one: one.programme_code, [Key("programme_code", "text")]),
        Column("jenis", _("Jenis pelatihan"), lambda one: one.kind, [Key("kind", "text"), Key("name", "text")]),
        Column("jp", "JP", lambda one: one.jp, [Key("jp", "bigint")], number=True, descending=True),
        Column("versi", _("Versi"), lambda one: one.version, number=True),
        Column("angkatan", _("Angkatan mendatang"), lambda one: one.coming, [Key("coming", "bigint")], number=True, descending=True),
    ]  # fmt: skip
    return Table("program", columns, id=Key("programme_code", "text"), default="nama")
