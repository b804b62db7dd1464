"""Tables `people`, `runs`, `run_targets`, `enrollments`. Only this capability writes them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from assessment.register.domain import Run, Target
from bina.events.enrollment import (
    AsnRecorded,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingAnnounced,
    TrainingChanged,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from bina.messaging import Need
from bina.messaging.clock import ZONE
from bina.web.permissions import Reach

Ended = EnrollmentWithdrawn | TrainingCompleted | TrainingNotCompleted | TrainingResultCorrected

run_of = Need(TrainingAnnounced, lambda event: event.run_id)
"""An event about a run waits until the run is known here."""
person_of = Need(AsnRecorded, lambda event: event.asn_id)
"""An event about a person waits until the person is known here."""

_PUT_PEOPLE = text(
    """INSERT INTO people (asn_id, agency_code, unit_path, job_level, position, recorded_on)
    SELECT id, agency, CAST(path AS uuid[]), job_level, position, day
    FROM unnest(CAST(:ids AS uuid[]), CAST(:agencies AS text[]), CAST(:paths AS text[]),
        CAST(:job_levels AS text[]), CAST(:positions AS text[]), CAST(:days AS date[]))
        AS n (id, agency, path, job_level, position, day) ORDER BY id
    ON CONFLICT (asn_id) DO UPDATE SET agency_code = excluded.agency_code, unit_path = excluded.unit_path,
        job_level = excluded.job_level, position = excluded.position, recorded_on = excluded.recorded_on"""
)
_ERASE = (
    text("DELETE FROM people WHERE asn_id = ANY (CAST(:ids AS uuid[]))"),
    text("DELETE FROM enrollments WHERE asn_id = ANY (CAST(:ids AS uuid[]))"),
)
_ADD_RUNS = text(
    """INSERT INTO runs (run_id, run_code, programme_code, programme_name, organiser, starts_on, ends_on,
        pass_score, open_to, job_levels)
    SELECT run_id, run_code, programme_code, programme_name, organiser, starts_on, ends_on, pass_score,
        ARRAY(SELECT jsonb_array_elements_text(open_to)), ARRAY(SELECT jsonb_array_elements_text(job_levels))
    FROM jsonb_to_recordset(CAST(:runs AS jsonb)) AS n (run_id uuid, run_code text, programme_code text,
        programme_name text, organiser text, starts_on date, ends_on date, pass_score float8, open_to jsonb,
        job_levels jsonb) ORDER BY run_id ON CONFLICT (run_id) DO NOTHING"""
)
_ADD_TARGETS = text(
    """INSERT INTO run_targets (run_id, code, level)
    SELECT run_id, code, max(level) FROM unnest(CAST(:runs AS uuid[]), CAST(:codes AS text[]),
        CAST(:levels AS int[])) AS n (run_id, code, level) WHERE level > 0
    GROUP BY run_id, code ORDER BY run_id, code ON CONFLICT DO NOTHING"""
)
# What a run develops and which score it asks for stay as announced: people were promised them.
_CHANGE_RUNS = text(
    """UPDATE runs SET starts_on = n.starts_on, ends_on = n.ends_on, organiser = n.organiser,
        open_to = ARRAY(SELECT jsonb_array_elements_text(n.open_to)),
        job_levels = ARRAY(SELECT jsonb_array_elements_text(n.job_levels))
    FROM jsonb_to_recordset(CAST(:runs AS jsonb)) AS n (run_id uuid, organiser text, starts_on date,
        ends_on date, open_to jsonb, job_levels jsonb) WHERE runs.run_id = n.run_id"""
)
_CANCEL_RUNS = text(
    """UPDATE runs SET cancelled_at = n.at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS n (run_id, at)
    WHERE runs.run_id = n.run_id"""
)
# Whoever takes a test holds the person (`assessments.store.lock`), so neither overlooks what the other writes.
_SHARE_PEOPLE = text("SELECT FROM people WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id FOR SHARE")
# A person erased meanwhile has no row in `people` any more once its lock is had, and gets none here.
_ADD_ENROLLMENTS = text(
    """WITH known AS MATERIALIZED (
        SELECT asn_id FROM people WHERE asn_id = ANY (CAST(:people AS uuid[])) ORDER BY asn_id FOR SHARE)
    INSERT INTO enrollments (enrollment_id, asn_id, run_id, state)
    SELECT n.enrollment_id, asn_id, n.run_id, 'accepted'
    FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:runs AS uuid[]))
        AS n (enrollment_id, asn_id, run_id) JOIN known USING (asn_id)
    ORDER BY enrollment_id ON CONFLICT DO NOTHING"""
)
_END = text("UPDATE enrollments SET state = :state WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))")
# A cancellation closes the tests it finds, so it waits for those that are being opened, and they for it.
_LOAD_RUNS = text(
    """SELECT run_id, run_code, programme_name, starts_on, ends_on, pass_score, cancelled_at,
        ARRAY(SELECT code FROM run_targets t WHERE t.run_id = runs.run_id ORDER BY code) AS codes,
        ARRAY(SELECT level FROM run_targets t WHERE t.run_id = runs.run_id ORDER BY code) AS levels
    FROM runs WHERE run_id = ANY (CAST(:ids AS uuid[])) ORDER BY run_id FOR SHARE"""
)
# Answers with the few that are in another state, which is read faster than the many that are not.
_IN_OTHER_STATES = text(
    """SELECT asked.id FROM unnest(CAST(:ids AS uuid[])) AS asked (id) WHERE NOT EXISTS (
        SELECT FROM enrollments WHERE enrollment_id = asked.id AND state = ANY (CAST(:states AS text[])))"""
)
_WITHIN = text(
    """SELECT :everything OR EXISTS (SELECT FROM people WHERE asn_id = :asn_id AND agency_code = CAST(:agency AS text)
        AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY (unit_path)))"""
)


def field_day(moment: datetime) -> date:
    """The day of a moment in the field's own zone (WIB)."""
    return moment.astimezone(ZONE).date()


