"""A service's part of "Data saya": a fragment for the page, a page of its own, a file for machines."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from bina.messaging import clock
from bina.web.access import Person
from bina.web.own_data import reading, view
from bina.web.own_data.holding import SHELL_EXCLUDED, Holding, shell_holdings
from bina.web.pages import shell_pages
from bina.web.permissions import may
from bina.web.problems import not_found
from bina.web.retention import Periods

Owner = Annotated[Person, may("data.own")]
SHOWN = 5
PAGE = 50


@dataclass(frozen=True)
class OwnData:
    """What one service keeps of people, and what it keeps that is nobody's. `nip` is SQL for the NIP of `$1`."""

    service: str
    own_holdings: Callable[[], list[Holding]]
    own_excluded: Mapping[str, str]
    nip: str = "NULL"

    def holdings(self) -> list[Holding]:
        """Every table with something of a person."""
        return [*self.own_holdings(), *shell_holdings(self.nip)]

    @property
    def excluded(self) -> Mapping[str, str]:
        """Every other table, and why it is none."""
        return {**self.own_excluded, **SHELL_EXCLUDED}

    def page_router(self) -> APIRouter:
        """`/<service>/potongan/data-saya`: a fragment, or a page where nobody asks for one."""
        routes = APIRouter()

        @routes.get(f"/{self.service}/potongan/data-saya")
        async def part(
            request: Request,
            person: Owner,
            *,
            sebelum: Annotated[int | None, Query(ge=1, le=reading.NEWEST)] = None,
        ) -> Response:
            fragment = "x-fragment" in request.headers
            context = await self.part(request, person, before=sebelum, most=SHOWN if fragment else PAGE)
            name = "part.html" if fragment else "part_page.html"
            return shell_pages(request).render(request, f"own_data/{name}", **context)

        return routes

    def api_router(self) -> APIRouter:
        """`/<service>/api/v1/me/data`: everything, for machines."""
        routes = APIRouter(tags=["me"])

        @routes.get("/me/data")
        async def own_data(request: Request, person: Owner) -> Response:
            """Everything that this service keeps of whoever asks, and who else looked at it (UU 27/2022 Pasal 7, 32)."""
            headers = {
                "Content-Disposition": f'attachment; filename="data-saya-{self.service}.json"',
                "Cache-Control": "private, no-store",
            }
            lines = self._lines(request, id_of(person))
            return StreamingResponse(lines, media_type="application/json", headers=headers)

        return routes

    async def part(
        self, request: Request, person: Person, *, before: int | None = None, most: int = SHOWN
    ) -> dict[str, Any]:
        """What the part's template is filled with."""
        asn_id, holdings = id_of(person), self.holdings()
        async with request.app.state.runtime.sessions() as session:
            counts = await reading.count(session, holdings, asn_id)
            found = await reading.looks(session, asn_id, before=before or reading.NEWEST, limit=most + 1)
        periods: Periods = request.app.state.periods
        day = clock.today()
        return {
            "part": self.service,
            "part_name": view.service_name(self.service),
            "rows": [
                view.row(h, n, periods.of(h.keeps, day)) for h, n in zip(holdings, counts, strict=True) if n
            ],
            "looks": [view.seen(look) for look in found[:most]],
            "more": found[most - 1].id if len(found) > most else 0,
            "first": before is not None,
        }

    async def _lines(self, request: Request, person: UUID) -> AsyncIterator[str]:
        make = request.app.state.runtime.sessions
        head = {"service": self.service, "person": str(person), "as_of": clock.now().isoformat()}
        yield json.dumps(head)[:-1] + ', "kept": ['
        for place, holding in enumerate(self.holdings()):
            yield (", " if place else "") + _opened(holding, self._period(request, holding))
            async for chunk in _joined(reading.rows_of(make, holding, person)):
                yield chunk
            yield "]}"
        yield '], "looked": ['
        async for chunk in _joined(_told(request, person)):
            yield chunk
        yield "]}\n"

    def _period(self, request: Request, holding: Holding) -> dict[str, Any]:
        found = request.app.state.periods.of(holding.keeps, clock.today())
        return {"keeps": found.keeps, "days": found.days, "source": found.source or "agency"}


def id_of(person: Person) -> UUID:
    """Whose data; 404 for an account that is nobody's record."""
    if person.person_id is None:
        raise not_found()
    return person.person_id


def _opened(holding: Holding, period: dict[str, Any]) -> str:
    about = {"table": holding.table, "what": holding.what, "why": holding.why, "basis": holding.basis.value}
    return json.dumps(about | {"kept_for": period}, ensure_ascii=False)[:-1] + ', "rows": ['


async def _told(request: Request, person: UUID) -> AsyncIterator[Sequence[Any]]:
    async for chunk in reading.all_looks(request.app.state.runtime.sessions, person):
        yield [view.told(look) for look in chunk]


async def _joined(chunks: AsyncIterator[Sequence[Any]]) -> AsyncIterator[str]:
    """Values as the inside of one JSON list."""
    first = True
    async for chunk in chunks:
        yield ("" if first else ", ") + ", ".join(json.dumps(value, ensure_ascii=False) for value in chunk)
        first = False
