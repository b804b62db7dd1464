"""Machine interface of imports: upload and check, plan, apply, undo, files to take back."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, Json
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand, principal_of
from bina.web.masking import masked, told
from bina.web.permissions import may, reach_of
from bina.web.problems import not_found
from bina.web.tables import Format, export
from bina.web.tables.exporting import MEDIA_TYPES
from bina.web.text import Code, Line, PlainText
from enrollment.imports import commands, store
from enrollment.imports.columns import Kind
from enrollment.imports.commands import Upload
from enrollment.imports.files import advice, original, refused_rows, refused_table
from enrollment.imports.plan import changes_of, problem_of
from enrollment.imports.store import Import, ImportRow
from enrollment.paging import PageQuery, page
from enrollment.register import store as register

router = APIRouter(tags=["imports"])
Runner = Annotated[Person, may("import.run")]
Reader = Annotated[Person, may("import.read")]
Taker = Annotated[Person, may("import.take")]
Columns = dict[Annotated[PlainText, Field(max_length=300)], Code]
BINARY = "application/octet-stream"
NIP_COLUMNS = frozenset({"NIP", "NIP Atasan"})
_FILE = {
    "requestBody": {
        "required": True,
        "description": "the file itself: CSV, TSV, XLSX or ODS",
        "content": {BINARY: {"schema": {"contentMediaType": BINARY}}},
    }
}


class UploadQuery(BaseModel):
    """Whose file, of which kind. `columns`: a JSON object, header text → a column's name or `ignore`. `replace`: a file of
    people is the full list of the agency's, and who is not in it has left; one of enrolments that of its people in the runs
    that it names, and who is not in it gives their seat back, unless there is attendance or a result."""

    model_config = ConfigDict(extra="forbid")

    agency: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    kind: Kind
    name: Line
    columns: Json[Columns] = Field(default_factory=dict)
    replace: bool = False


class CheckBody(BaseModel):
    """How to check anew. `overwrite`: also what somebody decided by hand."""

    model_config = ConfigDict(extra="forbid")

    columns: Columns = Field(default_factory=dict)
    overwrite: bool = False


class PlanBody(BaseModel):
    """The plan that is confirmed. `removals`: how many people leave by it, which has to be said where they are many."""

    model_config = ConfigDict(extra="forbid")

    plan: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    removals: Annotated[int, Field(ge=0, le=10_000_000)] | None = None


class RowQuery(BaseModel):
    """Which rows, after which. Without a cursor those of people whom the file does not name come first."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[int, Field(ge=-10_000_000, le=10_000_000)] | None = None
    limit: int = Field(default=200, ge=1, le=1000)
    effect: Literal["added", "changed", "unchanged", "refused", "removed"] | None = None
    outcome: Literal["applied", "moved", "undone", "kept"] | None = None


@router.post("/imports", status_code=201, openapi_extra=_FILE)
async def upload(
    request: Request, person: Runner, asked: Annotated[UploadQuery, Query()], command: ApiCommand
) -> Response:
    """Upload a file of up to 10 MiB: it is read, checked and planned; nothing is applied.

    422 `file-refused` where no row of it can be taken: nothing is kept then. State `columns`: a required column was not
    found; say which it is by `check`.
    """
    import_id = commands.id_of(principal_of(request), command.key)
    given = Upload(asked.agency, asked.kind, asked.name, await request.body(), asked.columns, asked.replace)
    await commands.receive(request.app.state.runtime, person, given, import_id)

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return shown(await commands.adopt(session, person, import_id, given))

    return await command.answer(effect, status=201)


@router.post("/imports/{import_id}/check")
async def check_anew(
    request: Request, import_id: UUID, body: CheckBody, person: Runner, command: ApiCommand
) -> Response:
    """Check the original again: on today's records, with other columns, or to overwrite what was decided by hand."""
    runtime = request.app.state.runtime
    await commands.check_anew(runtime, person, import_id, body.columns, overwrite=body.overwrite)

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return shown(await commands.adopt_check(session, person, import_id, body.columns))

    return await command.answer(effect)


@router.post("/imports/{import_id}/apply", status_code=202)
async def apply(import_id: UUID, body: PlanBody, person: Runner, command: ApiCommand) -> Response:
    """Apply exactly the plan of this hash, or 409: `plan-differs`; `removals-differ` where more people leave than the
    limit and their number was not said; or `plan-moved` with the rows whose record changed."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return shown(await commands.apply(session, person, import_id, body.plan, body.removals))

    return await command.answer(effect, status=202)


@router.post("/imports/{import_id}/undo", status_code=202)
async def undo(import_id: UUID, person: Runner, command: ApiCommand) -> Response:
    """Take the whole import back, or 409 `undo-blocked` with the rows on which something depends."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return shown(await commands.undo(session, person, import_id))

    return await command.answer(effect, status=202)


