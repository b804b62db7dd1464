"""The small world as enrollment records it by its own commands."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.agency import EnrollmentRequested
from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest

from .people import (
    ASKER,
    HERE,
    INTERVIEWER,
    OTHER,
    OURS,
    PEOPLE,
    RUNS,
    SECTION,
    TAKING_PART,
    THEIRS,
    THERE,
    UNIT,
    UNITS,
    Asn,
    Run,
    id_of,
)
from .told import day
from .trying import World


async def enrollment(service: ServiceUnderTest) -> World:
    from enrollment.accounts.domain import Account
    from enrollment.accounts.store import link
    from enrollment.catalogue.announcing import announce_runs, record_programmes
    from enrollment.catalogue.bodies import ProgrammeRow, RunRow
    from enrollment.credits.asking import ask
    from enrollment.credits.domain import conversions
    from enrollment.imports.store import add_import
    from enrollment.machines.domain import Machine
    from enrollment.machines.store import add_machine
    from enrollment.register.bodies import AgencyRow, UnitRow
    from enrollment.register.recording import record_agencies, record_asn, record_units
    from enrollment.rights.asking import ask_to_mend

    units = [
        UnitRow(
            id=unit,
            agency_code=HERE if unit in (UNIT, SECTION, OTHER) else THERE,
            name=f"Unit {number}",
            parent_id=path[-2] if len(path) > 1 else None,
        )
        for number, (unit, path) in enumerate(UNITS.items())
    ]
    async with service.sessions() as session, session.begin():
        await record_agencies(
            session, [AgencyRow(code=HERE, name="Kota Jambi"), AgencyRow(code=THERE, name="Muaro Jambi")]
        )
        await record_units(session, units)
        await record_asn(session, [_row(asn) for asn in (*PEOPLE, INTERVIEWER)])
        await record_programmes(session, [ProgrammeRow(code="AKS", name="Pelatihan Akses", jp=20)], None)
        await record_programmes(session, [ProgrammeRow(code="ASING", name="Program lain", jp=20)], THERE)
        await announce_runs(session, [_run_row(RunRow, run) for run in RUNS])
        for agency in (HERE, THERE):
            await _drafts(session, agency)
            await _partners(session, agency)
        for asn in PEOPLE:
            await ask_to_mend(session, asn.asn_id, "position", "Arsiparis", "SK 1/2026")
            await ask(session, asn.asn_id, _handed_in(asn), b"%PDF-1.7", conversions())
        assert await link(session, Account("here", "u-1"), INTERVIEWER.asn_id)
        machines = [Machine(id_of("machine", code), code, "SIMPEG") for code in (HERE, THERE)]
        for machine in machines:
            await add_machine(session, machine)
        imports = {code: id_of("import", code) for code in (HERE, THERE)}
        for code, import_id in imports.items():
            await add_import(session, _import(import_id, code), b"NIP", {})
    for asn, run in TAKING_PART:
        await service.receives(EnrollmentRequested(nip=asn.nip, run_code=run.code), agency=asn.agency)
    async with service.sessions() as session, session.begin():
        await _start(session)
    rows = await service.rows(
        "SELECT enrollment_id, asn_id, run_code FROM enrolments JOIN runs USING (run_id)"
    )
    ids = {(row.asn_id, row.run_code): row.enrollment_id for row in rows}
    enrolments = {f"{a.key} in {r.code}": ids[a.asn_id, r.code] for a, r in TAKING_PART}
    certificates = await _certify(service, enrolments)
    asked = {row.asn_id: row.request_id for row in await service.rows("SELECT * FROM data_requests")}
    handed_in = {row.asn_id: row.credit_id for row in await service.rows("SELECT * FROM jp_credits")}
    return World(
        of={asn.key: asked[asn.asn_id] for asn in PEOPLE},
        enrolments=enrolments,
        certificates=certificates,
        credits={asn.key: handed_in[asn.asn_id] for asn in PEOPLE},
        approvals=await _ask_for_approval(service),
        transfers=await _ask_for_transfers(service),
        machines={machine.agency_code: machine.machine_id for machine in machines},
        imports=imports,
    )


async def _drafts(session: AsyncSession, agency: str) -> None:
    """Drafts of programmes, one for each route that takes one; those to be answered are the interviewer's."""
    from enrollment.catalogue.domain import Draft, Programme
    from enrollment.catalogue.store import save_draft

    for todo in ("UBAH", "AJUKAN", "HAPUS"):
        await save_draft(session, Draft(Programme(f"{todo}-{agency}", "Draf", 10), agency))
    for todo in ("SETUJU", "KEMBALI"):
        programme = Programme(f"{todo}-{agency}", "Pengajuan", 10)
        await save_draft(session, Draft(programme, agency, "submitted", INTERVIEWER.asn_id, clock.now()))


