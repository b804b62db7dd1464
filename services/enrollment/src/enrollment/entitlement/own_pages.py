"""`/enrollment/jp`: where do my JP come from, year by year?"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.navigation import Link
from bina.web.permissions import may
from bina.web.problems import not_found
from bina.web.tables import Column, Format, Key, Rows, Table, export
from enrollment.entitlement import store
from enrollment.entitlement.domain import JpYear, rule_for, year_named, year_of
from enrollment.entitlement.store import Line
from enrollment.entitlement.view import bar, by_source, kind_of, note_of, sentence, source_name
from enrollment.register import store as register
from enrollment.register.domain import Asn
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/jp"
Own = Annotated[Person, may("jp.own")]
Year = Annotated[int | None, Query(ge=2000, le=2100)]


@dataclass(frozen=True)
class View:
    """Whose ledger, of which year, and the years that there are."""

    asn: Asn
    year: JpYear
    years: list[JpYear]
    lines: list[Line]


@router.get(PATH)
async def own(request: Request, person: Own, tahun: Year = None) -> Response:
    """The year's lines, what they come from, and what they mean."""
    today, table = clock.today(), _table()
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, tahun, today)
        standing = await store.load_standing(session, view.asn.asn_id, view.year)
        lines = await asked.page(session, Rows(view.lines), len(view.lines) + 1)
        agencies = await register.load_agencies(session)
    rule = rule_for(view.asn.employment, min(today, view.year.last), view.asn.appointment)
    return pages.render(
        request,
        "entitlement/ledger.html",
        rule=rule,
        standing=standing,
        sentence=sentence(rule, standing, today),
        bar=bar(rule, standing),
        lines=table.shown(request, asked, lines, files=PATH, filters=["tahun"]),
        sums=by_source(view.lines),
        years=[_link(one, view.year) for one in view.years] if len(view.years) > 1 else [],
        agencies=agencies,
        kind_of=kind_of,
        note_of=note_of,
        source_name=source_name,
    )


@router.get(PATH + ".{form}")
async def file(request: Request, person: Own, form: Format, tahun: Year = None) -> Response:
    """The year's lines as a file."""
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, tahun, clock.today())
    return await export(request, _table(view.year), Rows(view.lines), form)


async def _view(session: AsyncSession, person: Person, wanted: int | None, today: date) -> View:
    found = await register.load_people(session, [person.person_id] if person.person_id else [])
    if not found:
        raise not_found(_("Akun ini bukan pegawai di data ASN."))
    asn = found[0]
    contract = (asn.employment, asn.started_on, asn.contract_ends_on)
    current = year_of(asn.employment, asn.started_on, today, asn.contract_ends_on)
    first = await store.first_year(session, asn.asn_id) or current.first.year
    years = [current, *(year_named(*contract, n) for n in range(current.first.year - 1, first - 2, -1))]
    kept = [one for one in dict.fromkeys(years) if one == current or one.last.year >= first]
    year = next((one for one in kept if one.first.year == wanted), current)
    return View(asn, year, kept, await store.load_ledger(session, asn.asn_id, year))


def _link(year: JpYear, chosen: JpYear) -> Link:
    words = str(year.first.year)
    label = words if year.first.year == year.last.year else f"{words}/{year.last.year}"
    return Link(label, f"{PATH}?tahun={words}", year == chosen)


def _table(year: JpYear | None = None) -> Table[Line]:
    columns: list[Column[Line]] = [
        Column("kegiatan", _("Kegiatan"), lambda one: one.title or source_name(one.source)),
        Column("asal", _("Asal"), lambda one: source_name(one.source), [Key("source", "text"), Key("earned_on", "date")]),
        Column("jp", "JP", lambda one: round(one.jp, 2), [Key("minutes", "bigint")], number=True, descending=True),
        Column("selesai", _("Selesai"), lambda one: one.earned_on, [Key("earned_on", "date"), Key("recorded_at", "timestamptz"), Key("minutes", "bigint")], descending=True),
        Column("penyelenggara", _("Penyelenggara"), lambda one: one.organiser),
        Column("sertifikat", _("Sertifikat"), lambda one: one.certificate_number),
        Column("keterangan", _("Keterangan"), note_of, on_page=False),
        Column("dicatat", _("Dicatat"), lambda one: one.recorded_at, on_page=False),
    ]  # fmt: skip
    name = f"buku-jp-{year.first.year}" if year else "buku-jp"
    return Table(name, columns, id=Key("entry_id", "uuid"), default="selesai")
