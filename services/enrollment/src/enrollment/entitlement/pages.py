"""`/enrollment/instansi`: who is behind, and who will be at the end of the year?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords, Reading
from bina.web.charts import Bar, Figure, Series, line, ranked_bar
from bina.web.charts.drawing import Number
from bina.web.commands import PageCommand
from bina.web.formats import month, number, percent
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import watch
from bina.web.masking import nip_for
from bina.web.permissions import Reach, can, may, reach_of
from bina.web.problems import Fault, not_found
from bina.web.tables import Column, Format, Key, Rows, Table, export
from enrollment.entitlement import opening, store
from enrollment.entitlement.bodies import HistoryWord
from enrollment.entitlement.domain import rule_for
from enrollment.entitlement.opening import DECLARE
from enrollment.entitlement.store import Behind, Forecast, Share
from enrollment.entitlement.subjects import EARNED
from enrollment.refusals import invalid_rows
from enrollment.register import store as register
from enrollment.register.domain import Unit
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/instansi"
SMALL = 5
"""Below so many people a share says more about persons than about a unit; it is counted, not ranked."""
PAGE = 10
"""Rows of a list at once: two lists share the page with a chart, and phones show each row as a card."""
Staff = Annotated[Person, may("jp.shares")]


@dataclass(frozen=True)
class View:
    """What is looked at: whose people, its name, the units on the way to it, and the units below."""

    reach: Reach
    name: str
    trail: list[Unit]
    depth: int


@router.get(PATH)
async def agency(
    request: Request,
    person: Staff,
    reads: OthersRecords,
    *,
    unit: UUID | None = None,
    instansi: str | None = None,
) -> Response:
    """Who is behind? Its units, and its people."""
    today, parts, behind = clock.today(), _units(), _behind(person)
    asked_parts, asked_behind = parts.asked(request), behind.asked(request)
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, unit, instansi)
        code = view.reach.agency_code
        stream = await watch(request, session, {EARNED: [code]}) if code else None
        shares = await _shares(session, view, today)
        part = await asked_parts.page(session, Rows(shares), PAGE)
        people = await asked_behind.page(session, store.people_behind(view.reach, today), PAGE)
        contracts = await store.load_contracts(session, view.reach, today)
        forecast = await store.load_forecast(session, view.reach, today)
        history = await store.load_history(session, code, today.year) if code else None
    await _note(reads, view, people.rows)
    total = _total(shares)
    shown = parts.shown(request, asked_parts, part, files=PATH)
    return pages.render(
        request,
        "entitlement/agency.html",
        stream=stream,
        view=view,
        shares=shown,
        total=total,
        lead=_lead(shares, today),
        chart=_chart(shares, dict(shown.files)["CSV"]),
        behind=_behind(person, missing=total.unknown > 0).shown(
            request, asked_behind, people, files=f"{PATH}/tertinggal"
        ),
        contracts=contracts,
        history=history,
        forecast=_forecast(forecast, today, total) if forecast.people else None,
        declares=bool(code) and not view.trail and reach_of(person, DECLARE).covers_place(code or ""),
        year=today.year,
        floor=rule_for("PNS", today),
        ceiling=rule_for("PPPK", today),
        small=SMALL,
        today=today,
        query=f"instansi={view.reach.agency_code}&"
        if reach_of(person, "jp.shares").everything and view.reach.agency_code
        else "",
        enrols=can(person, "enrolment.request"),
        nip_of=partial(_nip, person),
    )


@router.post(PATH + "/riwayat")
async def declare(person: Annotated[Person, may("history.declare")], command: PageCommand) -> Response:
    """Nothing of the year is missing; or something is, after all."""
    agency, year = command.text("instansi"), command.text("tahun")
    try:
        word = HistoryWord(
            agency_code=agency, year=int(year), complete=command.text("lengkap") != "tidak",
            source=command.text("sumber"),
        )  # fmt: skip
    except ValueError as bad:
        fault = Fault("sumber", _("Tulis dari mana riwayat ini diambil, paling panjang 300 karakter."))
        raise invalid_rows([fault]) from bad

    async def effect(session: AsyncSession) -> str:
        await opening.declare(session, person, word)
        return f"{PATH}?instansi={agency}" if reach_of(person, "jp.shares").everything else PATH

    done = _("Riwayat dinyatakan lengkap.") if word.complete else _("Pernyataan dicabut.")
    return await command.redirect(effect, done=done)


@router.get(PATH + ".{form}")
async def units_file(
    request: Request, person: Staff, form: Format, unit: UUID | None = None, instansi: str | None = None
) -> Response:
    """The units of the page as a file."""
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, unit, instansi)
        shares = await _shares(session, view, clock.today())
    return await export(request, _units(view), Rows(shares), form)


@router.get(PATH + "/tertinggal.{form}")
async def behind_file(
    request: Request,
    person: Staff,
    reads: OthersRecords,
    form: Format,
    *,
    unit: UUID | None = None,
    instansi: str | None = None,
) -> Response:
    """Who is behind, as a file."""
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, unit, instansi)
    found = store.people_behind(view.reach, clock.today())
    return await export(request, _behind(person, view), found, form, partial(_note, reads, view))


async def _note(reads: Reading, view: View, people: Sequence[Behind]) -> None:
    await reads.of(
        [one.asn_id for one in people], {"instansi": view.reach.agency_code, "unit": view.reach.unit_id}
    )


def _nip(reader: Person, one: Behind) -> str:
    return nip_for(reader, one.nip, one.asn_id, one.agency_code, one.unit_path)


def _units(view: View | None = None) -> Table[Share]:
    """Agencies, or an agency's units: few enough to be summed up on the page, and so to be sorted there."""
    columns: list[Column[Share]] = [
        Column("nama", _("Nama"), lambda s: s.name, [Key("name", "text")]),
        Column("pns", "PNS", lambda s: s.people, [Key("people", "bigint")], number=True, descending=True),
        Column("mencapai", _("Mencapai"), lambda s: s.reached, [Key("reached", "bigint")], number=True, descending=True),
        Column("bagian", _("Bagian"), lambda s: round(s.share, 4), [Key("share", "float8"), Key("name", "text")], number=True),
        Column("cukup", _("Cukup bila terjadwal lulus"), lambda s: s.planned, [Key("planned", "bigint")], number=True, descending=True),
        Column("luput", _("Akan luput"), lambda s: s.missed, [Key("missed", "bigint")], number=True, descending=True),
    ]  # fmt: skip
    return Table(_file_name("jp", view), columns, id=Key("key", "text"), default="bagian", place="unit")


