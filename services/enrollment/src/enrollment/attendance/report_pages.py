"""Reports that participants hand in, where their run asks for one."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import PageCommand
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import at_one_moment, watch
from bina.web.permissions import check_runs, may, reach_of
from bina.web.problems import Fault, Problem
from bina.web.tables import Column, Key, Table
from enrollment.attendance import reports, store, view
from enrollment.attendance.forms import RECEIVED, read_received
from enrollment.attendance.problems import nothing_said
from enrollment.attendance.store import Kept
from enrollment.attendance.subjects import REPORTS
from enrollment.catalogue.finding import run_of
from enrollment.enrolments.store import load_latest, lock_runs
from enrollment.enrolments.subjects import PARTICIPANTS
from enrollment.shell import pages

router = APIRouter()
RUN = "/enrollment/angkatan/{reference}"
PAGE = 200
"""Participants at once, as on the run's page."""
_PERSON = Key("person_name", "text", nullable=True)


@router.get(RUN + "/laporan")
async def reported(
    request: Request,
    reference: str,
    person: Annotated[Person, may("report.list")],
    reads: OthersRecords,
) -> Response:
    """Whose report is here?"""
    table = _reporters()
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        run = await run_of(session, reference)
        check_runs(person, "report.list", {run.organiser})
        stream = await watch(request, session, {PARTICIPANTS: [run.run_id], REPORTS: [run.run_id]})
        people = await asked.page(session, store.reporters_of(run.run_id), PAGE)
    await reads.of([one.enrolment.asn_id for one in people.rows])
    waiting = sum(one.received_on is None for one in people.rows)
    words = counted("%(n)s laporan belum diterima.", waiting) % {"n": waiting}
    return pages.render(
        request,
        "attendance/reports.html",
        run=run,
        people=table.shown(request, asked, people),
        lead=words if waiting else _("Semua laporan sudah diterima."),
        stream=stream,
        today=clock.today(),
        received=RECEIVED,
        receives=reach_of(person, "report.receive").covers_run(run.organiser) and waiting > 0,
        back=view.href_of(run),
    )


@router.post(RUN + "/laporan")
async def receive(
    reference: str, person: Annotated[Person, may("report.receive")], command: PageCommand
) -> Response:
    """Say whose reports were received."""
    ids, on = read_received(command.form), _day(command.text("received_on"))
    if not ids:
        raise nothing_said()

    async def effect(session: AsyncSession) -> str:
        run = await run_of(session, reference)
        await reports.receive(session, person, run, ids, on)
        return f"{view.href_of(run)}/laporan"

    return await command.redirect(effect, done=_("Laporan diterima."))


@router.post(RUN + "/laporan-saya")
async def hand_in(
    reference: str, person: Annotated[Person, may("report.hand_in")], command: PageCommand
) -> Response:
    """Hand in one's own report."""

    async def effect(session: AsyncSession) -> str:
        run = await run_of(session, reference)
        await lock_runs(session, [run.run_id])
        pair = (run.run_id, person.person_id or UUID(int=0))
        own = (await load_latest(session, [pair])).get(pair)
        await reports.hand_in(session, run, own, command.text("content"))
        return view.href_of(run)

    return await command.redirect(effect, done=_("Laporan terkirim. Penyelenggara akan memeriksanya."))


def _reporters() -> Table[Kept]:
    name = Column[Kept]("nama", _("Nama"), lambda one: one.person_name, [_PERSON])
    content = Column[Kept]("laporan", _("Laporan"))
    received = Column[Kept](
        "diterima", _("Diterima"), sort=[Key("received_on", "date", nullable=True), _PERSON]
    )
    return Table("laporan", [name, content, received], id=Key("enrollment_id", "uuid"), default="nama")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fault = Fault("received_on", _("Isi tanggal terimanya laporan."))
        raise Problem("invalid-input", 422, _("Laporan belum dapat disimpan."), errors=[fault]) from None
