"""What readers of the audit ask for, for API and pages alike. Reading the audit is noted like any other reading."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticKnownError

from bina.web.access import Person, settings_of
from bina.web.audit import searching
from bina.web.audit.exporting import records
from bina.web.audit.reading import Reading
from bina.web.audit.searching import Found, Kinds, Sought
from bina.web.language import gettext as _
from bina.web.masking import told
from bina.web.permissions import may
from bina.web.problems import not_found

AuditReader = Annotated[Person, may("audit.read")]
AuditExporter = Annotated[Person, may("audit.export")]
COLUMNS = (
    "id",
    "waktu",
    "jenis",
    "pelaku",
    "id_pelaku",
    "peran",
    "instansi",
    "tindakan",
    "tentang",
    "rincian",
)
JSON_LINES = "application/jsonl"
_LINES = 200
"""Records that go out together."""
Term = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
_DAY = re.compile(r"^((19[7-9]|[2-8][0-9]{2})[0-9]-[0-9]{2}-[0-9]{2})?$", re.ASCII)


def _checked_day(text: str) -> str:
    if not _is_day(text):
        raise PydanticKnownError("date_parsing", {"error": "no day"})
    return text


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.match(text)) and (not text or bool(date.fromisoformat(text)))
    except ValueError:
        return False


Day = Annotated[
    str, AfterValidator(_checked_day), WithJsonSchema({"type": "string", "pattern": _DAY.pattern}),
]  # fmt: skip
"""An ISO date of our times; an empty field narrows nothing."""


class Asked(BaseModel):
    """What a reader looks for. Days are the platform's own, the last one included."""

    model_config = ConfigDict(str_strip_whitespace=True)

    siapa: Term = ""
    tentang: Term = ""
    jenis: Kinds = ""
    dari: Day = ""
    sampai: Day = ""

    def sought(self, zone: ZoneInfo) -> Sought:
        """The same in the store's terms."""
        since, until = (
            datetime.combine(date.fromisoformat(day), time.min, zone) if day else None
            for day in (self.dari, self.sampai)
        )
        return Sought(self.siapa, self.tentang, self.jenis, since, until and until + timedelta(days=1))

    def shown(self) -> dict[str, str]:
        """What narrows the list, as a query."""
        return {name: value for name, value in self.model_dump().items() if value}


AskedFor = Annotated[Asked, Query()]


async def find(
    request: Request,
    person: Person,
    reads: Reading,
    asked: Asked,
    *,
    before: int | None,
    limit: int,
    listed: bool = False,
) -> tuple[list[Found], int]:
    """A page of entries, and where the next begins; 0 at the end. `listed`: each is shown in a line."""
    async with request.app.state.runtime.sessions() as session:
        found = await searching.find(session, _sought(request, asked), before=before, limit=limit + 1)
    shown = found[:limit]
    await _note(reads, shown, asked, listed=listed)
    return [_told(person, one) for one in shown], shown[-1].id if len(found) > limit else 0


async def load(request: Request, person: Person, reads: Reading, entry_id: int) -> tuple[Found, Any | None]:
    """One entry and the block that seals it, or 404."""
    async with request.app.state.runtime.sessions() as session:
        found = await searching.load(session, entry_id)
        seal = await searching.load_seal(session, found) if found else None
    if found is None:
        raise not_found(_("Catatan ini tidak ada."))
    await _note(reads, [found], Asked())
    return _told(person, found), seal


async def export_csv(request: Request, person: Person, reads: Reading, asked: Asked) -> StreamingResponse:
    """What was found, as spreadsheets in Indonesia read it."""
    await _note(reads, [], asked)
    return _download(request, _csv(request, person, asked), "csv")


async def export_all(request: Request, reads: Reading) -> StreamingResponse:
    """Everything, as JSON lines that `bina audit verify` checks without this service."""
    await _note(reads, [], Asked())
    return _download(request, _lines(request), "jsonl")


def json_of(found: Found) -> dict[str, Any]:
    """An entry as the machine interface shows it; personal values by field, those erased as null."""
    values = {name: found.values.get(name) for name in found.personal}
    names = ("id", "at", "kind", "actor", "actor_id", "roles", "agency_code", "unit_id", "action", "about")
    more = ("on_behalf", "erased", "detail")
    return {name: getattr(found, name) for name in names + more} | {"personal": values}


async def _note(reads: Reading, found: Sequence[Found], asked: Asked, *, listed: bool = False) -> None:
    """Whom the reader looked for may be a name: only the kind and the days are told."""
    people = [person for one in found for person in (*one.people(listed=listed), *one.on_behalf)]
    narrowed = asked.model_dump(include={"jenis", "dari", "sampai"})
    about = [] if listed else [name for one in found for name in one.about]
    await reads.of(people, narrowed, things=["audit", *about])


def _told(person: Person, found: Found) -> Found:
    """An entry as a reader may see it: NIPs in it are masked unless every NIP is theirs to read."""
    return replace(found, detail=told(person, found.detail), values=told(person, found.values))


def _sought(request: Request, asked: Asked) -> Sought:
    return asked.sought(ZoneInfo(settings_of(request).timezone))


async def _csv(request: Request, person: Person, asked: Asked) -> AsyncIterator[str]:
    yield "\ufeff" + _row(COLUMNS)
    async for chunk in searching.all_found(request.app.state.runtime.sessions, _sought(request, asked)):
        yield "".join(_row(_cells(_told(person, found))) for found in chunk)


def _cells(found: Found) -> list[str]:
    who = found.values.get("actor", {})
    detail = found.detail | {"nilai": {n: v for n, v in found.values.items() if n != "actor"}}
    rest = [
        found.agency_code or "",
        found.action,
        " ".join(found.about),
        json.dumps(detail, ensure_ascii=False),
    ]
    named = [who.get("name", ""), str(found.actor_id or ""), " ".join(found.roles)]
    return [str(found.id), found.at.isoformat(), found.kind, *named, *rest]


def _row(cells: Sequence[str]) -> str:
    """A line; what a spreadsheet would take for a formula is told to be text."""
    line = io.StringIO()
    safe = [f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in cells]
    csv.writer(line, delimiter=";").writerow(safe)
    return line.getvalue()


async def _lines(request: Request) -> AsyncIterator[str]:
    runtime = request.app.state.runtime

    async def fetch(sql: str, *values: Any) -> Any:
        async with runtime.sessions() as session:
            return await session.fetch(sql, *values)

    waiting: list[str] = []
    async for record in records(fetch, runtime.service.name):
        waiting.append(json.dumps(record, ensure_ascii=False) + "\n")
        if len(waiting) >= _LINES:
            yield "".join(waiting)
            waiting.clear()
    yield "".join(waiting)


def _download(request: Request, lines: AsyncIterator[str], ending: str) -> StreamingResponse:
    service = request.app.state.runtime.service.name
    kind = {"csv": "text/csv; charset=utf-8", "jsonl": JSON_LINES}[ending]
    headers = {
        "Content-Disposition": f'attachment; filename="audit-{service}.{ending}"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(lines, media_type=kind, headers=headers)