def _behind(reader: Person, view: View | None = None, *, missing: bool = True) -> Table[Behind]:
    """Whoever will be furthest from the floor first, unless a reader chooses."""
    columns: list[Column[Behind]] = [
        Column("nama", _("Nama"), lambda one: one.name, [Key("name", "text")]),
        Column("nip", "NIP", partial(_nip, reader)),
        Column("unit", _("Unit"), lambda one: one.unit_name, [Key("unit_name", "text"), Key("name", "text")]),
        Column("jp", "JP", lambda one: one.jp, [Key("jp", "bigint")], number=True),
        Column("terjadwal", _("Terjadwal"), lambda one: one.planned, [Key("planned", "bigint")], number=True),
        Column(
            "perkiraan",
            _("Perkiraan"),
            lambda one: one.expected,
            [Key("expected", "bigint")],
            number=True,
        ),
        Column(
            "riwayat",
            _("Riwayat"),
            lambda one: _("lengkap") if one.known else _("belum lengkap"),
            [Key("known", "boolean"), Key("name", "text")],
            on_page=missing,
        ),
    ]
    order = [Key("expected", "bigint"), Key("jp", "bigint"), Key("name", "text")]
    name = _file_name("belum-20-jp", view)
    return Table(name, columns, id=Key("asn_id", "uuid"), order=order, place="tertinggal")


def _file_name(list_name: str, view: View | None) -> str:
    return f"{list_name}-{view.reach.agency_code or 'semua'}" if view else list_name


async def _view(session: AsyncSession, person: Person, unit: UUID | None, instansi: str | None) -> View:
    """The reader's reach narrowed to a unit inside it; anything outside is not found."""
    reach = reach_of(person, "jp.shares")
    agencies = await register.load_agencies(session)
    code = instansi or reach.agency_code
    if code is None:
        return View(reach, _("Semua instansi"), [], 0)
    if code not in agencies or not (reach.everything or code == reach.agency_code):
        raise not_found()
    wanted = unit or reach.unit_id
    if wanted is None:
        return View(Reach(agency_code=code), agencies[code], [], 1)
    units = await register.load_units(session, [code])
    if wanted not in units or (reach.unit_id and reach.unit_id not in units[wanted].path):
        raise not_found()
    trail = [units[id_] for id_ in units[wanted].path]
    return View(Reach(agency_code=code, unit_id=wanted), agencies[code], trail, len(trail) + 1)


