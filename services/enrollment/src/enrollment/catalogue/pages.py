"""The catalogue for people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi import Query as Asked
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import at_one_moment, watch
from bina.web.permissions import may
from bina.web.tables import Column, Format, Key, Query, Table, Term, export
from enrollment.catalogue import store
from enrollment.catalogue.domain import Run
from enrollment.catalogue.store import FreeFor, RunFilter
from enrollment.catalogue.subjects import SEATS
from enrollment.enrolments.store.pools import load_groups_of
from enrollment.enrolments.view import run_row
from enrollment.home import store as home
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/katalog"
PAGE = 40
Reader = Annotated[Person, may("catalogue.read")]


class Sought(BaseModel):
    """What the address narrows the catalogue to; the parts as it names them."""

    kata: Term = ""
    penyelenggara: Term = ""
    jenis: Term = ""
    cara: Term = ""
    kursi: Literal["", "ada"] = ""

    async def found(self, session: AsyncSession, person: Person, gaps: Iterable[str]) -> Query[Run]:
        """Runs open to the reader's agency that have not ended, those of programmes in `gaps` apart."""
        which = RunFilter(
            agency=person.agency_code,
            organiser=self.penyelenggara or None,
            running_on=clock.today(),
            words=self.kata or None,
            kind=self.jenis or None,
            mode=self.cara or None,
            free_for=await _free_for(session, person) if self.kursi else None,
        )
        return store.runs_found(which, gaps)


Asking = Annotated[Sought, Asked()]


@router.get(PATH)
async def catalogue(request: Request, person: Reader, sought: Asking) -> Response:
    """What closes my gap? Runs open to the reader's agency, those that close a gap named first."""
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        agencies = await register.load_agencies(session)
        gaps = await _gaps(session, person)
        table = _table(agencies, gaps)
        asked = table.asked(request)
        page = await asked.page(session, await sought.found(session, person, gaps), PAGE)
        kinds, modes = await store.load_choices(session, clock.today())
        stream = await watch(request, session, {SEATS: [run.run_id for run in page.rows]})
    context = {
        "stream": stream,
        **_sorted(page.rows, agencies, gaps),
        "sought": sought,
        "choices": {
            "penyelenggara": agencies.items(),
            "jenis": [(kind, kind) for kind in kinds],
            "cara": [(mode, mode) for mode in modes],
            "kursi": [("ada", _("Masih ada kursi"))],
        },
        "list": table.shown(request, asked, page, filters=list(Sought.model_fields), files=PATH),
    }
    return pages.render(request, "catalogue/catalogue.html", **context)


@router.get(PATH + ".{form}")
async def catalogue_file(request: Request, person: Reader, form: Format, sought: Asking) -> Response:
    """The same runs as a file."""
    async with request.app.state.runtime.sessions() as session:
        gaps = await _gaps(session, person)
        table = _table(await register.load_agencies(session), gaps)
        found = await sought.found(session, person, gaps)
    return await export(request, table, found, form)


async def _free_for(session: AsyncSession, person: Person) -> FreeFor:
    today = clock.today()
    return FreeFor(await load_groups_of(session, person.person_id, today), clock.now(), today)


def _sorted(runs: Sequence[Run], agencies: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
    """The page's runs as rows: those that close a gap, the others, and a sentence on both."""
    today = clock.today()
    rows = [
        (run_row(run, today, agencies.get(run.organiser, run.organiser), gap), gap)
        for run in runs
        for gap in [gaps.get(run.programme_code, "")]
    ]
    return {
        "fitting": [row for row, gap in rows if gap],
        "rows": [row for row, gap in rows if not gap],
        "lead": _lead(len(rows), sum(run.status_on(today) == "open" for run in runs)),
    }


async def _gaps(session: AsyncSession, person: Person) -> dict[str, str]:
    """Programmes that close a gap of the reader's, and in words which."""
    advised = await home.load_recommendations(session, person.person_id) if person.person_id else []
    return {
        a.programme_code: _("Menutup kesenjangan %(name)s") % {"name": a.competency_name} for a in advised
    }


def _table(agencies: Mapping[str, str], gaps: Mapping[str, str]) -> Table[Run]:
    columns: list[Column[Run]] = [
        Column("kode", _("Kode"), lambda run: run.code),
        Column("pelatihan", _("Pelatihan"), lambda run: run.programme_name),
        Column("penyelenggara", _("Penyelenggara"), lambda run: agencies.get(run.organiser, run.organiser)),
        Column("mulai", _("Tanggal mulai"), lambda run: run.starts_on, [Key("starts_on", "date")]),
        Column("selesai", _("Tanggal selesai"), lambda run: run.ends_on),
        Column("jp", "JP", lambda run: run.jp, [Key("jp", "bigint")], number=True, descending=True),
        Column("sisa", _("Sisa kursi"), lambda run: run.seats_left, [Key("seats_left", "bigint")], number=True, descending=True),
        Column("kursi", _("Kursi"), lambda run: run.seats, number=True),
        Column("menunggu", _("Daftar tunggu"), lambda run: run.waiting, number=True),
        Column("cara", _("Cara"), lambda run: run.mode),
        Column("tempat", _("Tempat"), lambda run: run.location),
        Column("kesenjangan", _("Menutup kesenjangan Anda"), lambda run: gaps.get(run.programme_code, "")),
    ]  # fmt: skip
    order = [Key("is_other", "boolean"), Key("starts_on", "date")]
    return Table("katalog", columns, id=Key("run_id", "uuid"), default="" if gaps else "mulai", order=order)


def _lead(shown: int, with_seats: int) -> str:
    if not shown:
        return _("Tidak ada angkatan yang cocok.")
    values = {"n": number(shown), "seats": number(with_seats)}
    return counted("%(n)s angkatan, %(seats)s di antaranya masih punya kursi.", shown) % values
