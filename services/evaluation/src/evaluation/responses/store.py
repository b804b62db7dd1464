"""Table responses, and the task as its respondent sees it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from evaluation.instruments.shipped import Instrument, Question
from evaluation.instruments.store import find_instrument

from . import domain
from .domain import Answer


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task with the names its respondent needs; `receipt` once it is answered."""

    task_id: UUID
    respondent_id: UUID | None
    run_id: UUID
    about_id: UUID
    enrollment_id: UUID
    instrument_code: str
    instrument_version: int
    level: str
    method: str
    role: str
    opens_on: date
    closes_on: date
    state: str
    programme_name: str
    run_code: str
    ends_on: date
    competencies: Sequence[str]
    about_name: str
    about_nip: str
    about_position: str
    receipt: str | None
    answered_on: date | None


@dataclass(frozen=True, slots=True)
class Form:
    """An assignment with the very version of the instrument it was opened with."""

    assignment: Assignment
    instrument: Instrument
    questions: tuple[Question, ...]


ASSIGNMENT = """SELECT t.task_id, t.respondent_id, t.run_id, t.about_id, t.enrollment_id, t.instrument_code,
    t.instrument_version, t.level, t.method, t.role, t.opens_on, t.closes_on, t.state,
    coalesce(r.programme_name, '') AS programme_name, coalesce(r.run_code, '') AS run_code, r.ends_on,
    coalesce(r.competencies, '{}') AS competencies, coalesce(p.name, '') AS about_name, coalesce(p.nip, '') AS about_nip,
    coalesce(p.position, '') AS about_position, a.receipt, a.answered_on
    FROM tasks t LEFT JOIN runs r USING (run_id) LEFT JOIN people p ON p.asn_id = t.about_id
    LEFT JOIN responses a ON a.task_id = t.task_id"""
_FIND = text(f"{ASSIGNMENT} WHERE t.task_id = :task_id AND t.opened")
_OPEN = text(
    f"""{ASSIGNMENT} WHERE t.respondent_id = :person AND t.state = 'open' AND t.closes_on >= :today
    ORDER BY t.closes_on, r.programme_name, t.instrument_code, p.name, t.task_id LIMIT :most"""
)
_ANSWERED = text(
    f"""{ASSIGNMENT} WHERE t.respondent_id = :person AND t.state = 'answered'
    ORDER BY a.answered_on DESC, t.task_id LIMIT :most"""
)
_CLAIM = text(
    """UPDATE tasks SET state = 'answered', draft = NULL WHERE task_id = :task_id AND state = 'open' AND closes_on >= :today
    RETURNING task_id"""
)
_ADD = text(
    """INSERT INTO responses (task_id, receipt, answered_on, score, change, answers, digest, on_behalf)
    SELECT :task_id, free.receipt, :today, :score, :change, CAST(:answers AS jsonb), :digest, :on_behalf
    FROM unnest(CAST(:receipts AS text[])) WITH ORDINALITY AS free (receipt, place)
    WHERE NOT EXISTS (SELECT FROM responses r WHERE r.receipt = free.receipt) ORDER BY place LIMIT 1
    RETURNING receipt"""
)
_DIGEST = text("SELECT digest, receipt FROM responses WHERE task_id = :task_id")
# Free text may name or describe the person; the figures alone identify nobody.
_FORGET = text(
    """UPDATE responses SET digest = '', answers = coalesce((SELECT jsonb_object_agg(key, value)
        FROM jsonb_each(answers) WHERE jsonb_typeof(value) = 'number'), '{}')
    WHERE task_id IN (
        SELECT t.task_id FROM tasks t LEFT JOIN enrolments e USING (enrollment_id)
        WHERE t.state = 'answered' AND (t.respondent_id = ANY (CAST(:ids AS uuid[]))
            OR e.asn_id = ANY (CAST(:ids AS uuid[]))))"""
)


async def find_assignment(session: AsyncSession, task_id: UUID) -> Assignment | None:
    """A task whose opening was told, whatever became of it."""
    row = (await session.execute(_FIND, {"task_id": task_id})).one_or_none()
    return Assignment(*row) if row else None


async def find_form(session: AsyncSession, assignment: Assignment) -> Form:
    """The form of an assignment."""
    instrument = await find_instrument(session, assignment.instrument_code, assignment.instrument_version)
    return Form(assignment, instrument, instrument.questions_for(assignment.competencies))


async def load_open(session: AsyncSession, person: UUID, today: date, most: int = 500) -> list[Assignment]:
    """A person's open tasks, the nearest deadline first."""
    rows = await session.execute(_OPEN, {"person": person, "today": today, "most": most})
    return [Assignment(*row) for row in rows]


async def load_answered(session: AsyncSession, person: UUID, most: int = 20) -> list[Assignment]:
    """What a person answered last."""
    rows = await session.execute(_ANSWERED, {"person": person, "most": most})
    return [Assignment(*row) for row in rows]


async def find_receipt(session: AsyncSession, task_id: UUID) -> tuple[bytes, str] | None:
    """(digest of the answers, receipt) of a task that was answered."""
    row = (await session.execute(_DIGEST, {"task_id": task_id})).one_or_none()
    return (bytes(row.digest), row.receipt) if row else None


async def add_response(
    session: AsyncSession,
    form: Form,
    answers: Mapping[str, Answer],
    today: date,
    *,
    on_behalf: bool,
) -> str | None:
    """Close the task with its answers and return the receipt; null if it takes none any more."""
    task_id = form.assignment.task_id
    if await session.scalar(_CLAIM, {"task_id": task_id, "today": today}) is None:
        return None
    values: dict[str, Any] = {
        "task_id": task_id,
        "today": today,
        "score": domain.score_of(form.questions, answers),
        "change": domain.change_of(form.questions, answers),
        "answers": json.dumps(dict(answers)),
        "digest": domain.digest_of(answers),
        "on_behalf": on_behalf,
        "receipts": domain.receipts_of(task_id),
    }
    receipt = await session.scalar(_ADD, values)
    assert isinstance(receipt, str)
    return receipt


async def forget_people(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Remove what erased people wrote and what was written about them; the figures stay."""
    await session.execute(_FORGET, {"ids": list(ids)})
