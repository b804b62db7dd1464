"""`/<service>/ops/audit`: who changed what, and why?"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from bina.web.audit import doing, view
from bina.web.audit.doing import AskedFor, AuditExporter, AuditReader
from bina.web.audit.reading import OthersRecords
from bina.web.pages import shell_pages
from bina.web.tables import Format

PAGE = 50
NEWEST = 2**62


def page_router(service: str) -> APIRouter:
    """Search, one entry, export."""
    routes = APIRouter()
    home = f"/{service}/ops/audit"

    @routes.get(home)
    async def search(
        request: Request, person: AuditReader, reads: OthersRecords, asked: AskedFor
    ) -> Response:
        found = await doing.show(request, person, reads, asked, size=PAGE, files=f"{home}/ekspor")
        return shell_pages(request).render(
            request, "audit/search.html", home=home, asked=asked, list=found, view=view
        )

    @routes.get(home + "/ekspor.jsonl")
    async def export_all(request: Request, _person: AuditExporter, reads: OthersRecords) -> Response:
        return await doing.export_all(request, reads)

    @routes.get(home + "/ekspor.{form}")
    async def export_found(
        request: Request, person: AuditReader, reads: OthersRecords, asked: AskedFor, form: Format
    ) -> Response:
        return await doing.export_found(request, person, reads, asked, form)

    @routes.get(home + "/{entry_id}")
    async def show(
        request: Request,
        entry_id: Annotated[int, Path(ge=1, le=NEWEST)],
        person: AuditReader,
        reads: OthersRecords,
    ) -> Response:
        found, seal = await doing.load(request, person, reads, entry_id)
        return shell_pages(request).render(
            request, "audit/entry.html", home=home, entry=found, seal=seal, view=view
        )

    return routes