async def put_people(session: AsyncSession, events: Sequence[AsnRecorded]) -> None:
    """Take over people's newest state."""
    await session.execute(
        _PUT_PEOPLE,
        {
            "ids": [e.asn_id for e in events],
            "agencies": [e.agency_code for e in events],
            # arrays of unequal length cannot be unnested, so each path travels as text
            "paths": ["{" + ",".join(map(str, e.unit_path)) + "}" for e in events],
            "job_levels": [e.job_level for e in events],
            "positions": [e.position for e in events],
            "days": [field_day(e.time) for e in events],
        },
    )


async def erase(session: AsyncSession, asn_ids: Iterable[UUID]) -> None:
    """Forget people and their enrolments."""
    ids = sorted(asn_ids)
    for statement in _ERASE:
        await session.execute(statement, {"ids": ids})


async def add_runs(session: AsyncSession, events: Sequence[TrainingAnnounced]) -> None:
    """Take over announced runs and what they develop."""
    await session.execute(_ADD_RUNS, {"runs": _as_json(events)})
    targets = [(e.run_id, c) for e in events for c in e.competencies]
    await session.execute(
        _ADD_TARGETS,
        {
            "runs": [run_id for run_id, _ in targets],
            "codes": [c.code for _, c in targets],
            "levels": [c.level for _, c in targets],
        },
    )


async def change_runs(session: AsyncSession, events: Sequence[TrainingChanged]) -> None:
    """Take over new dates and audiences."""
    await session.execute(_CHANGE_RUNS, {"runs": _as_json(events)})


async def cancel_runs(session: AsyncSession, cancelled: dict[UUID, datetime]) -> None:
    """Mark runs as cancelled at a business time."""
    await session.execute(_CANCEL_RUNS, {"ids": list(cancelled), "times": list(cancelled.values())})


async def share_people(session: AsyncSession, asn_ids: Iterable[UUID]) -> None:
    """Wait for people's tests being taken, and let none be taken until this transaction ends."""
    await session.execute(_SHARE_PEOPLE, {"ids": list(set(asn_ids))})


async def add_enrollments(session: AsyncSession, events: Sequence[EnrollmentAccepted]) -> None:
    """Take over accepted enrolments of people who are known, and share-lock these."""
    await session.execute(
        _ADD_ENROLLMENTS,
        {
            "ids": [e.enrollment_id for e in events],
            "people": [e.asn_id for e in events],
            "runs": [e.run_id for e in events],
        },
    )


async def end_enrollments(session: AsyncSession, events: Sequence[Ended], state: str) -> None:
    """Mark enrolments as ended; `state` is completed, not_completed or withdrawn."""
    await share_people(session, (e.asn_id for e in events))
    await session.execute(_END, {"ids": sorted({e.enrollment_id for e in events}), "state": state})


async def load_runs(session: AsyncSession, run_ids: Collection[UUID]) -> dict[UUID, Run]:
    """Runs by id, share-locked until the transaction ends."""
    rows = await session.execute(_LOAD_RUNS, {"ids": sorted(run_ids)})
    return {
        row.run_id: Run(
            row.run_id,
            row.run_code,
            row.programme_name,
            row.starts_on,
            row.ends_on,
            row.pass_score,
            row.cancelled_at,
            tuple(Target(code, level) for code, level in zip(row.codes, row.levels, strict=True)),
        )
        for row in rows
    }


async def find_in_states(
    session: AsyncSession, enrollment_ids: Iterable[UUID], states: Sequence[str]
) -> set[UUID]:
    """Those of the enrolments that are in one of the states."""
    asked = set(enrollment_ids)
    others = await session.scalars(_IN_OTHER_STATES, {"ids": list(asked), "states": list(states)})
    return asked.difference(others)


async def is_within(session: AsyncSession, asn_id: UUID, reach: Reach) -> bool:
    """Whether a person's record is in reach."""
    if reach.own is not None and reach.own == asn_id:
        return True
    return bool(await session.scalar(_WITHIN, {**reach.parameters, "asn_id": asn_id}))


def _as_json(events: Sequence[TrainingAnnounced] | Sequence[TrainingChanged]) -> str:
    return "[" + ",".join(e.model_dump_json() for e in events) + "]"
