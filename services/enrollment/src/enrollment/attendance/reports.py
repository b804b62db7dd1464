"""Reports after a training: handed in by participants, received by the organiser; a run may wait for them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import check_runs
from bina.web.problems import Fault, Problem, not_found
from enrollment.catalogue.domain import Run
from enrollment.enrolments import store
from enrollment.enrolments.completing import complete_reported
from enrollment.enrolments.domain import Enrolment
from enrollment.enrolments.running import hold

LONGEST = 4000
"""Characters of a report; longer ones lie under a link."""


async def hand_in(session: AsyncSession, run: Run, own: Enrolment | None, content: str) -> None:
    """Keep a participant's report, a text or a link, in place of the one before; not once it was received."""
    if not run.report_required or own is None or own.state != "accepted":
        raise Problem("no-report-asked", 409, _("Angkatan ini tidak menunggu laporan Anda."))
    if not 3 <= len(content) <= LONGEST:
        fault = Fault("content", _("Tulis laporan atau tautannya, paling banyak 4.000 huruf."))
        raise Problem("invalid-input", 422, _("Laporan belum terkirim."), errors=[fault])
    if not await store.hand_in(session, own.enrollment_id, run.run_id, content, clock.now()):
        raise Problem(
            "report-received",
            409,
            _("Laporan Anda sudah diterima penyelenggara, jadi tidak dapat diganti."),
            mend=_("Hubungi penyelenggara bila ada yang keliru."),
        )
    audit.changed(session, "report", own.enrollment_id, None, {"handed_in": True}, person=own.asn_id)


async def receive(
    session: AsyncSession, person: Person, run: Run, ids: Sequence[UUID], on: date
) -> dict[str, int]:
    """Say that reports were received; completes whoever lacks nothing else. Repeating it changes nothing."""
    check_runs(person, "report.receive", {run.organiser})
    run = await hold(session, run)
    if not run.starts_on <= on <= clock.today():
        fault = Fault("received_on", _("Isi tanggal antara mulainya angkatan dan hari ini."))
        raise Problem("invalid-input", 422, _("Tanggal terima belum benar."), errors=[fault])
    found = await store.load_enrolments(session, ids)
    if len(found) < len(set(ids)) or any(one.run_id != run.run_id for one in found.values()):
        raise not_found(_("Ada pendaftaran yang tidak dikenal."))
    new = await store.receive(session, [(id_, run.run_id) for id_ in sorted(found)], on, person.person_id)
    for id_ in sorted(new):
        audit.changed(session, "report", id_, None, {"received_on": on}, person=found[id_].asn_id)
    told = await complete_reported(session, [found[id_] for id_ in sorted(new)], {run.run_id: run})
    await emit(session, told)
    return {"received": len(new)}
