"""Table responses, many rows at a time."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns

from . import domain
from .domain import Answer
from .store import ASSIGNMENT, Assignment, Form

Key = tuple[UUID, str, str, str]
"""(respondent's id, NIP of the person asked about, run code, instrument code)"""

_FIND = text(
    f"""{ASSIGNMENT} JOIN unnest(CAST(:respondents AS uuid[]), CAST(:abouts AS text[]), CAST(:runs AS text[]),
        CAST(:instruments AS text[])) AS asked (respondent_id, about_nip, run_code, instrument_code)
        ON t.respondent_id = asked.respondent_id AND p.nip = asked.about_nip AND r.run_code = asked.run_code
        AND t.instrument_code = asked.instrument_code
    WHERE t.state = 'open' ORDER BY t.task_id"""
)
_TAKEN = text("SELECT receipt FROM responses WHERE receipt = ANY (CAST(:receipts AS text[]))")
_ADD = text(
    """WITH given AS (
        SELECT * FROM unnest(CAST(:task_id AS uuid[]), CAST(:receipt AS text[]), CAST(:answered_on AS date[]),
            CAST(:score AS float[]), CAST(:change AS int[]), CAST(:answers AS jsonb[]), CAST(:digest AS bytea[]))
            AS n (task_id, receipt, answered_on, score, change, answers, digest)),
    claimed AS (
        UPDATE tasks SET state = 'answered', draft = NULL FROM given
        WHERE tasks.task_id = given.task_id AND state = 'open' AND opens_on <= :today AND closes_on >= :today
        RETURNING tasks.task_id)
    INSERT INTO responses (task_id, receipt, answered_on, score, change, answers, digest, on_behalf)
    SELECT task_id, receipt, answered_on, score, change, answers, digest, true
    FROM given JOIN claimed USING (task_id) ORDER BY task_id RETURNING task_id"""
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form with answers that are fit to be stored, and their day."""

    form: Form
    answers: dict[str, Answer]
    on: date

    @property
    def task_id(self) -> UUID:
        """The task it answers."""
        return self.form.assignment.task_id


@dataclass(frozen=True, slots=True)
class _Row:
    task_id: UUID
    receipt: str
    answered_on: date
    score: float | None
    change: int | None
    answers: str
    digest: bytes


async def find_assignments(session: AsyncSession, keys: Collection[Key]) -> dict[Key, Assignment]:
    """The open task of each key that has one; of two, the later by id."""
    if not keys:
        return {}
    columns_of = dict(
        zip(("respondents", "abouts", "runs", "instruments"), map(list, zip(*keys, strict=True)), strict=True)
    )
    rows = [Assignment(*row) for row in await session.execute(_FIND, columns_of)]
    return {(r.respondent_id, r.about_nip, r.run_code, r.instrument_code): r for r in rows if r.respondent_id}


async def add_responses(session: AsyncSession, sheets: Sequence[Sheet], today: date) -> set[UUID]:
    """Close tasks with their answers, those that still take any; returns which."""
    if not sheets:
        return set()
    receipts = await _free_receipts(session, [sheet.task_id for sheet in sheets])
    names = ("task_id", "receipt", "answered_on", "score", "change", "answers", "digest")
    rows = [_row(sheet, receipts[sheet.task_id]) for sheet in sheets]
    return set(await session.scalars(_ADD, {**columns(rows, *names), "today": today}))


async def _free_receipts(session: AsyncSession, task_ids: Iterable[UUID]) -> dict[UUID, str]:
    """For each task the first of its receipt numbers that nobody holds."""
    wanted = {task_id: domain.receipts_of(task_id) for task_id in task_ids}
    every = [receipt for receipts in wanted.values() for receipt in receipts]
    taken = set(await session.scalars(_TAKEN, {"receipts": every}))
    chosen: dict[UUID, str] = {}
    for task_id, receipts in wanted.items():
        chosen[task_id] = next(receipt for receipt in receipts if receipt not in taken)
        taken.add(chosen[task_id])
    return chosen


def _row(sheet: Sheet, receipt: str) -> _Row:
    questions, answers = sheet.form.questions, sheet.answers
    return _Row(
        task_id=sheet.task_id,
        receipt=receipt,
        answered_on=sheet.on,
        score=domain.score_of(questions, answers),
        change=domain.change_of(questions, answers),
        answers=json.dumps(answers),
        digest=domain.digest_of(answers),
    )