@router.get("/imports")
async def list_imports(
    request: Request, person: Reader, asked: Annotated[PageQuery, Query()]
) -> dict[str, Any]:
    """Imports within the reader's reach, the newest first: files and counts, nobody's record."""
    reach = reach_of(person, commands.READ)
    async with request.app.state.runtime.sessions() as session:
        found = await store.page_of_imports(session, reach, before=asked.cursor, limit=asked.limit)
    return page([shown(one) for one in found], asked.limit)


@router.get("/imports/{import_id}")
async def show_import(request: Request, import_id: UUID, person: Reader) -> dict[str, Any]:
    """One import: its counts, its plan's hash, how far it is."""
    async with request.app.state.runtime.sessions() as session:
        return shown(await commands.find(session, person, import_id))


@router.get("/imports/{import_id}/rows")
async def list_rows(
    request: Request,
    import_id: UUID,
    person: Reader,
    asked: Annotated[RowQuery, Query()],
    reads: OthersRecords,
) -> dict[str, Any]:
    """Its rows: what is planned for each, what is wrong, what became of it."""
    async with request.app.state.runtime.sessions() as session:
        one = await commands.find(session, person, import_id)
        rows = await store.page_of_rows(
            session,
            import_id,
            after=asked.cursor,
            limit=asked.limit,
            effect=asked.effect,
            outcome=asked.outcome,
        )
        people = await register.find_people(session, [row.nip for row in rows if row.nip])
    await reads.of(people.values(), asked.model_dump(), things=[import_id] if rows else [])
    whole = reach_of(person, commands.ACTION).covers_place(one.agency_code)
    items = [shown_row(row, one.kind) for row in rows]
    following = rows[-1].row if len(rows) == asked.limit else None
    return {
        "items": items if whole else [told(person, _without_nips(item)) for item in items],
        "next": following,
    }


@router.get("/imports/{import_id}/file", response_class=Response, responses={200: {"content": {BINARY: {}}}})
async def take_original(request: Request, import_id: UUID, person: Taker, reads: OthersRecords) -> Response:
    """The file as it was uploaded."""
    async with request.app.state.runtime.sessions() as session:
        one = await commands.find(session, person, import_id, "import.take")
        content = await store.load_content(session, import_id)
    if content is None:
        raise not_found()
    await reads.of([], things=[import_id])
    return original(one, content)


@router.get(
    "/imports/{import_id}/refused.{form}",
    response_class=StreamingResponse,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
)
async def take_refused(
    request: Request, import_id: UUID, form: Format, person: Taker, reads: OthersRecords
) -> StreamingResponse:
    """Refused rows with their original cells as text, what is wrong and how to mend it."""
    async with request.app.state.runtime.sessions() as session:
        one = await commands.find(session, person, import_id, "import.take")
    answer = await export(request, refused_table(one), refused_rows(import_id), form)
    await reads.of([], things=[import_id])
    return answer


def shown(one: Import) -> dict[str, Any]:
    """An import for machines; `to_do` are rows that are yet to be applied or undone."""
    names = (
        "kind",
        "state",
        "file_name",
        "size",
        "sha256",
        "uploaded_by",
        "uploaded_at",
        "as_of",
        "detected",
        "columns",
    )
    counts = ("rows_total", "accepted", "warned", "refused", "added", "changed", "unchanged", "removed")
    done = (
        "overwrite",
        "replace",
        "sandbox",
        "employed",
        "unread",
        "plan",
        "applied",
        "moved",
        "undone",
        "kept",
        "confirmed_at",
        "finished_at",
    )
    return {
        "id": one.import_id,
        "agency_code": one.agency_code,
        **{name: getattr(one, name) for name in (*names, *counts, *done)},
        "problems": [_problem(values, values["row"]) for values in one.problems],
        "to_do": one.to_do,
    }


def shown_row(row: ImportRow, kind: Kind) -> dict[str, Any]:
    """A row for machines, without a number where it is about somebody whom the file does not name; `changes` are the fields that differ: before and after."""
    return {
        "row": row.row if row.row > 0 else None,
        "nip": row.nip,
        **(
            {"year": int(row.run_code or 0) or None}
            if kind is Kind.SALDO_JP
            else {"run_code": row.run_code or None}
        ),
        "effect": row.effect,
        "changes": changes_of(row.before, row.after) if row.after else {},
        "conflicts": row.conflicts or {},
        "problems": [_problem(values, row.row) for values in row.problems or ()],
        "outcome": row.outcome,
        "reason": row.reason,
        "advice": commands.reason_words(row.reason),
    }


def _without_nips(item: dict[str, Any]) -> dict[str, Any]:
    """A row whose NIPs are masked also where the file writes them wrongly."""
    found = [
        one | {"value": masked(one["value"])} if one["value"] and one["column"] in NIP_COLUMNS else one
        for one in item["problems"]
    ]
    return item | {"problems": found}


def _problem(values: dict[str, Any], row: int | None) -> dict[str, Any]:
    problem = problem_of({name: value for name, value in values.items() if name != "row"}, row)
    names = ("row", "column", "code", "value")
    return {
        **{n: getattr(problem, n) for n in names},
        "severity": str(problem.severity),
        "advice": advice(problem),
    }
