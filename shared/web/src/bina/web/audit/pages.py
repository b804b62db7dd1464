"""`/<service>/ops/audit`: who changed what, and why?"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from bina.web.audit import doing, view
from bina.web.audit.doing import AskedFor, AuditExporter, AuditReader
from bina.web.audit.reading import OthersRecords
from bina.web.pages import shell_pages

PAGE = 50
NEWEST = 2**62


def page_router(service: str) -> APIRouter:
    """Search, one entry, export."""
    routes = APIRouter()
    home = f"/{service}/ops/audit"

    @routes.get(home)
    async def search(
        request: Request,
        person: AuditReader,
        reads: OthersRecords,
        asked: AskedFor,
        *,
        sebelum: Annotated[int | None, Query(ge=1, le=NEWEST)] = None,
    ) -> Response:
        found, after = await doing.find(
            request, person, reads, asked, before=sebelum, limit=PAGE, listed=True
        )
        query = asked.shown()
        return shell_pages(request).render(
            request,
            "audit/search.html",
            home=home,
            asked=asked,
            entries=found,
            view=view,
            csv_href=f"{home}/ekspor.csv?{urlencode(query)}".rstrip("?"),
            first=f"{home}?{urlencode(query)}".rstrip("?") if sebelum else "",
            next=f"{home}?{urlencode(query | {'sebelum': after})}" if after else "",
        )

    @routes.get(home + "/ekspor.csv")
    async def export_csv(
        request: Request, person: AuditReader, reads: OthersRecords, asked: AskedFor
    ) -> Response:
        return await doing.export_csv(request, person, reads, asked)

    @routes.get(home + "/ekspor.jsonl")
    async def export_all(request: Request, _person: AuditExporter, reads: OthersRecords) -> Response:
        return await doing.export_all(request, reads)

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
