"""The small world as each service knows it: from the facts it receives, or, in enrollment, recorded there."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from architecture.applications import SETTINGS
from bina.events import Event
from bina.events.agency import EnrollmentRequested
from bina.events.enrollment import (
    AsnRecorded,
    CompetencyTarget,
    ContactRecorded,
    EnrollmentAccepted,
    TrainingAnnounced,
    TrainingCompleted,
)
from bina.messaging import Settings, clock
from bina.messaging.parked import EVERY
from bina.messaging.records import Message
from bina.messaging.redrives import add as add_redrive
from bina.messaging.testing import ServiceUnderTest
from named import entered

from .people import (
    ASKER,
    HERE,
    INTERVIEWER,
    OTHER,
    OURS,
    PEOPLE,
    RUNS,
    SECTION,
    STRANGER,
    TAKING_PART,
    THEIRS,
    THERE,
    UNIT,
    UNITS,
    Asn,
    Run,
    id_of,
)
from .trying import World

SECRET = "a secret of the tests, 32 characters"
KEPT = text(
    """INSERT INTO web.kept_forms (kept_id, person_id, path, fields)
    VALUES (:kept_id, :person_id, '/beranda', '[]')"""
)


def settings_of(service: ServiceUnderTest, *, demo: bool) -> Settings:
    kind = SETTINGS.get(service.service.name, Settings)
    url = service.engine.url.render_as_string(hide_password=False)
    return kind(
        database_url=url, kafka="127.0.0.1:1", secret=SECRET, public_url="http://bina.test", demo=demo
    )


async def build(service: ServiceUnderTest) -> World:
    """Put the world into a service, with a message of the stranger that cannot be read, and an entry about them."""
    made = await BUILDERS[service.service.name](service)
    topic, kind = "enrollment.trainings", b"training.announced.v1"
    if service.service.name == "enrollment":
        topic, kind = "assessment.results", b"assessment.scored.v1"
    body = f'{{"nip": "{STRANGER.nip}", '.encode()
    await service.receives_raw(Message(topic, 0, 7, STRANGER.nip.encode(), (("ce_type", kind),), body))
    (held,) = await service.rows("SELECT id, cause FROM messaging.held")
    kept_id = id_of("kept form")
    async with service.sessions() as session, session.begin():
        await session.execute(KEPT, {"kept_id": kept_id, "person_id": ASKER.asn_id})
        redrive = await add_redrive(session, EVERY, 1, "Uji")
    entry = await entered(service, STRANGER.asn_id, {"nip": STRANGER.nip, "name": STRANGER.name})
    shown = replace(made, held=held.id, cause=held.cause, redrive=redrive or 0)
    return replace(shown, kept_id=kept_id, entry=entry)


def day(offset: int) -> date:
    return clock.today() + timedelta(days=offset)


def enrolment(asn: Asn, run: Run) -> UUID:
    return id_of(asn.key, run.code)


def recorded(asn: Asn) -> AsnRecorded:
    return AsnRecorded(
        asn_id=asn.asn_id,
        nip=asn.nip,
        name=asn.name,
        employment="PNS",
        agency_code=asn.agency,
        unit_id=asn.unit,
        unit_path=UNITS[asn.unit],
        position="Kepala Seksi",
        job_level="Pengawas",
        supervisor_id=asn.supervisor,
    )


def announced(run: Run, starts: int, ends: int) -> TrainingAnnounced:
    return TrainingAnnounced(
        run_id=run.run_id,
        run_code=run.code,
        programme_code="AKS",
        programme_name="Pelatihan Akses",
        organiser=run.organiser,
        open_to=(HERE, THERE),
        competencies=(CompetencyTarget(code="M1", level=2),),
        jp=20,
        starts_on=day(starts),
        ends_on=day(ends),
        seats=30,
    )


def everywhere(kind: type[Event], **more: object) -> list[Event]:
    """One fact for everybody who takes part in a run."""
    return [
        kind(
            enrollment_id=enrolment(asn, run),
            asn_id=asn.asn_id,
            run_id=run.run_id,
            agency_code=asn.agency,
            **more,
        )
        for asn, run in TAKING_PART
    ]


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
        for asn in PEOPLE:
            await ask_to_mend(session, asn.asn_id, "position", "Arsiparis", "SK 1/2026")
            await ask(session, asn.asn_id, _handed_in(asn), b"%PDF-1.7", conversions())
        assert await link(session, Account("here", "u-1"), INTERVIEWER.asn_id)
        machines = [Machine(id_of("machine", code), code, "SIMPEG") for code in (HERE, THERE)]
        for machine in machines:
            await add_machine(session, machine)
        imports = {code: id_of("import", code) for code in (HERE, THERE)}
        for code, import_id in imports.items():
            await add_import(session, _import(import_id, code), b"NIP")
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
        machines={machine.agency_code: machine.machine_id for machine in machines},
        imports=imports,
    )


def _import(import_id: UUID, agency: str):
    from enrollment.imports import Kind
    from enrollment.imports.store import Import

    return Import(
        import_id=import_id, agency_code=agency, kind=Kind.PEGAWAI, file_name="a.csv", size=3, sha256="", header=[],
        uploaded_by=None, uploaded_at=clock.now(), state="applied", as_of=clock.today(), detected={}, columns={},
        problems=[], plan="0" * 64,
    )  # fmt: skip


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


async def assessment(service: ServiceUnderTest) -> World:
    """Everybody has an open test before the run that is to come, and a profile of one that was scored."""
    from assessment.assessments import domain
    from assessment.assessments.bulk import Taken, take_many

    past = Run("LALU-2026-01", THERE)
    await service.receives(*(recorded(asn) for asn in PEOPLE))
    await service.receives(*(announced(run, 5, 9) for run in RUNS), announced(past, 5, 9))
    await service.receives(*everywhere(EnrollmentAccepted))
    earlier = {asn.key: enrolment(asn, past) for asn in PEOPLE}
    await service.receives(
        *(
            EnrollmentAccepted(
                enrollment_id=earlier[asn.key], asn_id=asn.asn_id, run_id=past.run_id, agency_code=asn.agency
            )
            for asn in PEOPLE
        )
    )
    async with service.sessions() as session, session.begin():
        done = await take_many(session, [Taken(id_, "pre", 50.0, day(0)) for id_ in earlier.values()])
    assert done["taken"] == len(PEOPLE)
    return World(of={asn.key: domain.own_id(enrolment(asn, run), "pre") for asn, run in TAKING_PART})


async def evaluation(service: ServiceUnderTest) -> World:
    """Everybody is asked for a reaction to a run of yesterday; interviews about one half a year ago are under way."""
    from bina.web.access import Person
    from evaluation.tasks.api import Appointment, appoint
    from evaluation.tasks.domain import task_id

    await service.receives(*(recorded(asn) for asn in (*PEOPLE, INTERVIEWER)))
    await service.receives(*(announced(run, -6, -1) for run in RUNS))
    await service.receives(*everywhere(TrainingCompleted, jp=20, completed_on=day(-1)))
    past = {agency: Run(f"LALU-{agency}", agency) for agency in (HERE, THERE)}
    await service.receives(*(announced(run, -200, -190) for run in past.values()))
    await service.receives(
        *(
            TrainingCompleted(
                enrollment_id=enrolment(asn, past[asn.agency]),
                asn_id=asn.asn_id,
                run_id=past[asn.agency].run_id,
                agency_code=asn.agency,
                jp=20,
                completed_on=day(-190),
            )
            for asn in PEOPLE
        )
    )
    machine = Person(None, "Uji", frozenset({"platform"}))
    async with service.sessions() as session, session.begin():
        for agency in (HERE, THERE):
            await appoint(session, Appointment(agency_code=agency, evaluators=[INTERVIEWER.nip]), machine)
    await service.does_due_work(clock.now())
    tasks = {asn.key: task_id(enrolment(asn, run), "L1-REACTION", "alumnus") for asn, run in TAKING_PART}
    rows = await service.rows(
        "SELECT task_id, about_id FROM tasks WHERE role = 'evaluator' AND state = 'open'"
    )
    interviews = {row.about_id: row.task_id for row in rows}
    return World(of=tasks, interviews={asn.key: interviews[asn.asn_id] for asn in PEOPLE})


async def notification(service: ServiceUnderTest) -> World:
    """Everybody was told of a seat, by e-mail too."""
    await service.receives(*(recorded(asn) for asn in PEOPLE))
    await service.receives(*(ContactRecorded(asn_id=a.asn_id, email=f"{a.key}@example.org") for a in PEOPLE))
    await service.receives(*(announced(run, 5, 9) for run in RUNS))
    await service.receives(*everywhere(EnrollmentAccepted))
    rows = await service.rows("SELECT notice_id, recipient_id FROM notices")
    notices = {row.recipient_id: row.notice_id for row in rows}
    return World(of={asn.key: notices[asn.asn_id] for asn in PEOPLE})


Builder = Callable[[ServiceUnderTest], Awaitable[World]]
BUILDERS: dict[str, Builder] = {
    name: getattr(sys.modules[__name__], name)
    for name in ("enrollment", "assessment", "evaluation", "notification")
}
