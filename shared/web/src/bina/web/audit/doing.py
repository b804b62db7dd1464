"""What readers of the audit ask for, for API and pages alike. Reading the audit is noted like any other reading."""

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema
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
from bina.web.tables import Cell, Column, Format, Shown, Table, Term, export

AuditReader = Annotated[Person, may("audit.read")]
AuditExporter = Annotated[Person, may("audit.export")]
JSON_LINES = "application/jsonl"
_LINES = 200
"""Records that go out together."""
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
    request: Request, person: Person, reads: Reading, asked: Asked, *, before: int | None, limit: int
) -> tuple[list[Found], int]:
    """A page of entries, newest first, and where the next begins; 0 at the end."""
    async with request.app.state.runtime.sessions() as session:
        found = await searching.find(session, _sought(request, asked), before=before, limit=limit + 1)
    shown = found[:limit]
    await _note(reads, shown, asked)
    return [_told(person, one) for one in shown], shown[-1].id if len(found) > limit else 0


async def show(
    request: Request, person: Person, reads: Reading, asked: Asked, *, size: int, files: str
) -> Shown[Found]:
    """A page of entries, each shown in a line."""
    listed, entries = table(request), searching.entries(_sought(request, asked), partial(_told, person))
    order = listed.asked(request)
    async with request.app.state.runtime.sessions() as session:
        page = await order.page(session, entries, size)
    await _note(reads, page.rows, asked, listed=True)
    return listed.shown(request, order, page, filters=list(Asked.model_fields), files=files)


async def load(request: Request, person: Person, reads: Reading, entry_id: int) -> tuple[Found, Any | None]:
    """One entry and the block that seals it, or 404."""
    async with request.app.state.runtime.sessions() as session:
        found = await searching.load(session, entry_id)
        seal = await searching.load_seal(session, found) if found else None
    if found is None:
        raise not_found(_("Catatan ini tidak ada."))
    await _note(reads, [found], Asked())
    return _told(person, found), seal


async def export_found(
    request: Request, person: Person, reads: Reading, asked: Asked, form: Format
) -> StreamingResponse:
    """What was found, for spreadsheets. They name everybody: that it was taken along is what is noted."""
    entries = searching.entries(_sought(request, asked), partial(_told, person))
    answer = await export(request, table(request), entries, form)
    await _note(reads, [], asked)
    return answer


def table(request: Request) -> Table[Found]:
    """Entries on a page, and all there is of each in a file."""
    columns: list[Column[Found]] = [
        Column("apa", _("Apa")),
        Column("siapa", _("Siapa")),
        Column("mengapa", _("Mengapa")),
        Column("kapan", _("Kapan"), lambda found: found.at, sort=[searching.ID], descending=True),
        *(Column(key, label, cell, on_page=False) for key, label, cell in _file_columns()),
    ]
    name = f"audit-{request.app.state.runtime.service.name}"
    return Table(name, columns, id=searching.ID, default="kapan")


def _file_columns() -> list[tuple[str, str, Callable[[Found], Cell]]]:
    return [
        ("nomor", _("Nomor"), lambda found: found.id),
        ("jenis", _("Jenis"), lambda found: found.kind),
        ("pelaku", _("Pelaku"), lambda found: found.values.get("actor", {}).get("name", "")),
        ("id_pelaku", _("ID pelaku"), lambda found: found.actor_id),
        ("peran", _("Peran"), lambda found: " ".join(found.roles)),
        ("instansi", _("Instansi"), lambda found: found.agency_code),
        ("tindakan", _("Tindakan"), lambda found: found.action),
        ("tentang", _("Tentang"), lambda found: " ".join(found.about)),
        ("rincian", _("Rincian"), _details),
    ]


def _details(found: Found) -> str:
    values = {name: value for name, value in found.values.items() if name != "actor"}
    return json.dumps(found.detail | {"nilai": values}, ensure_ascii=False)


async def export_all(request: Request, reads: Reading) -> StreamingResponse:
    """Everything, as JSON lines that `bina audit verify` checks without this service."""
    await _note(reads, [], Asked())
    service = request.app.state.runtime.service.name
    headers = {
        "Content-Disposition": f'attachment; filename="audit-{service}.jsonl"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(_lines(request), media_type=JSON_LINES, headers=headers)


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