async def _partners(session: AsyncSession, agency: str) -> None:
    """A partner, a speaker, and one to be forgotten."""
    from enrollment.partners.domain import Partner, Speaker
    from enrollment.partners.store import save_partner, save_speaker

    await save_partner(session, Partner(id_of("partner", agency), "Mitra", "", "", "", "", agency))
    for todo in ("speaker", "forgotten"):
        await save_speaker(
            session, Speaker(id_of(todo, agency), "Narasumber", "", "", "", recorded_by=agency)
        )


def _import(import_id: UUID, agency: str):
    from enrollment.imports import Kind
    from enrollment.imports.store import Import

    return Import(
        import_id=import_id, agency_code=agency, kind=Kind.PEGAWAI, file_name="a.csv", size=3, sha256="", header=[],
        uploaded_by=None, uploaded_at=clock.now(), state="applied", as_of=clock.today(), detected={}, columns={},
        problems=[], plan="0" * 64,
    )  # fmt: skip


async def _ask_for_approval(service: ServiceUnderTest) -> dict[str, UUID]:
    """Everybody asks for a seat in a run that wants an approval."""
    from bina.web.access import Person
    from enrollment.catalogue.announcing import announce_runs
    from enrollment.catalogue.bodies import RunRow
    from enrollment.enrolments.asking import ask_for

    run = {"code": "SETUJU-1", "programme": "AKS", "organiser": THERE, "open_to": [HERE, THERE]}
    run |= {"starts_on": day(20), "ends_on": day(21), "admission": {"approval": "both"}}
    async with service.sessions() as session, session.begin():
        await announce_runs(session, [RunRow.model_validate(run)])
        for asn in PEOPLE:
            who = Person(asn.asn_id, asn.name, frozenset({"asn"}), asn.agency)
            await ask_for(session, who, "SETUJU-1", None)
    rows = {row.asn_id: row.approval_id for row in await service.rows("SELECT * FROM approvals")}
    return {asn.key: rows[asn.asn_id] for asn in PEOPLE}


async def _ask_for_transfers(service: ServiceUnderTest) -> dict[str, UUID]:
    """Everybody is asked for by the other agency."""
    from bina.web.access import Person
    from enrollment.transfers.deciding import ask

    made = {}
    async with service.sessions() as session, session.begin():
        for asn in PEOPLE:
            other = THERE if asn.agency == HERE else HERE
            clerk = Person(INTERVIEWER.asn_id, "Pengelola", frozenset({"bkd"}), other)
            made[asn.key] = await ask(session, clerk, asn.nip, "Mutasi", day(1))  # and nobody moves before
    return made


async def _certify(service: ServiceUnderTest, enrolments: dict[str, UUID]) -> dict[str, str]:
    """Everybody has a certificate already; gives the codes, which are the numbers too."""
    from enrollment.certificates.domain import Certificate, new_code
    from enrollment.certificates.store import add_certificates

    codes = {label: new_code() for label in enrolments}
    made = [
        Certificate(enrolments[label], code, enrolments[label], run.organiser, code, day(0))
        for (asn, run) in TAKING_PART
        if (code := codes[label := f"{asn.key} in {run.code}"])
    ]
    numbered = """UPDATE enrolments SET certificate_number = code, completed_on = CURRENT_DATE
        FROM certificates AS c WHERE c.enrollment_id = enrolments.enrollment_id"""
    async with service.sessions() as session, session.begin():
        await add_certificates(session, made)
        await session.execute(text(numbered))
    return codes


def _handed_in(asn: Asn):
    from enrollment.credits.asking import Asked

    on = day(-3).isoformat()
    return Asked("certificate", f"Kursus {asn.name}", "LAN", f"{asn.nip}/2026", on, on, "4", abroad=False)


def _row(asn: Asn):
    from enrollment.register.bodies import AsnRow

    return AsnRow(
        id=asn.asn_id,
        nip=asn.nip,
        name=asn.name,
        agency_code=asn.agency,
        unit_id=asn.unit,
        supervisor_id=asn.supervisor,
    )


def _run_row(kind, run: Run):
    return kind(
        id=run.run_id,
        code=run.code,
        programme="AKS",
        organiser=run.organiser,
        open_to=[HERE, THERE],
        starts_on=day(2),
        ends_on=day(9),
        seats=30,
    )


async def _start(session) -> None:
    """Seats are asked for before a run begins, attendance is taken after."""
    from enrollment.catalogue.bodies import RunChange, SessionRow
    from enrollment.catalogue.store import find_run
    from enrollment.enrolments.running import change

    for run in RUNS:
        found = await find_run(session, run.code)
        assert found is not None
        held = [_session_row(SessionRow, run)] if run in (OURS, THEIRS) else []
        await change(session, found, RunChange(starts_on=day(-1), sessions=held))


def _session_row(kind, run: Run):
    now = clock.now()
    return kind(
        id=id_of("session", run.code),
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=3),
        trainer=ASKER.nip if run.taught else None,
    )
