"""Table `assessments`: every test of a person, own or reported by the organiser."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments.domain import Kind
from assessment.assessments.opening import NewTest, Reported
from bina.events import Envelope
from bina.events.enrollment import AttendanceMet, EnrollmentAccepted
from bina.messaging import columns
from bina.messaging.clock import ZONE


@dataclass(frozen=True, slots=True)
class Assessment:
    """A test with what its page needs of the run."""

    assessment_id: UUID
    enrollment_id: UUID
    asn_id: UUID
    run_id: UUID
    kind: Kind
    attempt: int
    source: str
    state: str
    opened_on: date
    items: tuple[str, ...]
    score: float | None
    passed: bool | None
    scored_on: date | None
    run_code: str
    programme_name: str
    starts_on: date
    ends_on: date
    caused_by: str
    correlation_id: str

    @property
    def cause(self) -> Envelope | None:
        """The fact that made an own test possible, as far as it is remembered."""
        if not self.caused_by:
            return None
        contract = EnrollmentAccepted if self.kind == "pre" else AttendanceMet
        opened = datetime.combine(self.opened_on, time.min, ZONE)
        return Envelope(
            self.caused_by, "enrollment", contract.type, opened, correlation_id=self.correlation_id
        )


_IDENTITY = ("assessment_id", "enrollment_id", "asn_id", "run_id", "kind")
# Answers with the few that were there before, which is read faster than the many that are new.
_OPEN = text(
    """WITH opened AS (
        INSERT INTO assessments (assessment_id, enrollment_id, asn_id, run_id, kind, attempt, source, state,
            opened_on, items, caused_by, correlation_id)
        SELECT id, enrollment_id, asn_id, run_id, kind, attempt, 'test', state, opened_on,
            string_to_array(items, ' '), caused_by, correlation_id
        FROM unnest(CAST(:assessment_id AS uuid[]), CAST(:enrollment_id AS uuid[]), CAST(:asn_id AS uuid[]),
            CAST(:run_id AS uuid[]), CAST(:kind AS text[]), CAST(:attempt AS int[]), CAST(:state AS text[]),
            CAST(:opened_on AS date[]), CAST(:items AS text[]), CAST(:caused_by AS text[]),
            CAST(:correlation_id AS text[]))
            AS n (id, enrollment_id, asn_id, run_id, kind, attempt, state, opened_on, items, caused_by,
                correlation_id)
        ORDER BY id ON CONFLICT DO NOTHING RETURNING assessment_id)
    SELECT unnest(CAST(:assessment_id AS uuid[])) EXCEPT SELECT assessment_id FROM opened"""
)
# Own answers are better evidence than a reported figure, so a test that was taken keeps its place; and a correction
# that leaves a score as it was says nothing about it.
_REPORT = text(
    """INSERT INTO assessments (assessment_id, enrollment_id, asn_id, run_id, kind, attempt, source, state,
        opened_on, items, score, passed, scored_on)
    SELECT id, enrollment_id, asn_id, run_id, kind, 0, 'organiser', 'scored', day, '{}', score, passed, day
    FROM unnest(CAST(:assessment_id AS uuid[]), CAST(:enrollment_id AS uuid[]), CAST(:asn_id AS uuid[]),
        CAST(:run_id AS uuid[]), CAST(:kind AS text[]), CAST(:score AS float8[]), CAST(:passed AS boolean[]),
        CAST(:reported_on AS date[])) AS n (id, enrollment_id, asn_id, run_id, kind, score, passed, day)
    WHERE EXISTS (SELECT FROM people WHERE people.asn_id = n.asn_id)
        AND NOT EXISTS (SELECT FROM assessments own WHERE own.enrollment_id = n.enrollment_id
            AND own.kind = n.kind AND own.state = 'scored' AND (own.source = 'test' OR own.score = n.score))
    ORDER BY id ON CONFLICT DO NOTHING RETURNING assessment_id"""
)
_REPORTED = text(
    """SELECT enrollment_id FROM assessments
    WHERE enrollment_id = ANY (CAST(:ids AS uuid[])) AND kind = :kind AND source = 'organiser'"""
)
_CLOSE = text(
    """UPDATE assessments SET state = 'closed' WHERE assessment_id IN (
        SELECT assessment_id FROM assessments
        WHERE enrollment_id = ANY (CAST(:ids AS uuid[])) AND kind = ANY (CAST(:kinds AS text[]))
            AND state = 'open' ORDER BY assessment_id FOR UPDATE)"""
)
_CLOSE_RUNS = text(
    """UPDATE assessments SET state = 'closed' WHERE assessment_id IN (
        SELECT assessment_id FROM assessments WHERE run_id = ANY (CAST(:ids AS uuid[])) AND state = 'open'
        ORDER BY assessment_id FOR UPDATE)"""
)
_SUPERSEDE = text(
    """UPDATE assessments old SET state = 'closed' FROM assessments new
    WHERE new.assessment_id = ANY (CAST(:ids AS uuid[])) AND old.enrollment_id = new.enrollment_id
        AND old.kind = new.kind AND old.source = 'organiser' AND old.state = 'scored'
        AND old.assessment_id <> new.assessment_id"""
)
_ERASE = text("DELETE FROM assessments WHERE asn_id = ANY (CAST(:ids AS uuid[]))")
_COLUMNS = """SELECT a.assessment_id, a.enrollment_id, a.asn_id, a.run_id, a.kind, a.attempt, a.source, a.state,
    a.opened_on, a.items, a.score, a.passed, a.scored_on, r.run_code, r.programme_name, r.starts_on, r.ends_on,
    a.caused_by, a.correlation_id
    FROM assessments a JOIN runs r USING (run_id)"""
# The person first, then the run, then the test: the order in which every transaction takes these locks.
_LOCK_PERSON = text("SELECT FROM people WHERE asn_id = :asn_id FOR NO KEY UPDATE")
# A cancellation closes the tests it finds: none may be added meanwhile.
_SHARE_RUN = text(
    "SELECT FROM runs WHERE run_id = (SELECT run_id FROM assessments WHERE assessment_id = :id) FOR SHARE"
)
_LOCK = text(f"{_COLUMNS} WHERE a.assessment_id = :id FOR UPDATE OF a")
_LOCK_PEOPLE = text(
    """SELECT FROM people WHERE asn_id IN (
        SELECT asn_id FROM assessments WHERE enrollment_id = ANY (CAST(:ids AS uuid[])))
    ORDER BY asn_id FOR NO KEY UPDATE"""
)
_SHARE_RUNS = text(
    """SELECT FROM runs WHERE run_id IN (
        SELECT run_id FROM assessments WHERE enrollment_id = ANY (CAST(:ids AS uuid[])))
    ORDER BY run_id FOR SHARE"""
)
_LOCK_OPEN = text(
    f"""{_COLUMNS} WHERE a.enrollment_id = ANY (CAST(:ids AS uuid[])) AND a.state = 'open'
    ORDER BY a.asn_id, a.assessment_id FOR UPDATE OF a"""
)
_FIND = text(f"{_COLUMNS} WHERE a.assessment_id = :id")
_OF_PERSON = text(
    f"""{_COLUMNS} WHERE a.asn_id = :asn_id
    ORDER BY a.opened_on DESC, r.run_code, a.kind, a.attempt DESC LIMIT :limit"""
)
_OF_ENROLLMENT = text(f"{_COLUMNS} WHERE a.enrollment_id = :id ORDER BY a.kind DESC, a.attempt")
_SCORED = text(
    """UPDATE assessments SET state = 'scored', answers = CAST(:answers AS jsonb), score = :score,
        passed = :passed, scored_on = :day WHERE assessment_id = :id"""
)


def values_of(tests: Sequence[NewTest]) -> dict[str, list[Any]]:
    """Tests as `open_tests` takes them."""
    causes = [t.cause for t in tests]
    return {
        **columns(tests, *_IDENTITY, "attempt", "state", "opened_on"),
        "items": [" ".join(t.items) for t in tests],
        "caused_by": [cause.id if cause else "" for cause in causes],
        "correlation_id": [(cause.correlation_id or cause.id) if cause else "" for cause in causes],
    }


async def open_tests(session: AsyncSession, values: dict[str, list[Any]]) -> set[UUID]:
    """Add tests; returns those that were there before."""
    return set(await session.scalars(_OPEN, values)) if values["assessment_id"] else set()


async def add_reported(session: AsyncSession, scores: Sequence[Reported]) -> set[UUID]:
    """Add reported scores of known people where no own test was taken; returns those that are new."""
    rows = await session.scalars(_REPORT, columns(scores, *_IDENTITY, "score", "passed", "reported_on"))
    return set(rows)


async def supersede(session: AsyncSession, new: Iterable[UUID]) -> None:
    """Close the reported scores that newly reported ones correct."""
    await session.execute(_SUPERSEDE, {"ids": sorted(new)})


async def find_reported(session: AsyncSession, enrollment_ids: Iterable[UUID], kind: Kind) -> set[UUID]:
    """Those of the enrolments for which the organiser reported a score of that kind."""
    return set(await session.scalars(_REPORTED, {"ids": sorted(enrollment_ids), "kind": kind}))


async def close(
    session: AsyncSession, enrollment_ids: Iterable[UUID], kinds: Sequence[Kind] = ("pre", "post")
) -> None:
    """Close open tests of enrolments: they can no longer be taken."""
    await session.execute(_CLOSE, {"ids": sorted(enrollment_ids), "kinds": list(kinds)})


async def close_runs(session: AsyncSession, run_ids: Iterable[UUID]) -> None:
    """Close open tests of runs."""
    await session.execute(_CLOSE_RUNS, {"ids": sorted(run_ids)})


async def erase(session: AsyncSession, asn_ids: Iterable[UUID]) -> None:
    """Forget people's tests and answers."""
    await session.execute(_ERASE, {"ids": sorted(asn_ids)})


