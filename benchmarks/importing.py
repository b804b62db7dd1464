"""Workbooks of 100,000 rows: checked and planned without changing anything, then applied, as the service does both.

The check runs in its own process and its memory is that process's; applying is the service's due work, chunk by chunk.
The baseline is an importer as SQLModel's documentation begins ("Create Rows", "Read Data"): for each row of openpyxl's
reader a question who that is, an object, a commit. It knows no rules, plans nothing and tells nobody. It gets fewer
rows, and its seconds are scaled.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import xlsxwriter
from openpyxl import load_workbook
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession as ModelSession

import enrollment.app
from bina.messaging import clock, new_id
from bina.messaging.collector import calm_collector
from bina.messaging.database import create_engine, sessions
from bina.messaging.due import DueWork
from enrollment.catalogue.announcing import announce_runs, record_programmes
from enrollment.catalogue.bodies import ProgrammeRow, RunRow
from enrollment.imports import process, store
from enrollment.imports.checker import Job
from enrollment.imports.columns import Kind
from enrollment.imports.schedule import begin_work
from enrollment.imports.schedule import schedule as imports_schedule
from enrollment.register.bodies import AgencyRow
from enrollment.register.recording import record_agencies

from . import hostile
from .figures import Figure, figure, say
from .parts import Parts

ROWS = 100_000
BARE_ROWS = 1_000
AGENCY, RUN = "5571", "BENCH-1"
CHECK_SECONDS, APPLY_SECONDS, MEMORY_MIB, REFUSAL_SECONDS = 8.0, 20.0, 350.0, 2.0
"""Targets."""
_BORN = 9_000
_LOOK_SECONDS = 0.02
_PEOPLE = (
    "NIP",
    "Nama",
    "Kode Instansi",
    "Jabatan",
    "Jenjang",
    "Golongan",
    "Jenis Kelamin",
    "Email",
    "No HP",
    "TMT",
)
_SEATS = ("NIP", "Kode Angkatan", "Catatan")
_GRADES = ("III/a", "III/b", "III/c", "III/d", "IV/a")


class Person(SQLModel, table=True):
    """The baseline's table."""

    __tablename__ = "bare_people"

    nip: str = Field(primary_key=True)
    name: str = ""
    position: str = ""
    run_code: str = ""


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Seconds of checking and applying, and the check's memory, for people and for their enrolments."""
    taken: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in ("pegawai", "pendaftaran")}
    bare: dict[str, list[float]] = {kind: [] for kind in taken}
    harm: list[float] = []
    calm_collector()  # as every worker of a service does
    with tempfile.TemporaryDirectory(prefix="bina-importing-") as folder:
        files = {"pegawai": _people(Path(folder)), "pendaftaran": _seats(Path(folder))}
        for number in range(runs):
            async with _prepared(parts) as (url, make):
                harm.append(await _refusal(url))
                for kind, file in files.items():
                    taken[kind].append(await _import(url, make, Kind(kind), file))
                    bare[kind].append(await _bare(url, file))
                    check, apply, peak = taken[kind][-1]
                    say(
                        f"importing run {number + 1}, {kind}: check {check:.1f} s, {peak:.0f} MiB, "
                        f"apply {apply:.1f} s; row by row {bare[kind][-1]:.0f} s"
                    )
    note = "slowest workbook made to harm, its process and all; baseline is the target"
    refusal = figure("importing.refusal", harm, "s", [REFUSAL_SECONDS], note)
    return [*(f for kind in taken for f in _figures(kind, taken[kind], bare[kind])), refusal]


def _figures(kind: str, taken: Sequence[tuple[float, float, float]], bare: Sequence[float]) -> list[Figure]:
    check, apply, peak = ([run[place] for run in taken] for place in range(3))
    whole = [c + a for c, a in zip(check, apply, strict=True)]
    scaled = f"{ROWS:,} rows; row by row with SQLModel, {BARE_ROWS:,} rows scaled"
    return [
        figure(f"importing.{kind}.check", check, "s", [CHECK_SECONDS], "XLSX; baseline is the target"),
        figure(f"importing.{kind}.apply", apply, "s", [APPLY_SECONDS], "baseline is the target"),
        figure(f"importing.{kind}.memory", peak, "MiB", [MEMORY_MIB], "of the check; baseline is the target"),
        figure(f"importing.{kind}.whole", whole, "s", bare, scaled),
    ]


@contextlib.asynccontextmanager
async def _prepared(parts: Parts) -> AsyncIterator[tuple[str, async_sessionmaker[AsyncSession]]]:
    url = await parts.database(enrollment.app.service)
    engine = create_engine(url)
    make = sessions(engine)
    start = clock.today() + timedelta(days=30)
    run = RunRow(
        code=RUN,
        programme="BENCH",
        organiser=AGENCY,
        open_to=[AGENCY],
        starts_on=start,
        ends_on=start + timedelta(days=4),
        seats=ROWS,
    )
    async with make() as session, session.begin():
        await record_agencies(session, [AgencyRow(code=AGENCY, name="Instansi Pengukuran")])
        await record_programmes(session, [ProgrammeRow(code="BENCH", name="Pelatihan Pengukuran", jp=20)])
        await announce_runs(session, [run])
    yield url, make
    await engine.dispose()
    await parts.drop(url)


