"""A small register with runs, and a story of facts that reaches every handler of enrollment.

`prepare` records what agencies' messages refer to: enrollment owns it, so no event brings it.
"""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Envelope, Event
from bina.events.agency import EnrollmentRequested, TrainingResultReported, WithdrawalRequested
from bina.events.assessment import (
    AssessmentScored,
    CompetencyProfileChanged,
    ProfileEntry,
    TrainingRecommended,
)
from bina.messaging.testing import ServiceUnderTest
from enrollment.catalogue.announcing import announce_runs, record_programmes
from enrollment.catalogue.bodies import ProgrammeRow, RunRow
from enrollment.catalogue.domain import RunSession, run_id_of
from enrollment.catalogue.store import add_sessions, load_runs
from enrollment.certificates.issuing import issue_some
from enrollment.enrolments.applying import apply
from enrollment.enrolments.domain import Change, Enrolment, enrollment_id_of
from enrollment.entitlement.store import History, declare
from enrollment.imports import Kind
from enrollment.imports.plan import PlannedRow
from enrollment.imports.store import Import, add_import, replace_rows
from enrollment.register.bodies import AgencyRow, AsnRow, UnitRow
from enrollment.register.recording import record_agencies, record_asn, record_units

SPACE = UUID("b0c3c1a4-6a54-4a0f-9d0a-6f1f0d1c2e11")
CITY, REGENCY, PROVINCE = "5571", "5508", "5500"
SMALL, OPEN, TESTED, PAST, FOREIGN = "KEU-2026-03", "PBJ-2026-04", "MAN-2026-02", "BTK-2026-05", "SKB-2026-01"
UNIT, SECTION = uuid5(SPACE, "unit"), uuid5(SPACE, "section")


E = TypeVar("E", bound=Event)


def nip(n: int) -> str:
    """A plausible NIP of the n-th PNS, from 1."""
    return f"198703032010011{n:03d}"


def asn_id(n: int) -> UUID:
    return uuid5(SPACE, f"asn/{n}")


def enrollment_id(n: int, run: str, attempt: int = 1) -> UUID:
    return enrollment_id_of(run_id_of(run), asn_id(n), attempt)


def person(n: int, agency: str = CITY, **changes) -> AsnRow:
    row = {
        "id": asn_id(n),
        "nip": nip(n),
        "name": f"Pegawai {n}",
        "agency_code": agency,
        "unit_id": SECTION if agency == CITY else None,
        "email": f"pegawai{n}@kota.example",
        "supervisor_id": asn_id(1) if n > 1 and agency == CITY else None,
    }
    return AsnRow.model_validate(row | changes)


async def left_long_ago(service: ServiceUnderTest, *numbers: int) -> None:
    """Let people have left so long ago that no law demands their record."""
    async with service.sessions() as session, session.begin():
        await served_since(session, date(2000, 1, 1), *numbers)
        await record_asn(session, [person(n, left_on=date(2001, 1, 1)) for n in numbers])
    await service.emitted()


async def served_since(session: AsyncSession, on: date, *numbers: int) -> None:
    """Their first placement began on that day, so that they may have left since then."""
    await session.execute(
        text("UPDATE placements SET from_on = :on WHERE asn_id = ANY (CAST(:ids AS uuid[]))"),
        {"on": on, "ids": [asn_id(n) for n in numbers]},
    )


def run(code: str, organiser: str, starts: date, ends: date, **changes) -> RunRow:
    row = {
        "code": code,
        "programme": code[:3],
        "organiser": organiser,
        "open_to": [CITY, REGENCY],
        "starts_on": starts,
        "ends_on": ends,
        "seats": 30,
    }
    return RunRow.model_validate(row | changes)


