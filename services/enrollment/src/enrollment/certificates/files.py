"""Certificates as files: one, or all of a run in a ZIP that is packed while it is sent."""

import asyncio
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from io import RawIOBase

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from bina.web.access import settings_of
from bina.web.audit import Reading
from enrollment.catalogue.domain import Run
from enrollment.certificates import store
from enrollment.certificates.document import render
from enrollment.certificates.domain import Facts

BATCH = 100
"""Certificates that are asked for and noted together; each is sent before the next is made."""
_KEPT = {"Cache-Control": "private, no-store", "Vary": "Cookie", "Referrer-Policy": "no-referrer"}


async def document(request: Request, facts: Facts) -> Response:
    """One certificate as PDF/A. It is made in a thread: other requests are answered meanwhile."""
    body = await asyncio.to_thread(render, facts, settings_of(request).public_url)
    named = {"Content-Disposition": f'attachment; filename="{_name(facts)}"'}
    return Response(body, media_type="application/pdf", headers=_KEPT | named)


async def archive(request: Request, run: Run, reads: Reading) -> StreamingResponse:
    """All valid certificates of a run. Memory holds one of them at a time, however many there are."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", run.code)
    named = {"Content-Disposition": f'attachment; filename="sertifikat-{name}.zip"'}
    return StreamingResponse(
        _packed(request, run, reads), media_type="application/zip", headers=_KEPT | named
    )


class _Sink(RawIOBase):
    """What a ZIP writes to: taken out again as soon as it is there."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # narrower than a buffer
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


async def _packed(request: Request, run: Run, reads: Reading) -> AsyncIterator[bytes]:
    sink, site = _Sink(), settings_of(request).public_url
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as packed:  # a PDF's streams are compressed already
        async for batch in _batches(request, run):
            await reads.of([facts.asn_id for facts in batch])
            for facts in batch:
                day = facts.certificate.issued_on
                entry = zipfile.ZipInfo(_name(facts), (day.year, day.month, day.day, 0, 0, 0))
                packed.writestr(entry, await asyncio.to_thread(render, facts, site))
                yield sink.take()
    yield sink.take()


async def _batches(request: Request, run: Run) -> AsyncIterator[Sequence[Facts]]:
    """No connection is held while a batch is made and sent."""
    after = None
    while True:
        async with request.app.state.runtime.sessions() as session:
            batch = await store.valid_of_run(session, run.run_id, after, BATCH)
        if not batch:
            return
        yield batch
        after = batch[-1].certificate.certificate_id


def _name(facts: Facts) -> str:
    """`0001-5571-PBJ-2026-7K2M.pdf`: its number in signs that every system takes, and what tells equal ones apart."""
    number = re.sub(r"[^A-Za-z0-9.]+", "-", facts.certificate.number).strip("-.")
    return f"{number or 'sertifikat'}-{facts.certificate.code[:4]}.pdf"
