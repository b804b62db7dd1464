"""Setting the sessions of runs."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem
from enrollment.catalogue import store
from enrollment.catalogue.bodies import SessionRow
from enrollment.catalogue.domain import Run, RunSession, session_id_of
from enrollment.partners import store as partners
from enrollment.refusals import invalid_rows
from enrollment.register import store as register

Wanted = Sequence[tuple[str, Run, Sequence[SessionRow]]]
"""Runs with all their sessions, each with the place of these in what was sent"""


async def set_sessions(session: AsyncSession, wanted: Wanted) -> None:
    """Let runs have these sessions and no others; whose seats are held, if they are not new.

    Raises `Problem`: 422 for days outside the run, unknown trainers, ids that are not the run's own; 409 where a
    session would go to which somebody came.
    """
    named = {row.trainer for _place, _run, rows in wanted for row in rows if row.trainer}
    trainers = await register.find_people(session, named)
    speakers = await partners.load_speakers(
        session, {row.speaker for _p, _r, rows in wanted for row in rows if row.speaker}
    )
    _check(wanted, trainers, speakers)
    new = {one.session_id: one for _place, run, rows in wanted for one in _sessions(run, rows, trainers)}
    before = await store.load_sessions(session, [run.run_id for _place, run, _rows in wanted])
    known = {one.session_id: one for sessions in before.values() for one in sessions}
    gone = known.keys() - new.keys()
    await _check_nobody_came(session, gone)
    await store.remove_sessions(session, gone)
    changed = [one for id_, one in new.items() if known.get(id_) != one]
    if len(await store.add_sessions(session, changed)) < len(changed):
        raise invalid_rows([Fault(wanted[0][0], _("Ada pengenal sesi yang milik angkatan lain."))])
    for id_ in sorted(gone | {one.session_id for one in changed}):
        audit.changed(session, "session", id_, known.get(id_), new.get(id_))


async def check_still_inside(session: AsyncSession, run: Run) -> None:
    """Raise `Problem` (422) for a run whose new days leave sessions of it outside."""
    sessions = (await store.load_sessions(session, [run.run_id]))[run.run_id]
    if not all(_lies_in(run, one) for one in sessions):
        fault = Fault("sessions", _("Ada sesi di luar tanggal yang baru; sertakan jadwal sesinya."))
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=[fault])


def _sessions(run: Run, rows: Sequence[SessionRow], trainers: Mapping[str, UUID]) -> list[RunSession]:
    return [
        RunSession(
            row.id or session_id_of(run.run_id, row.starts_at),
            run.run_id,
            row.starts_at,
            row.ends_at,
            row.title,
            row.place,
            row.link,
            trainers[row.trainer] if row.trainer else None,
            row.speaker,
        )
        for row in rows
    ]


def _check(wanted: Wanted, trainers: Mapping[str, UUID], speakers: Collection[UUID]) -> None:
    faults, taken = [], set[UUID]()
    for place, run, rows in wanted:
        for number, row in enumerate(rows):
            id_ = row.id or session_id_of(run.run_id, row.starts_at)
            if not _lies_in(run, row):
                faults.append(Fault(f"{place}.{number}.starts_at", _("Sesi ini di luar tanggal angkatan.")))
            if row.trainer and row.trainer not in trainers:
                faults.append(Fault(f"{place}.{number}.trainer", _("NIP pelatih ini tidak terdaftar.")))
            if row.speaker and row.speaker not in speakers:
                faults.append(Fault(f"{place}.{number}.speaker", _("Narasumber ini tidak ada.")))
            if id_ in taken:
                words = _("Sesi ini sudah disebut; beri id bila memang dua sesi mulai bersamaan.")
                faults.append(Fault(f"{place}.{number}.id", words))
            taken.add(id_)
    if faults:
        raise invalid_rows(faults)


def _lies_in(run: Run, one: SessionRow | RunSession) -> bool:
    first, last = (moment.astimezone(clock.ZONE).date() for moment in (one.starts_at, one.ends_at))
    return run.starts_on <= first and last <= run.ends_on


async def _check_nobody_came(session: AsyncSession, gone: set[UUID]) -> None:
    if await store.attended_sessions(session, gone):
        raise Problem(
            "session-attended",
            409,
            _("Ada sesi yang presensinya sudah tercatat, jadi tidak dapat dihapus."),
            mend=_("Sertakan sesi itu dengan id-nya; jam dan tempatnya boleh berubah."),
        )