AGENCIES = [
    AgencyRow(code=PROVINCE, name="Pemerintah Provinsi Jambi"),
    AgencyRow(code=REGENCY, name="Pemerintah Kabupaten Muaro Jambi"),
    AgencyRow(
        code=CITY,
        name="Pemerintah Kota Jambi",
        uploads={"pegawai": [CITY], "pendaftaran": [CITY], "kelulusan": [CITY, REGENCY]},
    ),
]
UNITS = [
    UnitRow(id=SECTION, agency_code=CITY, name="Subbagian Umum", parent_id=UNIT),
    UnitRow(id=UNIT, agency_code=CITY, name="Sekretariat Daerah"),
]
PROGRAMMES = [
    ProgrammeRow(code=code, name=name, jp=jp)
    for code, name, jp in (
        ("KEU", "Pengelolaan Keuangan Daerah", 50),
        ("PBJ", "Pengadaan Barang/Jasa Tingkat Dasar", 40),
        ("MAN", "Manajemen Perubahan", 32),
        ("BTK", "Bimtek Penyusunan SKP", 16),
        ("SKB", "Penguatan Perekat Bangsa", 24),
    )
]
RUNS = [
    run(SMALL, CITY, date(2026, 12, 1), date(2026, 12, 6), seats=2),
    run(OPEN, REGENCY, date(2026, 12, 7), date(2026, 12, 11)),
    run(TESTED, CITY, date(2026, 9, 14), date(2026, 12, 17), pass_score=70),
    run(PAST, CITY, date(2026, 10, 5), date(2026, 10, 6)),
    run(FOREIGN, PROVINCE, date(2026, 12, 14), date(2026, 12, 16), open_to=[PROVINCE]),
]
ATTENDED = 9
"""Who is enrolled in the tested run and met its attendance before the story begins."""


async def prepare(service: ServiceUnderTest) -> None:
    """Record agencies, units, people, programmes, runs, and one participant who waits for the test only."""
    async with service.sessions() as session, session.begin():
        await record_agencies(session, AGENCIES)
        await record_units(session, UNITS)
        await record_asn(
            session, [*(person(n) for n in range(1, 10)), person(21, REGENCY), person(22, REGENCY)]
        )
        await record_programmes(session, PROGRAMMES)
        await announce_runs(session, RUNS)
        for agency in (CITY, REGENCY):
            await declare(session, History(agency, 2026, "SIMPEG", datetime(2026, 1, 5, 2, tzinfo=UTC)))
        (tested,) = (await load_runs(session, [run_id_of(TESTED)])).values()
        enrolled = Enrolment(
            enrollment_id(ATTENDED, TESTED),
            tested.run_id,
            asn_id(ATTENDED),
            CITY,
            "accepted",
            requested_at=datetime(2026, 9, 1, 2, tzinfo=UTC),
            met_on=date(2026, 9, 17),
        )
        await apply(session, [Change(None, enrolled)])


async def upload(service: ServiceUnderTest) -> UUID:
    """Keep a file of the city with a row to be applied and one that was refused; gives its id."""
    one = Import(
        import_id=uuid5(SPACE, "import"),
        agency_code=CITY,
        kind=Kind.PENDAFTARAN,
        file_name="a.csv",
        size=3,
        sha256="",
        uploaded_by=None,
        uploaded_at=datetime(2026, 11, 20, 2, tzinfo=UTC),
        state="applied",
        as_of=date(2026, 11, 20),
        detected={},
        header=["NIP", "Kode Angkatan"],
        columns={"NIP": "NIP", "Kode Angkatan": "Kode Angkatan"},
        problems=[],
        plan="0" * 64,
    )
    rows = [
        PlannedRow(2, 0, nip(2), OPEN, "added", after={"state": "accepted", "note": ""}),
        PlannedRow(3, 1, None, None, "refused", cells=["1234", OPEN]),
    ]
    async with service.sessions() as session, session.begin():
        await add_import(session, one, b"NIP", {})
        await replace_rows(session, one.import_id, rows)
    return one.import_id


def asked(n: int, code: str) -> EnrollmentRequested:
    return EnrollmentRequested(nip=nip(n), run_code=code)


