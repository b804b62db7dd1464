"""Imports for people: upload, match columns, look at what would happen, apply, take back."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from bina.web.access import Person
from bina.web.audit import OthersRecords, Reading
from bina.web.commands import FormCommand, PageCommand, principal_of
from bina.web.forms import takes_files
from bina.web.language import gettext as _
from bina.web.limits import LARGEST_BODY
from bina.web.live import at_one_moment, watch
from bina.web.permissions import may, reach_of
from bina.web.problems import Problem
from bina.web.tables import Format, export
from bina.web.tables.exporting import MEDIA_TYPES
from enrollment.imports import api, blanks, commands, row_view, showing, store, view
from enrollment.imports.columns import Kind, configuration
from enrollment.imports.commands import Upload
from enrollment.imports.showing import NAMED, PATH, Asked, Term, href
from enrollment.imports.store import Import
from enrollment.imports.subjects import IMPORTS
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
NEW = PATH + "/baru"
_ONE = PATH + "/{import_id}"
LISTED = 40
"""Imports of one page."""
NOTHING = Asked()
ENDINGS = ".csv,.tsv,.txt,.xlsx,.ods"
Runner = Annotated[Person, may("import.run")]
Reader = Annotated[Person, may("import.read")]
Taker = Annotated[Person, may("import.take")]


@router.get(PATH)
async def list_imports(request: Request, person: Reader) -> Response:
    """What was uploaded, by whom, and what became of it?"""
    reach = reach_of(person, commands.READ)
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        agencies = await register.load_agencies(session, sandboxes=True)
        table = showing.imports()
        asked = table.asked(request)
        page = await asked.page(session, store.imports_found(reach), LISTED)
        stream = await watch(request, session, {IMPORTS: [one.import_id for one in page.rows]})
    return pages.render(
        request,
        "imports/list.html",
        stream=stream,
        list=table.shown(request, asked, page),
        agencies=agencies if reach.everything else {},
        waiting=sum(one.state in ("columns", "checked") for one in page.rows),
        view=view,
        path=PATH,
    )


@router.get(NEW)
async def new(request: Request, person: Taker, jenis: Kind = Kind.PENDAFTARAN) -> Response:
    """Which file, of which kind?"""
    return await _form(request, person, {"kind": jenis}, {})


@router.post(NEW, dependencies=[takes_files(1, largest=LARGEST_BODY)])
async def upload(request: Request, person: Runner, command: PageCommand) -> Response:
    """Read, check and plan a file; nothing is applied."""
    given = {
        "kind": command.text("kind"),
        "agency": command.text("agency") or _own_agency(person),
        "replace": "ya" if command.text("replace") else "",
    }
    if given["agency"]:
        commands.check_agency(person, given["agency"])
    file = command.form.get("file")
    if faults := _faults(given, file):
        return await _form(request, person, given, faults)
    assert isinstance(file, UploadFile)
    content = await file.read()
    asked = Upload(
        given["agency"], Kind(given["kind"]), file.filename or "", content, replace=bool(given["replace"])
    )
    import_id = commands.id_of(principal_of(request), command.key)
    try:
        await commands.receive(request.app.state.runtime, person, asked, import_id)
    except Problem as problem:
        if problem.type not in ("file-refused", "invalid-input"):
            raise
        return await _form(request, person, given, _words_of(problem))

    async def effect(session: AsyncSession) -> str:
        return href((await commands.adopt(session, person, import_id, asked)).import_id)

    return await command.redirect(effect)


@router.get(PATH + "/templat/{kind}.{form}")
async def blank(kind: Kind, form: Format, _person: Reader) -> Response:
    """An empty file of a kind."""
    content = blanks.blank_csv(kind) if form == "csv" else blanks.blank_workbook(kind)
    headers = {"Content-Disposition": f'attachment; filename="templat-{kind}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


@router.get(_ONE)
async def show(
    request: Request, import_id: UUID, person: Reader, reads: OthersRecords, asked: Annotated[Asked, Query()]
) -> Response:
    """Is it safe to apply? How far is it? What became of it?"""
    return await _page(request, person, reads, import_id, asked=asked)


@router.post(_ONE + "/periksa")
async def check(
    request: Request, import_id: UUID, person: Runner, command: PageCommand, reads: OthersRecords
) -> Response:
    """Check the original again: with columns as chosen, or so that it overwrites what was decided by hand."""
    runtime = request.app.state.runtime
    async with runtime.sessions() as session:
        columns = _chosen(await commands.find(session, person, import_id, commands.ACTION), command)

    async def checked() -> Response:
        overwrite = command.text("timpa") == "ya"
        await commands.check_anew(runtime, person, import_id, columns, overwrite=overwrite)
        return await command.redirect(effect)

    async def effect(session: AsyncSession) -> str:
        return href((await commands.adopt_check(session, person, import_id, columns)).import_id)

    return await _or_why_not(checked, request, person, reads, import_id)


@router.post(_ONE + "/terapkan")
async def apply(
    request: Request, import_id: UUID, person: Runner, command: PageCommand, reads: OthersRecords
) -> Response:
    """Confirm the plan that was shown."""

    async def effect(session: AsyncSession) -> str:
        plan, removals = command.text("plan"), _number(command.text("keluar"))
        return href((await commands.apply(session, person, import_id, plan, removals)).import_id)

    return await _or_why_not(partial(command.redirect, effect), request, person, reads, import_id)


@router.post(_ONE + "/batalkan")
async def undo(
    request: Request, import_id: UUID, person: Runner, command: PageCommand, reads: OthersRecords
) -> Response:
    """Take it all back."""

    async def effect(session: AsyncSession) -> str:
        return href((await commands.undo(session, person, import_id)).import_id)

    return await _or_why_not(partial(command.redirect, effect), request, person, reads, import_id)


router.get(_ONE + "/berkas")(api.take_original)
router.get(_ONE + "/ditolak.{form}", response_model=None)(api.take_refused)


@router.get(_ONE + "/masalah.{form}")
async def problems_file(
    request: Request,
    import_id: UUID,
    form: Format,
    person: Reader,
    reads: OthersRecords,
    *,
    masalah: Term = "",
    kolom: Term = "",
) -> StreamingResponse:
    """What is wrong with its rows, as a file."""
    async with request.app.state.runtime.sessions() as session:
        one = await commands.find(session, person, import_id)
    table = showing.problems(showing.text_for(person, one))
    source = store.problems_found(import_id, masalah, kolom)
    return await export(request, table, source, form, partial(showing.note, reads, import_id))


async def _or_why_not(
    do: Callable[[], Awaitable[Response]], request: Request, person: Person, reads: Reading, import_id: UUID
) -> Response:
    """The import as it stands by now, and why what was asked was not done."""
    try:
        return await do()
    except Problem as problem:
        if problem.status != 409:
            raise
        return await _page(request, person, reads, import_id, problem=problem)


async def _page(
    request: Request,
    person: Person,
    reads: Reading,
    import_id: UUID,
    *,
    asked: Asked = NOTHING,
    problem: Problem | None = None,
) -> Response:
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        one = await commands.find(session, person, import_id)
        stream = await watch(request, session, {IMPORTS: [import_id]})
        agencies = await register.load_agencies(session, sandboxes=True)
        runs = showing.reads_whole(person, one)
        names = await showing.names_of(session, one)
        rows = await showing.rows_of(session, request, person, one, asked)
        samples = await store.load_samples(session, import_id) if runs else {}
    await reads.of(rows.people, asked.model_dump(), things=[import_id] if rows.people else [])
    return pages.render(
        request,
        f"imports/{_template(one, asked)}.html",
        status_code=problem.status if problem else 200,
        stream=stream,
        one=one,
        view=view,
        row_view=row_view,
        asked=asked,
        agency=agencies.get(one.agency_code, one.agency_code),
        names=names,
        runs=runs,
        samples=samples,
        takes=reach_of(person, "import.take").covers_place(one.agency_code),
        here_path=href(import_id),
        path=PATH,
        refusal=problem,
        named=NAMED,
        **rows.context,
    )


def _template(one: Import, asked: Asked) -> str:
    if one.state == "columns" or (one.state == "checked" and asked.langkah == "kolom"):
        return "columns"
    return {"checked": "checked", "applying": "working", "undoing": "working"}.get(one.state, "report")


async def _form(
    request: Request, person: Person, given: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    own = _own_agency(person)
    async with request.app.state.runtime.sessions() as session:
        agencies = await register.load_agencies(session, sandboxes=True)
    return pages.render(
        request,
        "imports/new.html",
        status_code=422 if errors else 200,
        given=given,
        errors=errors,
        view=view,
        agency=agencies.get(own, own),
        agencies=[] if own else list(agencies.items()),
        endings=ENDINGS,
        megabytes=configuration().limits.max_file_bytes >> 20,
        largest=configuration().limits.max_file_bytes,
        rows=configuration().limits.max_rows,
        new=NEW,
        path=PATH,
    )


def _own_agency(person: Person) -> str:
    """The one agency that somebody uploads for; empty for who may for all."""
    reach = reach_of(person, commands.ACTION)
    return "" if reach.everything else reach.agency_code or ""


def _faults(given: Mapping[str, str], file: Any) -> dict[str, str]:
    found = {}
    if given["kind"] not in set(Kind):
        found["kind"] = _("Pilih jenis berkasnya.")
    if not given["agency"]:
        found["agency"] = _("Pilih instansinya.")
    if not isinstance(file, UploadFile) or not file.filename:
        found["file"] = _("Pilih berkas yang diunggah.")
    return found


def _words_of(problem: Problem) -> dict[str, str]:
    """What is wrong with an upload, by field."""
    if problem.type == "file-refused":
        return {"file": problem.mend}
    return {fault.where: fault.what for fault in problem.errors}


def _number(text: str) -> int | None:
    """A number as people type it; anything else is none that anybody counted."""
    digits = text.strip().replace(".", "")
    if not digits:
        return None
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < len("10000000") else -1


def _chosen(one: Import, command: FormCommand) -> dict[str, str]:
    """Headers that somebody gave another meaning than they have."""
    found = {text: command.text(f"kolom-{place}") for place, text, _meaning in view.headers(one)}
    return {text: chosen for text, chosen in found.items() if chosen and chosen != one.columns.get(text)}
