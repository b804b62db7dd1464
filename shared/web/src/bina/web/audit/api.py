"""`/<service>/api/v1/ops/audit` for machines."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from bina.web.audit import doing
from bina.web.audit.doing import JSON_LINES, AskedFor, AuditExporter, AuditReader
from bina.web.audit.reading import OthersRecords

NEWEST = 2**62
EntryId = Annotated[int, Path(ge=1, le=NEWEST)]


def api_router() -> APIRouter:
    """Search, one entry, everything."""
    routes = APIRouter(prefix="/ops/audit", tags=["ops"])

    @routes.get("")
    async def find_entries(
        request: Request,
        person: AuditReader,
        reads: OthersRecords,
        asked: AskedFor,
        *,
        before: Annotated[int | None, Query(ge=1, le=NEWEST)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, Any]:
        """Entries, newest first; `next` is what `before` goes on with, null at the end."""
        found, after = await doing.find(request, person, reads, asked, before=before, limit=limit)
        return {"items": [doing.json_of(one) for one in found], "next": after or None}

    @routes.get("/export", response_class=StreamingResponse, responses={200: {"content": {JSON_LINES: {}}}})
    async def export_audit(request: Request, _person: AuditExporter, reads: OthersRecords) -> Response:
        """Everything as JSON lines, to be verified without this service."""
        return await doing.export_all(request, reads)

    @routes.get("/{entry_id}")
    async def show_entry(
        request: Request, entry_id: EntryId, person: AuditReader, reads: OthersRecords
    ) -> dict[str, Any]:
        """One entry, and the block that seals it."""
        found, seal = await doing.load(request, person, reads, entry_id)
        block = seal and {
            "number": seal["number"],
            "sealed_at": seal["sealed_at"],
            "hash": seal["hash"].hex(),
        }
        return doing.json_of(found) | {"block": block}

    return routes
