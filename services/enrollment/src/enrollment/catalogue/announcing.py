"""Recording programmes and announcing runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import DueItem, clock, due, emit
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem
from enrollment.catalogue import drafting, store
from enrollment.catalogue.admission import AGENCY, RELEASE, Admission
from enrollment.catalogue.bodies import ProgrammeRow, RunRow
from enrollment.catalogue.domain import Programme, Run, run_id_of
from enrollment.catalogue.scheduling import set_sessions
from enrollment.imports import run_code
from enrollment.partners import store as partners
from enrollment.refusals import invalid_rows
from enrollment.register import store as register

DEFAULT_SEATS = 30


async def record_programmes(
    session: AsyncSession, rows: Sequence[ProgrammeRow], agency: str | None = None
) -> dict[str, Any]:
    """Record programmes as an agency, or as the platform; a `Problem` (403) names those that are another's.

    What changes one is its next version; announced runs keep theirs. Rows that say `draft` wait for an approval.
    """
    await drafting.check(session, rows)
    known = await store.load_programmes(session, {row.code for row in rows})
    drafts = [drafting.programme_of(row, known.get(row.code)) for row in rows if row.draft]
    await drafting.save_all(session, drafts, agency)
    programmes = {row.code: drafting.programme_of(row, known.get(row.code)) for row in rows if not row.draft}
    written = await store.add_programmes(session, list(programmes.values()), agency)
    if foreign := programmes.keys() - written:
        raise _anothers(rows, foreign)
    for code, programme in (await store.load_programmes(session, programmes)).items():
        audit.changed(session, "programme", code, known.get(code), programme)
    return {"recorded": len(programmes), "drafts": len(drafts)} if drafts else {"recorded": len(programmes)}


async def announce_runs(session: AsyncSession, rows: Sequence[RunRow]) -> dict[str, Any]:
    """Announce runs that are new by their code; known ones are named and left as they are."""
    by_code = {run_code(row.code): row for row in rows}
    await store.hold_catalogue(session)
    programmes = await store.load_programmes(
        session, [code for row in rows for code in (row.programme, *row.required_programmes)]
    )
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
    await plan_releases(session, new)
    await emit(session, [run.announced() for run in new])
    ids = {code: run.run_id for code, run in known.items()} | {run.code: run.run_id for run in new}
    return {"announced": len(new), "existing": sorted(known), "ids": ids}


def held_fault(run: Run) -> str:
    """What is wrong with the seats that a run holds back; empty where nothing is, or where that is over."""
    if not run.admission.holds_on(clock.today()):
        return ""
    if run.admission.held_seats > run.seats:
        return _("Kursi yang ditahan lebih banyak daripada kursi angkatan.")
    held = [group.removeprefix(AGENCY) for group, _seats in run.admission.held if group.startswith(AGENCY)]
    if strange := [code for code in held if code not in run.open_to]:
        words = _(
            "Angkatan ini tidak dibuka untuk: %(codes)s. Sebut kelompok, atau instansi yang boleh mendaftar."
        )
        return words % {"codes": ", ".join(strange)}
    return ""


async def plan_releases(session: AsyncSession, runs: Iterable[Run]) -> None:
    """When seats that runs hold back become anybody's: with the day after the last."""
    await due.add(session, [
        DueItem(RELEASE, str(run.run_id), datetime.combine(until + timedelta(days=1), time(), clock.ZONE))
        for run in runs if run.admission.held and (until := run.admission.held_until)
    ])  # fmt: skip


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
        admission=row.admission.admission() if row.admission else Admission(),
        competencies=programme.competencies,
        programme_version=programme.version,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        cost_per_seat=row.cost_per_seat,
        required_programmes=tuple(dict.fromkeys(row.required_programmes)),
        required_levels=tuple(c.target() for c in row.required_levels),
        partner_id=row.partner_id,
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
    institutions = await partners.load_partners(session, {row.partner_id for row in rows if row.partner_id})
    faults = []
    for number, row in enumerate(rows):
        wrong = [*_of_programme(row, programmes), *_of_places(row, agencies)]
        if row.partner_id and row.partner_id not in institutions:
            wrong.append(("partner_id", _("Mitra ini tidak ada.")))
        faults += [Fault(f"items.{number}.{field}", words) for field, words in wrong]
    if faults:
        raise invalid_rows(faults)


def _of_programme(row: RunRow, programmes: Mapping[str, Programme]) -> Iterator[tuple[str, str]]:
    programme = programmes.get(row.programme)
    if programme is None:
        yield "programme", _("Program ini belum ada di katalog, atau belum disetujui.")
    elif words := words_of_audience(programme, row.open_to or [row.organiser]):
        yield "open_to", words
    if strange := [code for code in row.required_programmes if code not in programmes]:
        yield "required_programmes", words_of_unknown(strange)
    if programme and (wrong := held_fault(_run(row.code, row, programme))):
        yield "admission.held", wrong


def _of_places(row: RunRow, agencies: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if words := words_of_strange({row.organiser, *(row.open_to or [])} - agencies.keys()):
        yield "open_to", words


def words_of_audience(programme: Programme, open_to: Iterable[str]) -> str:
    """What is wrong with agencies that a run of a programme is to be open to; empty where nothing is."""
    if not programme.agencies or {*open_to} <= {*programme.agencies}:
        return ""
    return _("Program ini hanya untuk: %(codes)s.") % {"codes": ", ".join(programme.agencies)}


def words_of_strange(codes: Iterable[str]) -> str:
    """Agencies that are not registered; empty where there are none."""
    named = ", ".join(sorted(codes))
    return _("Instansi belum terdaftar: %(codes)s.") % {"codes": named} if named else ""


def words_of_unknown(codes: Sequence[str]) -> str:
    """Programmes that a run asks for and that there are not."""
    return _("Program prasyarat ini tidak ada di katalog: %(codes)s.") % {"codes": ", ".join(codes)}


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
