"""Tables people, runs, enrolments, scores: kept by events, read by every other room."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.assessment import AssessmentScored
from bina.events.enrollment import (
    AsnRecorded,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingAnnounced,
    TrainingChanged,
    TrainingCompleted,
    TrainingResultCorrected,
)
from bina.messaging import Question, columns, together
from bina.messaging.clock import ZONE


@dataclass(frozen=True, slots=True)
class Run:
    """A run as planning needs it; `announced_start` never moves, so no order of facts can change a window."""

    run_id: UUID
    run_code: str
    programme_name: str
    organiser: str
    competencies: Sequence[str]
    announced_start: date
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A civil servant's place; `erased` keeps a mark of whoever must not be asked any more."""

    asn_id: UUID
    nip: str
    name: str
    agency_code: str
    supervisor_id: UUID | None
    erased: bool


_RECORD_PEOPLE = text(
    """INSERT INTO people (asn_id, nip, name, agency_code, unit_name, unit_path, position, supervisor_id)
    SELECT asn_id, nip, name, agency_code, unit_name, CAST(unit_path AS uuid[]), position, supervisor_id
    FROM unnest(CAST(:asn_id AS uuid[]), CAST(:nip AS text[]), CAST(:name AS text[]),
        CAST(:agency_code AS text[]), CAST(:unit_name AS text[]), CAST(:unit_path AS text[]),
        CAST(:position AS text[]), CAST(:supervisor_id AS uuid[]))
        AS n (asn_id, nip, name, agency_code, unit_name, unit_path, position, supervisor_id)
    ORDER BY asn_id
    ON CONFLICT (asn_id) DO UPDATE SET nip = excluded.nip, name = excluded.name,
        agency_code = excluded.agency_code, unit_name = excluded.unit_name, unit_path = excluded.unit_path,
        position = excluded.position, supervisor_id = excluded.supervisor_id, erased = false"""
)
_ERASE_PEOPLE = text(
    """INSERT INTO people (asn_id, nip, name, agency_code, unit_name, unit_path, position, erased)
    SELECT id, '', '', '', '', '{}', '', true FROM unnest(CAST(:ids AS uuid[])) AS id ORDER BY id
    ON CONFLICT (asn_id) DO UPDATE SET nip = '', name = '', agency_code = '', unit_name = '',
        unit_path = '{}', position = '', supervisor_id = NULL, erased = true"""
)
_RECORD_RUNS = text(
    """INSERT INTO runs (run_id, run_code, programme_code, programme_name, organiser, competencies, jp,
        starts_on, ends_on, announced_start)
    SELECT run_id, run_code, programme_code, programme_name, organiser, string_to_array(competencies, ' '), jp,
        starts_on, ends_on, starts_on
    FROM unnest(CAST(:run_id AS uuid[]), CAST(:run_code AS text[]), CAST(:programme_code AS text[]),
        CAST(:programme_name AS text[]), CAST(:organiser AS text[]), CAST(:competencies AS text[]),
        CAST(:jp AS int[]), CAST(:starts_on AS date[]), CAST(:ends_on AS date[]))
        AS n (run_id, run_code, programme_code, programme_name, organiser, competencies, jp, starts_on, ends_on)
    ORDER BY run_id
    ON CONFLICT (run_id) DO UPDATE SET run_code = excluded.run_code,
        programme_code = excluded.programme_code, programme_name = excluded.programme_name,
        organiser = excluded.organiser, competencies = excluded.competencies, jp = excluded.jp,
        starts_on = excluded.starts_on, ends_on = excluded.ends_on"""
)
_CANCEL_RUNS = text(
    """INSERT INTO runs (run_id, run_code, programme_code, programme_name, organiser, competencies, jp,
        starts_on, ends_on, announced_start, cancelled)
    SELECT id, '', '', '', '', '{}', 0, day, day, day, true
    FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS n (id, day) ORDER BY id
    ON CONFLICT (run_id) DO UPDATE SET cancelled = true"""
)
_ACCEPT = text(
    """INSERT INTO enrolments (enrollment_id, run_id, asn_id, agency_code, accepted_on)
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:asn_id AS uuid[]),
        CAST(:agency_code AS text[]), CAST(:accepted_on AS date[])) ORDER BY 1
    ON CONFLICT (enrollment_id) DO UPDATE SET accepted_on = excluded.accepted_on"""
)
_WITHDRAW = text(
    """INSERT INTO enrolments (enrollment_id, run_id, asn_id, agency_code, withdrawn)
    SELECT e, r, a, '', true FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:run_id AS uuid[]),
        CAST(:asn_id AS uuid[])) AS n (e, r, a) ORDER BY e
    ON CONFLICT (enrollment_id) DO UPDATE SET withdrawn = true"""
)
_COMPLETE = text(
    """INSERT INTO enrolments AS e
        (enrollment_id, run_id, asn_id, agency_code, completed, completed_on, unreported)
    SELECT e, r, a, c, done, day, CAST(u AS text[])
    FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:asn_id AS uuid[]),
        CAST(:agency_code AS text[]), CAST(:completed AS boolean[]), CAST(:completed_on AS date[]),
        CAST(:unreported AS text[])) AS n (e, r, a, c, done, day, u) ORDER BY e
    ON CONFLICT (enrollment_id) DO UPDATE SET completed = excluded.completed,
        completed_on = excluded.completed_on, unreported = excluded.unreported,
        agency_code = CASE WHEN excluded.agency_code = '' THEN e.agency_code ELSE excluded.agency_code END"""
)
_SCORE = text(
    """INSERT INTO scores (enrollment_id, kind, source, run_id, score, scored_on)
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:kind AS text[]), CAST(:source AS text[]),
        CAST(:run_id AS uuid[]), CAST(:score AS double precision[]), CAST(:scored_on AS date[])) ORDER BY 1, 2, 3
    ON CONFLICT (enrollment_id, kind, source) DO UPDATE
    SET score = excluded.score, scored_on = excluded.scored_on"""
)
# Locked, so that a cancellation or a new supervisor taken by another worker cannot slip past tasks being planned.
_RUNS = text(
    """SELECT run_id, run_code, programme_name, organiser, competencies, announced_start, cancelled FROM runs
    WHERE run_id = ANY (CAST(:ids AS uuid[])) ORDER BY run_id FOR SHARE"""
)
_PEOPLE = text(
    """SELECT asn_id, nip, name, agency_code, supervisor_id, erased FROM people
    WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id FOR SHARE"""
)
# Whoever is unknown has no row to lock: what is asked of them and their erasure wait for each other here.
_UNKNOWN_LOCK = 7_007
_SHARE_UNKNOWN = text("SELECT pg_advisory_xact_lock_shared(:lock)")
_LOCK_UNKNOWN = text("SELECT pg_advisory_xact_lock(:lock)")