async def lock(session: AsyncSession, asn_id: UUID, assessment_id: UUID) -> Assessment | None:
    """A test, held until the transaction ends."""
    await session.execute(_LOCK_PERSON, {"asn_id": asn_id})
    await session.execute(_SHARE_RUN, {"id": assessment_id})
    row = (await session.execute(_LOCK, {"id": assessment_id})).one_or_none()
    return _assessment(row) if row else None


async def lock_open(session: AsyncSession, enrollment_ids: Iterable[UUID]) -> list[Assessment]:
    """Open tests of enrolments, held until the transaction ends."""
    ids = {"ids": sorted(enrollment_ids)}
    await session.execute(_LOCK_PEOPLE, ids)
    await session.execute(_SHARE_RUNS, ids)
    return [_assessment(row) for row in await session.execute(_LOCK_OPEN, ids)]


async def find(session: AsyncSession, assessment_id: UUID) -> Assessment | None:
    """A test by id."""
    row = (await session.execute(_FIND, {"id": assessment_id})).one_or_none()
    return _assessment(row) if row else None


async def load_of_person(session: AsyncSession, asn_id: UUID, limit: int = 100) -> list[Assessment]:
    """A person's tests, the newest first."""
    rows = await session.execute(_OF_PERSON, {"asn_id": asn_id, "limit": limit})
    return [_assessment(row) for row in rows]


async def load_of_enrollment(session: AsyncSession, enrollment_id: UUID) -> list[Assessment]:
    """All tests of one enrolment: pre-test, then post-tests by attempt."""
    rows = await session.execute(_OF_ENROLLMENT, {"id": enrollment_id})
    return [_assessment(row) for row in rows]


async def mark_scored(
    session: AsyncSession,
    assessment_id: UUID,
    answers: Mapping[str, int],
    *,
    score: float,
    passed: bool | None,
    on: date,
) -> None:
    """Keep the answers (item id to index in the bank) and what they came to."""
    values = {"id": assessment_id, "answers": json.dumps(answers), "score": score, "passed": passed}
    await session.execute(_SCORED, {**values, "day": on})


def _assessment(row: Any) -> Assessment:
    return Assessment(**{**row._mapping, "items": tuple(row.items)})  # noqa: SLF001 - SQLAlchemy's public name