async def _import(
    url: str, make: async_sessionmaker[AsyncSession], kind: Kind, file: Path
) -> tuple[float, float, float]:
    """Seconds to check, seconds to apply, MiB of the check."""
    import_id, content = new_id(), await asyncio.to_thread(file.read_bytes)
    job = _job(url, import_id, kind, content)
    watching = asyncio.create_task(_peak())
    started = time.perf_counter()
    outcome = await process.run(job, content)
    checked = time.perf_counter() - started
    watching.cancel()
    assert outcome.outcome == "kept", outcome
    started = time.perf_counter()
    await _apply(make, import_id)
    return checked, time.perf_counter() - started, await watching


async def _refusal(url: str) -> float:
    """Seconds until the file that takes longest is refused, or read."""
    slowest = 0.0
    for name, content in hostile.workbooks().items():
        started = time.perf_counter()
        outcome = await process.run(_job(url, new_id(), Kind.PENDAFTARAN, content), content)
        seconds = time.perf_counter() - started
        say(f"importing: too many {name}: {outcome.outcome} in {seconds:.1f} s")
        slowest = max(slowest, seconds)
    return slowest


def _job(url: str, import_id: UUID, kind: Kind, content: bytes) -> Job:
    return Job(
        database_url=url,
        import_id=str(import_id),
        agency_code=AGENCY,
        kind=str(kind),
        file_name="berkas.xlsx",
        as_of=clock.today().isoformat(),
        now=clock.now().isoformat(),
        columns={},
        size=len(content),
    )


async def _peak() -> float:
    """The largest memory of the checking process, in MiB, seen until cancelled."""
    peak = 0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            for child in psutil.Process().children():
                with contextlib.suppress(psutil.Error):
                    if "enrollment.imports.checker" in child.cmdline():
                        peak = max(peak, child.memory_info().rss)
            await asyncio.sleep(_LOOK_SECONDS)
    return peak / 2**20


async def _apply(make: async_sessionmaker[AsyncSession], import_id: UUID) -> None:
    async with make() as session, session.begin():
        await store.adopt_import(session, import_id, "checked", None)
        await store.confirm_import(session, import_id, "applying", {}, clock.now())
        confirmed = await store.hold_import(session, import_id)
        assert confirmed is not None
        await begin_work(session, confirmed)
    work = DueWork(make, [imports_schedule])
    while await work.run():
        pass
    async with make() as session:
        one = await store.hold_import(session, import_id)
    assert one is not None
    assert (one.state, one.applied) == ("applied", ROWS), one


async def _bare(url: str, file: Path) -> float:
    """Seconds for all rows, scaled from the first ones."""
    engine = create_engine(url, kept=1)
    async with engine.connect() as held:
        await held.run_sync(_table)
        started = time.perf_counter()
        for values in _read(file):
            async with ModelSession(bind=held) as session:
                await _put(session, values)
        seconds = time.perf_counter() - started
    await engine.dispose()
    return seconds * ROWS / BARE_ROWS


def _table(connection: Any) -> None:
    connection.exec_driver_sql(
        "CREATE TEMP TABLE bare_people (nip text PRIMARY KEY, name text, position text, run_code text)"
    )
    connection.commit()


def _read(file: Path) -> Iterator[dict[str, str]]:
    sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
    rows = sheet.iter_rows(values_only=True, max_row=BARE_ROWS + 1)
    header = next(rows)
    for row in rows:
        yield dict(zip(map(str, header), map(str, row), strict=True))


async def _put(session: ModelSession, values: dict[str, str]) -> None:
    found = await session.exec(select(Person).where(Person.nip == values["NIP"]))
    person = found.first() or Person(nip=values["NIP"])
    person.name = values.get("Nama", "")
    person.position = values.get("Jabatan", "")
    person.run_code = values.get("Kode Angkatan", "")
    session.add(person)
    await session.commit()
    await session.refresh(person)


def _people(folder: Path) -> Path:
    def row(n: int) -> Sequence[object]:
        nip, sex = _nip(n), "LP"[n % 2]
        mail, phone, since = f"p{n}@contoh.go.id", f"08{1_200_000_000 + n}", date(2020, 1, 1 + n % 28)
        return (
            nip,
            f"Pegawai {n}",
            AGENCY,
            "Analis Kepegawaian",
            "Ahli Muda",
            _GRADES[n % 5],
            sex,
            mail,
            phone,
            since,
        )

    return _workbook(folder / "pegawai.xlsx", _PEOPLE, row)


def _seats(folder: Path) -> Path:
    return _workbook(folder / "pendaftaran.xlsx", _SEATS, lambda n: (_nip(n), RUN, ""))


def _workbook(file: Path, header: Sequence[str], row: Any) -> Path:
    with xlsxwriter.Workbook(file, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header)
        for n in range(ROWS):
            sheet.write_row(n + 1, 0, row(n))
    return file


def _nip(n: int) -> str:
    """A civil servant's, appointed at 25; `n` alone tells two apart."""
    born = date(1970, 1, 1) + timedelta(days=n % _BORN)
    return f"{born:%Y%m%d}{born.year + 25}{1 + n % 12:02d}{1 + n % 2}{n // _BORN + 1:02d}{1 + n % 9}"