async def record_people(session: AsyncSession, people: Sequence[AsnRecorded]) -> None:
    """Keep the newest state of each person."""
    names = ("asn_id", "nip", "name", "agency_code", "unit_name", "position", "supervisor_id")
    paths = ["{" + ",".join(map(str, p.unit_path)) + "}" for p in people]
    await session.execute(_RECORD_PEOPLE, {**columns(people, *names), "unit_path": paths})


async def erase_people(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Forget everything about people but that they were erased."""
    await session.execute(_LOCK_UNKNOWN, {"lock": _UNKNOWN_LOCK})
    await session.execute(_ERASE_PEOPLE, {"ids": list(ids)})


async def record_runs(session: AsyncSession, runs: Sequence[TrainingAnnounced | TrainingChanged]) -> None:
    """Keep the newest state of each run."""
    names = ("run_id", "run_code", "programme_code", "programme_name", "organiser", "jp")
    competencies = [" ".join(c.code for c in run.competencies) for run in runs]
    days = columns(runs, "starts_on", "ends_on")
    await session.execute(_RECORD_RUNS, {**columns(runs, *names), **days, "competencies": competencies})


async def cancel_runs(session: AsyncSession, cancelled: dict[UUID, date]) -> None:
    """Mark runs that will not be held, by the day they were cancelled."""
    await session.execute(_CANCEL_RUNS, {"ids": list(cancelled), "days": list(cancelled.values())})


async def accept(session: AsyncSession, accepted: Sequence[EnrollmentAccepted]) -> None:
    """Keep enrolments with the day of their acceptance."""
    days = [event.time.astimezone(ZONE).date() for event in accepted]
    names = ("enrollment_id", "run_id", "asn_id", "agency_code")
    await session.execute(_ACCEPT, {**columns(accepted, *names), "accepted_on": days})


async def withdraw(session: AsyncSession, withdrawn: Sequence[EnrollmentWithdrawn]) -> None:
    """Mark enrolments that were taken back."""
    await session.execute(_WITHDRAW, columns(withdrawn, "enrollment_id", "run_id", "asn_id"))


async def complete(
    session: AsyncSession, results: Sequence[TrainingCompleted | TrainingResultCorrected]
) -> None:
    """Keep whether and when each enrolment was completed, as last told."""
    values: dict[str, list[Any]] = columns(results, "enrollment_id", "run_id", "asn_id", "completed_on")
    values["agency_code"] = [getattr(result, "agency_code", "") for result in results]
    values["completed"] = [getattr(result, "completed", True) for result in results]
    values["unreported"] = [_unreported(result) for result in results]
    await session.execute(_COMPLETE, values)


def _unreported(result: TrainingCompleted | TrainingResultCorrected) -> str:
    """Kinds of score that a correction, being the whole new state, takes back; as an array's literal.

    Kept beside the scores and not applied to them: they come on another topic, perhaps after it.
    """
    if isinstance(result, TrainingCompleted):
        return "{}"
    scores = {"pre": result.pre_score, "post": result.post_score}
    return "{" + ",".join(kind for kind, score in scores.items() if score is None) + "}"


async def record_scores(session: AsyncSession, scored: Sequence[AssessmentScored]) -> None:
    """Keep the last score of each enrolment, kind and source."""
    names = ("enrollment_id", "kind", "source", "run_id", "score", "scored_on")
    newest = {(s.enrollment_id, s.kind, s.source): s for s in scored}
    await session.execute(_SCORE, columns(newest.values(), *names))


def runs_asked(ids: Iterable[UUID]) -> Question[dict[UUID, Run]]:
    """Runs by id, share-locked until the transaction ends."""
    return Question(_RUNS, {"ids": sorted(set(ids))}, lambda rows: {row[0]: Run(*row) for row in rows})


def people_asked(ids: Iterable[UUID]) -> Question[dict[UUID, Person]]:
    """People by id, share-locked until the transaction ends; unknown ones are absent."""
    return Question(_PEOPLE, {"ids": sorted(set(ids))}, lambda rows: {row[0]: Person(*row) for row in rows})


async def hold_unknown(
    session: AsyncSession, asked: Iterable[UUID], people: Mapping[UUID, Person]
) -> Mapping[UUID, Person]:
    """The people, with those who have become known since; nobody who is absent is erased until the transaction ends."""
    unknown = set(asked) - people.keys()
    if not unknown:
        return people
    await session.execute(_SHARE_UNKNOWN, {"lock": _UNKNOWN_LOCK})
    (since,) = await together(session, people_asked(unknown))
    return {**people, **since}


async def load_employers(session: AsyncSession, enrolments: Iterable[UUID]) -> dict[UUID, str]:
    """Agency codes by enrolment: the employer when it was accepted or completed."""
    rows = await session.execute(
        text(
            """SELECT enrollment_id, agency_code FROM enrolments
            WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))"""
        ),
        {"ids": list(enrolments)},
    )
    return {row.enrollment_id: row.agency_code for row in rows}


async def find_by_nip(session: AsyncSession, nips: Sequence[str]) -> dict[str, UUID]:
    """People by NIP; unknown ones are absent."""
    rows = await session.execute(
        text("SELECT nip, asn_id FROM people WHERE NOT erased AND nip = ANY (CAST(:nips AS text[]))"),
        {"nips": list(nips)},
    )
    return {row.nip: row.asn_id for row in rows}
