"""A list as a file: all rows of the filter and order asked for, whatever a page shows of them.

Rows come and go in batches that are each asked for by themselves: nothing is held open, memory holds one batch. Whose
records a batch shows is noted before it goes out, as for a page.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import StreamingResponse

from bina.messaging import clock
from bina.web.access import settings_of
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.problems import Problem
from bina.web.tables.asking import Asked
from bina.web.tables.columns import Table
from bina.web.tables.delimited import BOM, csv_text
from bina.web.tables.querying import Source
from bina.web.tables.workbook import Sheet

T = TypeVar("T")
Format = Literal["csv", "xlsx"]
Note = Callable[[Sequence[T]], Awaitable[None]]
BATCH = 1000
"""Rows that are asked for, noted and written together; as many as one reading names."""
CHUNK = 1 << 16
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def export(
    request: Request, table: Table[T], source: Source[T], form: Format, note: Note[T] | None = None
) -> StreamingResponse:
    """Answer with all rows of a source in the order that the address asks for. `note` says whose records a batch shows
    and comes before it; raises `Problem` (422) for more rows than are given out at once."""
    asked = table.asked(request)
    await _check_size(request, source)
    batches = _batches(request, source, asked, note)
    first = await anext(batches, ())  # what goes wrong at once is told on a page
    zone = ZoneInfo(settings_of(request).timezone)
    write = _csv if form == "csv" else _workbook
    headers = {
        "Content-Disposition": f'attachment; filename="{table.file_name}-{clock.today().isoformat()}.{form}"',
        "Cache-Control": "private, no-store",
        "Vary": "Cookie",
    }
    body = write(table, _joined(first, batches), zone)
    return StreamingResponse(body, media_type=MEDIA_TYPES[form], headers=headers)


async def _check_size(request: Request, source: Source[Any]) -> None:
    most = settings_of(request).export_rows
    async with request.app.state.runtime.sessions() as session:
        found = await source.count(session, most + 1)
    if found > most:
        raise Problem(
            "export-too-large",
            422,
            counted("Daftar ini lebih dari %(n)s baris, terlalu banyak untuk satu berkas.", most)
            % {"n": number(most)},
            mend=_("Saring dahulu, misalnya menurut tanggal atau keadaan, lalu unduh lagi."),
        )


async def _batches(
    request: Request, source: Source[T], asked: Asked, note: Note[T] | None
) -> AsyncIterator[Sequence[T]]:
    while True:
        async with request.app.state.runtime.sessions() as session:
            page = await asked.page(session, source, BATCH)
        if note and page.rows:
            await note(page.rows)
        yield page.rows
        if not page.following:
            return
        asked = asked.follow(page)


async def _joined(first: Sequence[T], others: AsyncIterator[Sequence[T]]) -> AsyncIterator[Sequence[T]]:
    yield first
    async for batch in others:
        yield batch


async def _csv(table: Table[T], batches: AsyncIterator[Sequence[T]], zone: ZoneInfo) -> AsyncIterator[str]:
    yield BOM + csv_text([table.header()])
    async for batch in batches:
        yield csv_text(map(table.cells, batch), zone)


async def _workbook(
    table: Table[T], batches: AsyncIterator[Sequence[T]], zone: ZoneInfo
) -> AsyncIterator[bytes]:
    """Written in a folder that goes with this, however it ends; other requests are answered meanwhile."""
    with tempfile.TemporaryDirectory(prefix="bina-") as folder:
        sheet = Sheet(Path(folder), table.file_name, table.header(), zone)
        with contextlib.ExitStack() as stack:
            stack.callback(sheet.release)
            async for batch in batches:
                await asyncio.to_thread(sheet.add, map(table.cells, batch))
            file = stack.enter_context(await asyncio.to_thread(sheet.close))
            while chunk := file.read(CHUNK):
                yield chunk