async def _shares(session: AsyncSession, view: View, today: date) -> list[Share]:
    if view.depth == 0:
        return await store.load_shares_of_agencies(session, view.reach, today)
    found = await store.load_shares(session, view.reach, today, depth=view.depth)
    return [share if share.unit_id else share._replace(name=_("Langsung di unit ini")) for share in found]


def _total(shares: list[Share]) -> Share:
    sums = (
        sum(getattr(s, name) for s in shares)
        for name in ("people", "reached", "planned", "unknown", "missed", "counted_jp")
    )
    return Share(None, "", *sums)


def _ranked(shares: list[Share]) -> list[Share]:
    return [share for share in shares if share.people >= SMALL]


def _lead(shares: list[Share], today: date) -> str:
    total = _total(shares)
    if not total.people:
        return _("Belum ada PNS tercatat di sini.")
    days = (date(today.year, 12, 31) - today).days
    values = {
        "reached": number(total.reached),
        "people": number(total.people),
        "share": percent(total.share),
        "days": number(days),
    }
    first = (
        counted("%(reached)s dari %(people)s PNS (%(share)s) mencapai 20 JP; tersisa %(days)s hari.", days)
        % values
    )
    if total.unknown:
        return _unknown_lead(total, values)
    ranked = sorted(_ranked(shares), key=lambda share: (share.share, share.name))
    if len(ranked) < 2 or ranked[0].share == ranked[-1].share:
        return first
    return first + " " + _("Paling tertinggal: %(name)s.") % {"name": ranked[0].name}


def _unknown_lead(total: Share, values: dict[str, str]) -> str:
    """As long as something is missing nobody is said to be behind."""
    told = _("%(reached)s dari %(people)s PNS (%(share)s) tercatat mencapai 20 JP.") % values
    missing = counted("Riwayat belum lengkap untuk %(n)s orang.", total.unknown) % {
        "n": number(total.unknown)
    }
    return f"{told} {missing}"


def _chart(shares: list[Share], csv_href: str) -> Figure | None:
    ranked = sorted(_ranked(shares), key=lambda share: (share.share, share.name))
    if not ranked:
        return None
    last = ranked[0]
    differ = last.share < ranked[-1].share and not last.unknown
    return ranked_bar(
        _("Tercatat mencapai 20 JP; riwayat belum lengkap")
        if last.unknown
        else _chart_title(ranked, last, differ=differ),
        [Bar(share.name, share.share, emphasis=share is last and differ) for share in ranked[:PAGE]],
        measure=_("Mencapai 20 JP"),
        show=percent,
        top=1,
        note=_chart_note(len(ranked)),
        csv_href=csv_href,
    )


def _forecast(found: Forecast, today: date, total: Share) -> Figure:
    """Recorded so far, and from now on with what is scheduled."""
    months = [month(date(today.year, n, 1)) for n in range(1, 13)]
    now: list[Number | None] = [n if at <= today.month else None for at, n in enumerate(found.recorded, 1)]
    then: list[Number | None] = [n if at >= today.month else None for at, n in enumerate(found.expected, 1)]
    return line(
        _forecast_title(found.people - found.expected[-1], total),
        months,
        [Series(_("Dengan yang terjadwal"), then), Series(_("Tercatat"), now)],
        high=found.people + found.people % 2,
        note=_(
            "PNS yang mencapai 20 JP pada akhir tiap bulan. Dihitung: JP tercatat, lalu pelatihan terjadwal yang sudah "
            "diterima; selebihnya dianggap nol."
        ),
    )


def _forecast_title(missed: int, total: Share) -> str:
    if total.unknown:
        return _("PNS yang tercatat mencapai 20 JP, bulan demi bulan")
    if not missed:
        return _("Semua PNS akan mencapai 20 JP bila yang terjadwal lulus")
    told = counted("%(n)s PNS akan luput 20 JP pada 31 Desember bila tidak didaftarkan", missed)
    return told % {"n": number(missed)}


def _chart_title(ranked: list[Share], last: Share, *, differ: bool) -> str:
    values = {"name": last.name, "share": percent(last.share)}
    if differ:
        return _("%(name)s paling tertinggal: %(share)s") % values
    return _("Semua unit sama: %(share)s") % values if len(ranked) > 1 else last.name


def _chart_note(ranked: int) -> str:
    if ranked <= PAGE:
        return _("Bagian PNS yang mencapai 20 JP, unit dengan sedikitnya %(n)s PNS") % {"n": SMALL}
    values = {"shown": number(PAGE), "all": number(ranked), "n": SMALL}
    return (
        _("Bagian PNS yang mencapai 20 JP, %(shown)s terendah dari %(all)s unit dengan sedikitnya %(n)s PNS")
        % values
    )
