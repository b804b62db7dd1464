"""Landing page, Beranda, and the door to operations."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person, Visitor
from bina.web.language import gettext as _
from bina.web.live import watch
from bina.web.permissions import can, may, reach_of
from enrollment.approvals import store as approvals
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run
from enrollment.catalogue.store import RunFilter
from enrollment.enrolments import store as enrolments
from enrollment.enrolments.store import Listed
from enrollment.enrolments.subjects import TAKEN
from enrollment.enrolments.view import Row, own_row, run_row
from enrollment.entitlement import store as ledger
from enrollment.entitlement.domain import rule_for, year_of
from enrollment.entitlement.view import bar, sentence
from enrollment.home import store
from enrollment.home.store import Recommendation
from enrollment.register import store as register
from enrollment.register.domain import Asn
from enrollment.shell import pages
from enrollment.transfers import store as transfers

router = APIRouter()
OPEN_SHOWN = 3
_LOOKED_AT = 200
_CURRENT = ("accepted", "waitlisted")


@router.get("/")
async def landing(request: Request, visitor: Visitor) -> Response:
    """Where must I go?"""
    if visitor is not None:
        return RedirectResponse("/beranda", 303)
    async with request.app.state.runtime.sessions() as session:
        units = await register.count_people(session)
    return pages.render(request, "home/landing.html", recorded=units)


@router.get("/ops")
async def operations(_person: Annotated[Person, may("ops.read")]) -> Response:
    """Each service serves its own tab; the strip begins with this one."""
    return RedirectResponse("/enrollment/ops", 303)


@router.get("/beranda")
async def beranda(request: Request, person: Annotated[Person, may("home.read")]) -> Response:
    """What needs me?"""
    async with request.app.state.runtime.sessions() as session:
        asn = await _self(session, person)
        stream = await watch(request, session, {TAKEN: [asn.asn_id]}) if asn else None
        own = await _own(session, asn) if asn else {}
        to_approve = await _to_approve(session, person)
        to_release = await transfers.count_open(session, reach_of(person, "transfer.decide"))
    return pages.render(
        request,
        "home/beranda.html",
        asn=asn,
        places=_places(person),
        stream=stream,
        to_approve=to_approve,
        to_release=to_release,
        **own,
    )


async def _to_approve(session: AsyncSession, person: Person) -> int:
    reach = reach_of(person, "approval.decide")
    return await approvals.count_open(session, reach, person.person_id) if reach else 0


async def _self(session: AsyncSession, person: Person) -> Asn | None:
    found = await register.load_people(session, [person.person_id] if person.person_id else [])
    return found[0] if found else None


async def _own(session: AsyncSession, asn: Asn) -> dict[str, Any]:
    today = clock.today()
    rule = rule_for(asn.employment, today, asn.appointment)
    year = year_of(asn.employment, asn.started_on, today, asn.contract_ends_on)
    standing = await ledger.load_standing(session, asn.asn_id, year)
    listed = await enrolments.load_of_asn(session, asn.asn_id)
    advised = await store.load_recommendations(session, asn.asn_id)
    which = RunFilter(agency=asn.agency_code, running_on=today)
    runs = await catalogue.page_of_runs(session, which, limit=_LOOKED_AT)
    agencies = await register.load_agencies(session)
    return {
        "sentence": sentence(rule, standing),
        "bar": bar(rule, standing),
        "source": rule.source,
        "mine": [own_row(one, today) for one in listed if one.enrolment.state in _CURRENT],
        "past": sum(one.enrolment.has_ended for one in listed),
        "offers": _offers(runs, listed, advised, asn, agencies),
        "unscheduled": _unscheduled(runs, advised),
    }


def _offers(
    runs: Sequence[Run],
    listed: Sequence[Listed],
    advised: Sequence[Recommendation],
    asn: Asn,
    agencies: dict[str, str],
) -> list[Row]:
    """Three runs to come: those that close a gap first, then those meant for the person's level."""
    today = clock.today()
    gaps = {one.programme_code: one for one in reversed(advised)}
    mine = {one.run_code for one in listed if one.enrolment.is_live}
    fitting = [
        run
        for run in runs
        if run.starts_on >= today
        and asn.agency_code in run.open_to
        and run.code not in mine
        and (not run.job_levels or asn.job_level in run.job_levels or run.programme_code in gaps)
    ]
    fitting.sort(key=lambda run: (run.programme_code not in gaps, run.starts_on, run.code))
    return [
        run_row(run, today, agencies.get(run.organiser, run.organiser), _closes(gaps.get(run.programme_code)))
        for run in fitting[:OPEN_SHOWN]
    ]


def _closes(advice: Recommendation | None) -> str:
    if advice is None:
        return ""
    return _("Menutup kesenjangan %(name)s") % {"name": advice.competency_name}


def _unscheduled(runs: Sequence[Run], advised: Sequence[Recommendation]) -> list[Recommendation]:
    """Recommended programmes that no run offers now."""
    offered = {run.programme_code for run in runs if run.starts_on >= clock.today()}
    return [one for one in advised if one.programme_code not in offered]


def _places(person: Person) -> list[tuple[str, str, str]]:
    """(label, href, why) of what a role finds beyond its own affairs."""
    enrols = bool(reach_of(person, "enrolment.request").without_own())
    places = (
        (enrols, _("Katalog"), "/enrollment/katalog", _("Daftarkan pegawai, isi presensi")),
        (
            can(person, "jp.shares"),
            _("JP instansi"),
            "/enrollment/instansi",
            _("Siapa belum mencapai 20 JP"),
        ),
        (
            can(person, "impact.read"),
            _("Dampak pelatihan"),
            "/evaluation/dampak",
            _("Apa yang berubah sesudah pelatihan"),
        ),
        (can(person, "ops.read"), _("Operasi"), "/enrollment/ops", _("Apakah pesan mengalir")),
    )
    return [(label, href, why) for opened, label, href, why in places if opened]
