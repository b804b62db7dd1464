"""The small world as each service knows it: from the facts it receives, or, in enrollment, recorded there."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy import text

from architecture.applications import SETTINGS
from bina.events.enrollment import (
    ContactRecorded,
    EnrollmentAccepted,
    TrainingCompleted,
)
from bina.messaging import Settings, clock
from bina.messaging.parked import EVERY
from bina.messaging.records import Message
from bina.messaging.redrives import add as add_redrive
from bina.messaging.testing import ServiceUnderTest
from named import entered

from .enrollment_world import enrollment
from .people import (
    ASKER,
    HERE,
    INTERVIEWER,
    PEOPLE,
    RUNS,
    STRANGER,
    TAKING_PART,
    THERE,
    Run,
    id_of,
)
from .told import announced, day, enrolment, everywhere, recorded
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
    "enrollment": enrollment,
    "assessment": assessment,
    "evaluation": evaluation,
    "notification": notification,
}
