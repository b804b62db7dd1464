"""Commands of people and clerks on enrolments; the same rules as for agencies' events."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import check_runs
from bina.web.problems import Fault, Problem, not_found
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run
from enrollment.enrolments import store
from enrollment.enrolments.asking import clerks_ask, note_whose, refused
from enrollment.enrolments.completing import Correction, correct, mark_absent, meet_attendance
from enrollment.enrolments.domain import Decision, Enrolment
from enrollment.enrolments.requesting import withdraw
from enrollment.enrolments.store.revoked import is_revoked
from enrollment.register import store as register
from enrollment.register.domain import Asn


async def give_back(session: AsyncSession, person: Person, enrollment_id: UUID, reason: str) -> Decision:
    """Withdraw an own enrolment, or as a clerk that of an own employee."""
    found = (await store.load_enrolments(session, [enrollment_id])).get(enrollment_id)
    if found is None:
        raise not_found()
    asn, run = await _subjects(session, found)
    await _check_current(session, found)
    is_own = person.person_id == found.asn_id
    ask = await clerks_ask(session, person, run.code, None if is_own else asn.nip)
    (decision,), facts = await withdraw(session, [(ask, reason)])
    if decision.outcome == "refused":
        raise refused(decision)
    note_whose(audit.open_in(session), decision)
    await emit(session, facts)
    return decision


async def record_attendance(
    session: AsyncSession, person: Person, present: Sequence[UUID], absent: Sequence[UUID], met_on: date
) -> dict[str, int]:
    """Record who met the attendance of runs that the clerk's agency organises, and who did not come."""
    await store.lock_runs_of(session, [*present, *absent])
    found = await store.load_enrolments(session, [*present, *absent])
    if len(found) < len(present) + len(absent):
        raise not_found(_("Ada pendaftaran yang tidak dikenal."))
    runs = await catalogue.load_runs(session, {e.run_id for e in found.values()})
    check_runs(person, "attendance.settle", {run.organiser for run in runs.values()})
    _check_held(runs.values())
    await _check_without_sessions(session, runs)
    _check_day(met_on, runs.values())
    met = await meet_attendance(session, [found[id_] for id_ in present], runs, met_on)
    missed = await mark_absent(session, [found[id_] for id_ in absent], met_on)
    await emit(session, [*met, *missed])
    return {
        "present": sum(found[id_].state == "accepted" for id_ in present),
        "absent": sum(found[id_].state == "accepted" for id_ in absent),
    }


async def correct_result(
    session: AsyncSession, person: Person, enrollment_id: UUID, correction: Correction
) -> Enrolment:
    """Replace a recorded result; only the run's organiser may."""
    await store.lock_runs_of(session, [enrollment_id])
    found = (await store.load_enrolments(session, [enrollment_id])).get(enrollment_id)
    if found is None:
        raise not_found()
    run = (await catalogue.load_runs(session, [found.run_id]))[found.run_id]
    check_runs(person, "result.correct", {run.organiser})
    if correction.completed:
        _check_held([run])
    _check_correction(found, run, correction)
    # A number that another correction is revoking is not given meanwhile.
    await register.hold_agencies(session, {run.organiser})
    await _check_certificate(session, found, run, correction)
    await emit(session, await correct(session, found, run, correction))
    return (await store.load_enrolments(session, [enrollment_id]))[enrollment_id]


async def _subjects(session: AsyncSession, enrolment: Enrolment) -> tuple[Asn, Run]:
    people = await register.load_people(session, [enrolment.asn_id])
    if not people:
        raise not_found()
    return people[0], (await catalogue.load_runs(session, [enrolment.run_id]))[enrolment.run_id]


async def _check_current(session: AsyncSession, enrolment: Enrolment) -> None:
    """Raise 409 for an attempt that another one followed; from here on the run's seats are held."""
    await store.lock_runs(session, [enrolment.run_id])
    pair = enrolment.run_id, enrolment.asn_id
    if (await store.load_latest(session, [pair]))[pair].enrollment_id != enrolment.enrollment_id:
        raise Problem(
            "enrollment-replaced",
            409,
            _("Pendaftaran ini sudah digantikan oleh yang lebih baru."),
            mend=_("Muat ulang halaman, lalu tarik pendaftaran yang berlaku."),
        )


def _check_held(runs: Iterable[Run]) -> None:
    for run in runs:
        if run.status == "cancelled":
            raise Problem("run-cancelled", 409, _("Angkatan ini sudah dibatalkan."), run.reason)


async def _check_without_sessions(session: AsyncSession, runs: Iterable[UUID]) -> None:
    """Raise 409 where each session has its own list, of which the whole follows by the run's rule."""
    if any((await catalogue.load_sessions(session, runs)).values()):
        raise Problem(
            "attendance-by-session",
            409,
            _("Presensi angkatan ini dicatat per sesi."),
            mend=_("Catat setiap sesi, lalu tetapkan kehadirannya."),
        )


def _check_day(day: date, runs: Iterable[Run]) -> None:
    latest = max(run.starts_on for run in runs)
    if latest <= day <= clock.today():
        return
    fault = Fault("met_on", _("Isi tanggal antara mulainya angkatan dan hari ini."))
    raise Problem("invalid-input", 422, _("Tanggal presensi belum benar."), errors=[fault])


def _check_correction(enrolment: Enrolment, run: Run, correction: Correction) -> None:
    if not enrolment.has_ended:
        raise Problem(
            "no-result",
            409,
            _("Pendaftaran ini belum punya hasil."),
            mend=_("Kirim hasilnya lewat laporan kelulusan."),
        )
    faults = []
    least = 1 if correction.completed else 0
    if not least <= correction.jp <= run.jp:
        words = _("JP harus %(least)s sampai %(most)s.") % {"least": least, "most": run.jp}
        faults.append(Fault("jp", words))
    if not run.starts_on <= correction.completed_on <= clock.today():
        faults.append(Fault("completed_on", _("Isi tanggal antara mulainya angkatan dan hari ini.")))
    if faults:
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=faults)


async def _check_certificate(
    session: AsyncSession, enrolment: Enrolment, run: Run, correction: Correction
) -> None:
    """A certificate says that somebody passed, and a number that was revoked stays void for everybody."""
    now, words = enrolment.certificate_number, ""
    if correction.certificate_number and not correction.completed:
        words = _("Sertifikat hanya untuk yang lulus. Kosongkan nomornya.")
    elif (number := correction.certificate_after(now)) not in ("", now) and await is_revoked(
        session, number, run.organiser
    ):
        words = _("Sertifikat bernomor ini sudah dicabut. Pakai nomor baru.")
    if words:
        fault = Fault("certificate_number", words)
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=[fault])
