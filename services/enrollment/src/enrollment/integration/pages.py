"""`/enrollment/integrasi`: do our data come in?"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from bina.messaging import clock, parked
from bina.messaging.parked import Choice
from bina.web.access import Person
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import watch
from bina.web.masking import masked_in
from bina.web.permissions import can, may, out_of_scope, reach_of
from bina.web.problems import not_found
from bina.web.tables import Column, Format, Key, Rows, Table, export
from enrollment.integration import health, store, view
from enrollment.integration.domain import DAYS
from enrollment.integration.health import READ
from enrollment.integration.store import Publisher
from enrollment.integration.subjects import EVERYONES, INTEGRATION
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/integrasi"
PAGE = 50
PARKED_SHOWN = 5
Reader = Annotated[Person, may(READ)]


@router.get(PATH)
async def show(
    request: Request, person: Reader, instansi: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Do our data come in? For those who see all agencies: whose do?"""
    reach = reach_of(person, READ)
    code = instansi or reach.agency_code
    if code is None:
        return await _overview(request)
    if not reach.covers_place(code):
        raise out_of_scope()
    return await _agency(request, person, code, from_all=reach.everything)


@router.get(PATH + ".{form}")
async def overview_file(request: Request, form: Format, person: Reader) -> Response:
    """Everybody's deliveries as a file; one's own agency's where one sees no other."""
    reach = reach_of(person, READ)
    async with request.app.state.runtime.sessions() as session:
        found = [one for one in await _publishers(session) if reach.covers_place(one.agency_code)]
    return await export(request, _table(), Rows(found), form)


async def _agency(request: Request, person: Person, code: str, *, from_all: bool) -> Response:
    runtime, today = request.app.state.runtime, clock.today()
    async with runtime.sessions() as session:
        stream = await watch(request, session, {INTEGRATION: [code]})
        names = await register.load_agencies(session, sandboxes=True)
        tries = code in await register.load_sandboxes(session)
        if code not in names:
            raise not_found(_("Instansi belum terdaftar."))
        found = await health.load(session, code, today)
        held = await parked.groups(session, Choice(topic=found.topic), limit=PARKED_SHOWN)
    total = view.total_of(found.days)
    return pages.render(
        request,
        "integration/agency.html",
        stream=stream,
        code=code,
        agency_name=names[code],
        tries=tries,
        lead=view.lead(found.ways, total),
        total=total,
        last_at=view.last_of(found.ways),
        ways=view.ways_of(found.ways, today),
        chart=view.chart(found.days, found.refusals) if total.all else None,
        reasons=[view.why(one) for one in found.refusals],
        lag=await runtime.lag_of(found.topic),
        topic=found.topic,
        parked=found.parked,
        held=held,
        sees_parked=can(person, "ops.read"),
        way_name=view.way_name,
        masked_in=masked_in,
        days=DAYS,
        back=PATH if from_all else "",
    )


async def _overview(request: Request) -> Response:
    table = _table()
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        stream = await watch(request, session, {EVERYONES: ["all"]})
        found = await _publishers(session)
        page = await asked.page(session, Rows(found), PAGE)
    return pages.render(
        request,
        "integration/all.html",
        stream=stream,
        list=table.shown(request, asked, page, files=PATH),
        lead=_lead(found),
        chart=view.picture(found),
        path=PATH,
    )


async def _publishers(session: Any) -> Sequence[Publisher]:
    return await store.load_publishers(session, clock.today() - timedelta(days=DAYS - 1))


def _lead(found: Sequence[Publisher]) -> str:
    agencies = [one for one in found if not one.sandbox]
    came = sum(bool(one.sum.all) for one in agencies)
    return counted(
        "Data %(came)s dari %(all)s instansi masuk dalam %(days)s hari terakhir.", len(agencies)
    ) % {
        "came": came,
        "all": len(agencies),
        "days": DAYS,
    }


def _table() -> Table[Publisher]:
    columns: list[Column[Publisher]] = [
        Column("instansi", _("Instansi"), lambda one: one.name, [Key("name", "text")]),
        Column("terakhir", _("Terakhir"), lambda one: one.last_at, [Key("last_at", "timestamptz", nullable=True)], descending=True),
        Column("diterima", _("Diterima"), lambda one: one.sum.taken, number=True),
        Column("menunggu", _("Menunggu kursi"), lambda one: one.sum.waitlisted, number=True),
        Column("ditolak", _("Ditolak"), lambda one: one.sum.refused, number=True),
        Column("topik", _("Topik Kafka"), lambda one: one.topic),
        Column("http", _("Kiriman HTTP"), lambda one: one.http),
        Column("berkas", _("Berkas"), lambda one: one.file),
    ]  # fmt: skip
    return Table("integrasi", columns, id=Key("agency_code", "text"), default="instansi")
