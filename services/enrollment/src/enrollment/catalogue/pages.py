"""The catalogue for people."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from bina.messaging import clock
from bina.web.access import Person
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import at_one_moment, watch
from bina.web.permissions import may
from enrollment.catalogue import store
from enrollment.catalogue.store import RunFilter
from enrollment.catalogue.subjects import SEATS
from enrollment.enrolments.view import run_row
from enrollment.home import store as home
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
PAGE = 40


@router.get("/enrollment/katalog")
async def catalogue(
    request: Request,
    person: Annotated[Person, may("catalogue.read")],
    kata: Annotated[str, Query(max_length=100)] = "",
    penyelenggara: Annotated[str, Query(max_length=64)] = "",
    lanjut: UUID | None = None,
) -> Response:
    """What closes my gap? Runs open to the reader's agency, those that close a gap named first."""
    today = clock.today()
    which = RunFilter(
        agency=person.agency_code, organiser=penyelenggara or None, running_on=today, words=kata or None
    )
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        runs = await store.page_of_runs(session, which, after=lanjut, limit=PAGE)
        stream = await watch(request, session, {SEATS: [run.run_id for run in runs]})
        agencies = await register.load_agencies(session)
        advised = await home.load_recommendations(session, person.person_id) if person.person_id else []
    gaps = {
        a.programme_code: _("Menutup kesenjangan %(name)s") % {"name": a.competency_name} for a in advised
    }
    rows = [
        run_row(run, today, agencies.get(run.organiser, run.organiser), gaps.get(run.programme_code, ""))
        for run in runs
    ]
    fitting = [row for row, run in zip(rows, runs, strict=True) if run.programme_code in gaps]
    others = [row for row, run in zip(rows, runs, strict=True) if run.programme_code not in gaps]
    context: dict[str, Any] = {
        "stream": stream,
        "fitting": fitting,
        "rows": others,
        "lead": _lead(len(runs), sum(run.status_on(today) == "open" for run in runs)),
        "kata": kata,
        "penyelenggara": penyelenggara,
        "organisers": list(agencies.items()),
        "next": request.url.include_query_params(lanjut=runs[-1].run_id) if len(runs) == PAGE else "",
    }
    return pages.render(request, "catalogue/catalogue.html", **context)


def _lead(shown: int, with_seats: int) -> str:
    if not shown:
        return _("Tidak ada angkatan yang cocok.")
    values = {"n": number(shown), "seats": number(with_seats)}
    return counted("%(n)s angkatan, %(seats)s di antaranya masih punya kursi.", shown) % values