def left(n: int, code: str, reason: str = "") -> WithdrawalRequested:
    return WithdrawalRequested(nip=nip(n), run_code=code, reason=reason)


def reported(n: int, code: str, result: str = "passed", **changes) -> TrainingResultReported:
    values = {
        "nip": nip(n),
        "run_code": code,
        "result": result,
        "completed_on": date(2026, 10, 6),
        "jp": 16,
    }
    return TrainingResultReported.model_validate(values | changes)


def dated(event: E, at: datetime, agency: str = CITY) -> E:
    """An agency's message with the time that its sender's clock says."""
    envelope = Envelope(
        id=str(uuid5(SPACE, f"{event.type}/{event.key}/{at}")),
        source=agency,
        type=event.type,
        time=at,
        subject=event.key,
        publisher=agency,
    )
    return event.travelled(envelope)


def scored(n: int, code: str = TESTED, **changes) -> AssessmentScored:
    values = {
        "asn_id": asn_id(n),
        "assessment_id": uuid5(SPACE, f"test/{n}/{code}"),
        "enrollment_id": enrollment_id(n, code),
        "run_id": run_id_of(code),
        "kind": "post",
        "score": 80,
        "passed": True,
        "scored_on": date(2026, 9, 18),
    }
    return AssessmentScored.model_validate(values | changes)


def recommended(n: int) -> TrainingRecommended:
    return TrainingRecommended(
        asn_id=asn_id(n),
        competency_code="M7",
        competency_name="Mengelola Perubahan",
        gap=1,
        programme_code="MAN",
        programme_name="Manajemen Perubahan",
        run_id=run_id_of(TESTED),
    )


def profiled(n: int, level: int) -> CompetencyProfileChanged:
    """The profile of a person whose job asks for level 3."""
    entry = ProfileEntry(
        code="M7", level=level, standard=3, source="post-test", assessed_on=date(2026, 11, 1)
    )
    return CompetencyProfileChanged(asn_id=asn_id(n), entries=(entry,))


async def follow(service: ServiceUnderTest) -> None:
    """What clerks do after the story: sessions of a run, certificates of another."""
    starts = datetime(2026, 12, 1, 1, tzinfo=UTC)
    held = RunSession(uuid5(SPACE, "session"), run_id_of(SMALL), starts, starts + timedelta(hours=3))
    async with service.sessions() as session, session.begin():
        await add_sessions(session, [held])
        await issue_some(session, run_id_of(PAST))


def story() -> list[Event | tuple[Event, str]]:
    """Requests beyond the seats, withdrawals, results, scores; every handler once at least."""
    city: list[Event] = [
        *(asked(n, SMALL) for n in (1, 2, 3, 4)),
        asked(2, SMALL),
        asked(5, TESTED),
        asked(6, FOREIGN),
        asked(21, SMALL),
        left(1, SMALL, "Tugas lain"),
        left(8, SMALL),
        asked(1, SMALL),
        reported(7, PAST, pre_score=55, post_score=82.5, certificate_number="893.3/120/BTK/2026"),
        reported(7, PAST, jp=15),
        reported(8, PAST, "failed", jp=0),
        reported(22, PAST),
        reported(4, PAST, "withdrawn", jp=0),
        dated(asked(3, PAST), datetime(2026, 10, 5, 2, tzinfo=UTC)),
        dated(reported(6, PAST, completed_on=date(2026, 11, 25)), datetime(2030, 1, 1, tzinfo=UTC)),
    ]
    regency: list[Event] = [asked(21, OPEN), asked(22, OPEN), left(22, OPEN)]
    assessed: list[Event] = [
        scored(ATTENDED),
        scored(5),
        scored(2, SMALL, kind="pre", passed=None, scored_on=date(2026, 12, 1)),
        recommended(2),
        recommended(3),
        profiled(2, level=2),
        profiled(3, level=3),
    ]
    return [*((event, CITY) for event in city), *((event, REGENCY) for event in regency), *assessed]
