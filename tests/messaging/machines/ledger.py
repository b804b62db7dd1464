"""A service that writes down what it was given, event by event: what the machines compare with what was told."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.agency import EnrollmentRequested
from bina.events.enrollment import (
    AsnErased,
    AsnRecorded,
    AttendanceMet,
    EnrollmentAccepted,
    TrainingAnnounced,
    TrainingCompleted,
)
from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import Handlers, Need, Service
from messaging import toy

handlers = Handlers()
failing: set[str] = set()
"""Keys whose events cannot be taken until they are mended."""
_WRITE = text(
    """INSERT INTO seats (enrollment_id, history)
    SELECT * FROM unnest(CAST(:keys AS uuid[]), CAST(:entries AS text[]))
    ON CONFLICT (enrollment_id) DO UPDATE SET history = seats.history || excluded.history"""
)
_KNOWN = text(
    """SELECT run_id FROM runs WHERE run_id = ANY (CAST(:keys AS uuid[]))
    UNION SELECT asn_id FROM registered WHERE asn_id = ANY (CAST(:keys AS uuid[]))"""
)


class Trouble:
    """What goes wrong once, in the middle of the handlers, for the reason that a database goes away."""

    def __init__(self) -> None:
        self.calls: int | None = None

    def meet(self) -> None:
        if self.calls is None:
            return
        self.calls -= 1
        if self.calls < 0:
            self.calls = None
            raise ConnectionResetError("the database went away")


trouble = Trouble()


async def write(session: AsyncSession, events: Sequence[Event], *, mark: str = "") -> None:
    """One entry per event; what was written before a failure must vanish with it."""
    entries = {"keys": [e.key for e in events], "entries": [f"{e.envelope.version}{mark} " for e in events]}
    await session.execute(_WRITE, entries)
    trouble.meet()
    refuse(events)


def refuse(events: Sequence[Event]) -> None:
    if bad := [e.key for e in events if e.key in failing]:
        raise LookupError(f"cannot take {bad[0]}")


@handlers.on(AsnRecorded)
async def on_asn_recorded(events: list[AsnRecorded], session: AsyncSession) -> list[Event]:
    refuse(events)
    ids = {"ids": [e.asn_id for e in events], "names": [e.name for e in events]}
    await session.execute(
        text(
            """WITH known AS (INSERT INTO registered SELECT id, '' FROM unnest(CAST(:ids AS uuid[])) AS id
                ON CONFLICT DO NOTHING)
            INSERT INTO people SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[]))
            ON CONFLICT (asn_id) DO UPDATE SET name = excluded.name"""
        ),
        ids,
    )
    return []


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    await session.execute(
        text(
            """WITH known AS (INSERT INTO registered SELECT id, '' FROM unnest(CAST(:ids AS uuid[])) AS id
                ON CONFLICT DO NOTHING)
            DELETE FROM people WHERE asn_id = ANY (CAST(:ids AS uuid[]))"""
        ),
        {"ids": [e.asn_id for e in events]},
    )
    refuse(events)
    return []


@handlers.on(TrainingAnnounced)
async def on_training_announced(events: list[TrainingAnnounced], session: AsyncSession) -> list[Event]:
    await session.execute(
        text("INSERT INTO runs SELECT unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING"),
        {"ids": [e.run_id for e in events]},
    )
    await write(session, events)
    return []


@handlers.on(EnrollmentAccepted)
async def on_enrollment_accepted(events: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    await write(session, events)
    return []


@handlers.on(AttendanceMet)
async def on_attendance_met(events: list[AttendanceMet], session: AsyncSession) -> list[Event]:
    await write(session, events)
    return []


@handlers.on(TrainingCompleted, needs=(toy.run_of, Need(AsnRecorded, lambda event: event.asn_id)))
async def on_training_completed(events: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    asked = {key for e in events for key in (e.run_id, e.asn_id)}
    known: set[UUID] = set(await session.scalars(_KNOWN, {"keys": list(asked)}))
    for mark in ("", "!"):
        told = [e for e in events if bool(mark) != ({e.run_id, e.asn_id} <= known)]
        if told:
            await write(session, told, mark=mark)
    return [
        EvaluationTaskClosed(task_id=e.enrollment_id, respondent_id=e.asn_id, reason="answered").because(e)
        for e in events
    ]


@handlers.on(EnrollmentRequested, ordered=True)
async def on_enrollment_requested(events: list[EnrollmentRequested], session: AsyncSession) -> list[Event]:
    trouble.meet()
    refuse(events)
    return toy.grant(events)


handlers.on_unreadable(toy.on_unreadable)
service = Service("toy", toy.MIGRATIONS, [handlers])
