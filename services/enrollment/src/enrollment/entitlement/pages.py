"""JP for people: one's own ledger, and an agency's standing."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.charts import Bar, Figure, ranked_bar
from bina.web.formats import number, percent
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import watch
from bina.web.masking import nip_for
from bina.web.permissions import Reach, can, may, reach_of
from bina.web.problems import not_found
from enrollment.entitlement import store
from enrollment.entitlement.domain import rule_for, year_of
from enrollment.entitlement.store import Share
from enrollment.entitlement.subjects import EARNED
from enrollment.entitlement.view import bar, sentence
from enrollment.paging import cut
from enrollment.register import store as register
from enrollment.register.domain import Unit
from enrollment.shell import pages

router = APIRouter()
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


@router.get("/enrollment/jp")
async def own(request: Request, person: Annotated[Person, may("jp.own")]) -> Response:
    """Where do my JP come from?"""
    today = clock.today()
    async with request.app.state.runtime.sessions() as session:
        found = await register.load_people(session, [person.person_id] if person.person_id else [])
        if not found:
            raise not_found(_("Akun ini bukan pegawai di data ASN."))
        asn = found[0]
        rule = rule_for(asn.employment, today)
        year = year_of(asn.employment, asn.started_on, today)
        standing = await store.load_standing(session, asn.asn_id, year)
        lines = await store.load_ledger(session, asn.asn_id)
        agencies = await register.load_agencies(session)
    return pages.render(
        request,
        "entitlement/ledger.html",
        asn=asn,
        rule=rule,
        standing=standing,
        sentence=sentence(rule, standing),
        bar=bar(rule, standing),
        lines=lines,
        agencies=agencies,
    )


@router.get("/enrollment/instansi")
async def agency(
    request: Request,
    person: Staff,
    reads: OthersRecords,
    *,
    unit: UUID | None = None,
    instansi: str | None = None,
    bagian: str = "",
    lanjut: UUID | None = None,
) -> Response:
    """Who is behind? `bagian` and `lanjut` are the cursors of the units and of the people."""
    today = clock.today()
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, unit, instansi)
        code = view.reach.agency_code
        stream = await watch(request, session, {EARNED: [code]}) if code else None
        shares = await _shares(session, view, today)
        behind = await store.load_behind(session, view.reach, today, after=lanjut, limit=PAGE + 1)
        contracts, over = await store.load_over_ceiling(session, view.reach, today)
    chosen = request.url.remove_query_params(["bagian", "lanjut"])
    csv_href = str(chosen.replace(path="/enrollment/instansi.csv", scheme="", netloc=""))
    part, next_part = cut(_following(shares, bagian), PAGE, lambda share: share.key)
    people, next_people = cut(behind, PAGE, lambda one: one.asn_id)
    await reads.of([one.asn_id for one in people], {"instansi": view.reach.agency_code, "unit": unit})
    return pages.render(
        request,
        "entitlement/agency.html",
        stream=stream,
        view=view,
        shares=part,
        shares_paging=_paging(request, "bagian", next_part, "unit"),
        total=_total(shares),
        lead=_lead(shares, today),
        chart=_chart(shares, csv_href),
        csv_href=csv_href,
        behind=people,
        behind_paging=_paging(request, "lanjut", next_people, "tertinggal"),
        contracts=contracts,
        over=over,
        floor=rule_for("PNS", today),
        ceiling=rule_for("PPPK", today),
        small=SMALL,
        today=today,
        query=f"instansi={view.reach.agency_code}&"
        if reach_of(person, "jp.shares").everything and view.reach.agency_code
        else "",
        enrols=can(person, "enrolment.request"),
        nip_of=lambda one: nip_for(person, one.nip, one.asn_id, one.agency_code, one.unit_path),
    )


@router.get("/enrollment/instansi.csv")
async def agency_csv(
    request: Request, person: Staff, unit: UUID | None = None, instansi: str | None = None
) -> Response:
    """The table of the page, as spreadsheets in Indonesia read it."""
    today = clock.today()
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, unit, instansi)
        shares = await _shares(session, view, today)
    figure = _table(shares)
    body = "\ufeff" + figure.csv_text()
    name = f"jp-{view.reach.agency_code or 'semua'}-{today.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


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


def _following(shares: list[Share], key: str) -> list[Share]:
    """The shares after one; from the first where there is no such share."""
    place = next((n for n, share in enumerate(shares, 1) if key and share.key == key), 0)
    return shares[place:]


def _paging(request: Request, name: str, cursor: str, place: str) -> dict[str, str]:
    """Addresses of a list's first and next page, empty where the reader is there already."""
    here = request.url.remove_query_params(name).replace(scheme="", netloc="", fragment=place)
    following = here.include_query_params(**{name: cursor})
    return {
        "first": str(here) if name in request.query_params else "",
        "next": str(following) if cursor else "",
    }


def _total(shares: list[Share]) -> Share:
    sums = (sum(getattr(s, name) for s in shares) for name in ("people", "reached", "planned", "counted_jp"))
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
    ranked = sorted(_ranked(shares), key=lambda share: (share.share, share.name))
    if len(ranked) < 2 or ranked[0].share == ranked[-1].share:
        return first
    return first + " " + _("Paling tertinggal: %(name)s.") % {"name": ranked[0].name}


def _chart(shares: list[Share], csv_href: str) -> Figure | None:
    ranked = sorted(_ranked(shares), key=lambda share: (share.share, share.name))
    if not ranked:
        return None
    last = ranked[0]
    differ = last.share < ranked[-1].share
    return ranked_bar(
        _chart_title(ranked, last, differ=differ),
        [Bar(share.name, share.share, emphasis=share is last and differ) for share in ranked[:PAGE]],
        measure=_("Mencapai 20 JP"),
        show=percent,
        top=1,
        note=_chart_note(len(ranked)),
        csv_href=csv_href,
    )


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


def _table(shares: list[Share]) -> Figure:
    columns = (_("Nama"), "PNS", _("Mencapai 20 JP"), _("Bagian"), _("Tercapai bila lulus yang terjadwal"))
    rows = [(s.name, s.people, s.reached, round(s.share, 4), s.planned) for s in shares]
    return Figure("JP", "", (), columns, rows)
