"""The catalogue for people."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
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
from enrollment.catalogue.store import RunFilter
from enrollment.catalogue.subjects import SEATS
from enrollment.enrolments.view import run_row
from enrollment.home import store as home
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/katalog"
PAGE = 40
Reader = Annotated[Person, may("catalogue.read")]


@router.get(PATH)
async def catalogue(request: Request, person: Reader, kata: Term = "", penyelenggara: Term = "") -> Response:
    """What closes my gap? Runs open to the reader's agency, those that close a gap named first."""
    today = clock.today()
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        agencies = await register.load_agencies(session)
        gaps = await _gaps(session, person)
        table = _table(agencies, gaps)
        asked = table.asked(request)
        page = await asked.page(session, _found(person, kata, penyelenggara), PAGE)
        stream = await watch(request, session, {SEATS: [run.run_id for run in page.rows]})
    rows = [
        run_row(run, today, agencies.get(run.organiser, run.organiser), gaps.get(run.programme_code, ""))
        for run in page.rows
    ]
    fitting = [row for row, run in zip(rows, page.rows, strict=True) if run.programme_code in gaps]
    others = [row for row, run in zip(rows, page.rows, strict=True) if run.programme_code not in gaps]
    context: dict[str, Any] = {
        "stream": stream,
        "fitting": fitting,
        "rows": others,
        "lead": _lead(len(rows), sum(run.status_on(today) == "open" for run in page.rows)),
        "kata": kata,
        "penyelenggara": penyelenggara,
        "organisers": list(agencies.items()),
        "list": table.shown(request, asked, page, filters=["kata", "penyelenggara"], files=PATH),
    }
    return pages.render(request, "catalogue/catalogue.html", **context)


@router.get(PATH + ".{form}")
async def catalogue_file(
    request: Request, person: Reader, form: Format, kata: Term = "", penyelenggara: Term = ""
) -> Response:
    """The same runs as a file."""
    async with request.app.state.runtime.sessions() as session:
        table = _table(await register.load_agencies(session), await _gaps(session, person))
    return await export(request, table, _found(person, kata, penyelenggara), form)


def _found(person: Person, words: str, organiser: str) -> Query[Run]:
    return store.runs_found(
        RunFilter(
            agency=person.agency_code,
            organiser=organiser or None,
            running_on=clock.today(),
            words=words or None,
        )
    )


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
    return Table("katalog", columns, id=Key("run_id", "uuid"), default="mulai")


def _lead(shown: int, with_seats: int) -> str:
    if not shown:
        return _("Tidak ada angkatan yang cocok.")
    values = {"n": number(shown), "seats": number(with_seats)}
    return counted("%(n)s angkatan, %(seats)s di antaranya masih punya kursi.", shown) % values
