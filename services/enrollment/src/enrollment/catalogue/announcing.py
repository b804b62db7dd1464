"""Recording programmes and announcing runs."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import emit
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem
from enrollment.catalogue import store
from enrollment.catalogue.bodies import ProgrammeRow, RunRow
from enrollment.catalogue.domain import Programme, Run, run_id_of
from enrollment.catalogue.scheduling import set_sessions
from enrollment.imports import run_code
from enrollment.refusals import invalid_rows
from enrollment.register import store as register

DEFAULT_SEATS = 30


async def record_programmes(
    session: AsyncSession, rows: Sequence[ProgrammeRow], agency: str | None = None
) -> dict[str, Any]:
    """Record programmes as an agency, or as the platform; a `Problem` (403) names those that are another's.

    Announced runs keep JP, mode, audience and seats; name, kind and competencies follow their programme here, while
    other services keep what `TrainingAnnounced` told until the run itself is changed.
    """
    programmes = {row.code: _programme(row) for row in rows}
    known = await store.load_programmes(session, programmes)
    written = await store.add_programmes(session, list(programmes.values()), agency)
    if foreign := programmes.keys() - written:
        raise _anothers(rows, foreign)
    for code, programme in programmes.items():
        audit.changed(session, "programme", code, known.get(code), programme)
    return {"recorded": len(programmes)}


async def announce_runs(session: AsyncSession, rows: Sequence[RunRow]) -> dict[str, Any]:
    """Announce runs that are new by their code; known ones are named and left as they are."""
    by_code = {run_code(row.code): row for row in rows}
    await store.hold_catalogue(session)
    programmes = await store.load_programmes(session, {row.programme for row in rows})
    await _check(session, rows, programmes)
    known = await store.load_runs_by_code(session, by_code)
    new = [_run(code, row, programmes[row.programme]) for code, row in by_code.items() if code not in known]
    await _check_ids(session, rows, new)
    await store.add_runs(session, new)
    for run in new:
        audit.changed(session, "run", run.run_id, None, run)
    places = {run_code(row.code): number for number, row in enumerate(rows)}
    await set_sessions(
        session, [(f"items.{places[run.code]}.sessions", run, by_code[run.code].sessions) for run in new]
    )
    await emit(session, [run.announced() for run in new])
    ids = {code: run.run_id for code, run in known.items()} | {run.code: run.run_id for run in new}
    return {"announced": len(new), "existing": sorted(known), "ids": ids}


def _programme(row: ProgrammeRow) -> Programme:
    return Programme(
        code=row.code,
        name=row.name,
        jp=row.jp,
        kind=row.kind,
        kind_id=row.kind_id,
        mode=row.mode,
        competencies=tuple(c.target() for c in row.competencies),
        job_levels=tuple(row.job_levels),
        quota=row.quota,
    )


def _run(code: str, row: RunRow, programme: Programme) -> Run:
    seats = row.seats if row.seats is not None else programme.quota
    return Run(
        run_id=row.id or run_id_of(code),
        code=code,
        programme_code=programme.code,
        programme_name=programme.name,
        organiser=row.organiser,
        open_to=tuple(dict.fromkeys(row.open_to or [row.organiser])),
        jp=programme.jp,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        seats=DEFAULT_SEATS if seats is None else seats,
        mode=programme.mode if row.mode is None else row.mode,
        location=row.location,
        job_levels=programme.job_levels if row.job_levels is None else tuple(row.job_levels),
        pass_score=row.pass_score,
        attendance_percent=row.attendance_percent,
        report_required=row.report_required,
        competencies=programme.competencies,
    )


async def _check_ids(session: AsyncSession, rows: Sequence[RunRow], new: Sequence[Run]) -> None:
    """Refuse an id that another run has, here or in the catalogue."""
    taken = set(await store.load_runs(session, [run.run_id for run in new]))
    places = {run_code(row.code): number for number, row in enumerate(rows)}
    faults = []
    for run in new:
        if run.run_id in taken:
            faults.append(Fault(f"items.{places[run.code]}.id", _("Pengenal ini milik angkatan lain.")))
        taken.add(run.run_id)
    if faults:
        raise invalid_rows(faults)


async def _check(session: AsyncSession, rows: Sequence[RunRow], programmes: Mapping[str, Programme]) -> None:
    agencies = await register.load_agencies(session)
    faults = []
    for number, row in enumerate(rows):
        if row.programme not in programmes:
            faults.append(Fault(f"items.{number}.programme", _("Program ini belum ada di katalog.")))
        if unknown := {row.organiser, *(row.open_to or [])} - agencies.keys():
            words = _("Instansi belum terdaftar: %(codes)s.") % {"codes": ", ".join(sorted(unknown))}
            faults.append(Fault(f"items.{number}.open_to", words))
    if faults:
        raise invalid_rows(faults)


def _anothers(rows: Sequence[ProgrammeRow], codes: Set[str]) -> Problem:
    words = _("Program ini dicatat oleh instansi lain atau pengelola platform.")
    places = [number for number, row in enumerate(rows) if row.code in codes]
    return Problem(
        "out-of-scope",
        403,
        _("Ada program yang bukan milik instansi Anda."),
        mend=_("Hapus baris yang disebut, atau pakai kode program sendiri."),
        errors=[Fault(f"items.{number}.code", words) for number in places],
    )
