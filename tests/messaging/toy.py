"""The smallest service that shows every rule of delivery."""

from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.agency import EnrollmentRequested, RequestAnswered
from bina.events.enrollment import (
    AsnErased,
    AsnRecorded,
    AttendanceMet,
    EnrollmentAccepted,
    TrainingAnnounced,
    TrainingCompleted,
)
from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import Broken, DueItem, Handlers, Need, Schedule, Service

MIGRATIONS = Path(__file__).parent / "toy_migrations"
handlers = Handlers()
schedule = Schedule()
failing: set[UUID | str] = set()
run_of = Need(TrainingAnnounced, lambda event: event.run_id)
person_of = Need(AsnRecorded, lambda event: event.asn_id)


@handlers.on(AsnRecorded)
async def on_asn_recorded(events: list[AsnRecorded], session: AsyncSession) -> list[Event]:
    await session.execute(
        text(
            """INSERT INTO people SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[]))
            ON CONFLICT (asn_id) DO UPDATE SET name = excluded.name"""
        ),
        {"ids": [e.asn_id for e in events], "names": [e.name for e in events]},
    )
    return []


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    await session.execute(
        text("DELETE FROM people WHERE asn_id = ANY (CAST(:ids AS uuid[]))"),
        {"ids": [e.asn_id for e in events]},
    )
    return []


@handlers.on(TrainingAnnounced)
async def on_training_announced(events: list[TrainingAnnounced], session: AsyncSession) -> list[Event]:
    await session.execute(
        text("INSERT INTO runs SELECT unnest(CAST(:ids AS uuid[]))"), {"ids": [e.run_id for e in events]}
    )
    return []


async def note(session: AsyncSession, events: list, letter: str) -> None:
    if broken := [e for e in events if e.enrollment_id in failing]:
        raise LookupError(f"cannot take {broken[0].enrollment_id}")
    await session.execute(
        text(
            """INSERT INTO seats (enrollment_id, history, times)
            SELECT id, :letter, 1 FROM unnest(CAST(:ids AS uuid[])) AS id
            ON CONFLICT (enrollment_id) DO UPDATE
            SET history = seats.history || excluded.history, times = seats.times + 1"""
        ),
        {"ids": [e.enrollment_id for e in events], "letter": letter},
    )


@handlers.on(EnrollmentAccepted)
async def on_enrollment_accepted(events: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    await note(session, events, "a")
    return []


@handlers.on(AttendanceMet)
async def on_attendance_met(events: list[AttendanceMet], session: AsyncSession) -> list[Event]:
    await note(session, events, "m")
    return []


@handlers.on(TrainingCompleted, needs=(run_of, person_of))
async def on_training_completed(events: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    await note(session, events, "c")
    return [
        EvaluationTaskClosed(task_id=e.enrollment_id, respondent_id=e.asn_id, reason="answered").because(e)
        for e in events
    ]


@handlers.on(EnrollmentRequested, ordered=True)
async def on_enrollment_requested(events: list[EnrollmentRequested], session: AsyncSession) -> list[Event]:
    if any(e.nip in failing for e in events):
        raise LookupError
    return grant(events)


def grant(events: list[EnrollmentRequested]) -> list[Event]:
    """Every request is accepted."""
    return [
        RequestAnswered(
            agency_code=e.envelope.publisher,
            request_id=e.event_id,
            nip=e.nip,
            run_code=e.run_code,
            outcome="accepted",
        ).because(e)
        for e in events
    ]


@handlers.on_unreadable
async def on_unreadable(messages: list[Broken], session: AsyncSession) -> list[Event]:
    return [
        RequestAnswered(
            agency_code=b.message.publisher, request_id=b.message.header("ce_id") or "-", outcome="refused"
        )
        for b in messages
    ]


@schedule.on("remind")
async def remind(items: list[DueItem], session: AsyncSession) -> list[Event]:
    if bad := [i for i in items if i.payload.get("bad")]:
        raise LookupError(bad[0].key)
    return [
        EvaluationTaskClosed(task_id=UUID(i.key), respondent_id=UUID(i.key), reason="expired").because(
            i.cause
        )
        for i in items
    ]


service = Service("toy", MIGRATIONS, [handlers], [schedule])
