"""Post-tests as assessment scored them, known perhaps before the enrolment's other facts."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns

_ADD = text(
    """INSERT INTO post_tests AS t (enrollment_id, score, passed, scored_on)
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:score AS float8[]), CAST(:passed AS boolean[]),
        CAST(:scored_on AS date[])) ORDER BY 1
    ON CONFLICT (enrollment_id) DO UPDATE SET score = greatest(t.score, excluded.score),
        passed = CASE WHEN t.passed THEN true ELSE excluded.passed END,
        scored_on = CASE WHEN t.passed THEN least(t.scored_on, excluded.scored_on)
            ELSE excluded.scored_on END, recorded_at = now()"""
)
_LOAD = text(
    """SELECT enrollment_id, score, passed, scored_on FROM post_tests
    WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))"""
)


class PostTest(NamedTuple):
    """A post-test's outcome; `passed` None where assessment knew no pass mark."""

    enrollment_id: UUID
    score: float
    passed: bool | None
    scored_on: date


async def add_post_tests(session: AsyncSession, tests: Sequence[PostTest]) -> None:
    """Keep each enrolment's best outcome; of several in one batch the best is kept too."""
    best: dict[UUID, PostTest] = {}
    for test in tests:
        known = best.get(test.enrollment_id)
        if known is None or (not known.passed and (test.passed or test.score > known.score)):
            best[test.enrollment_id] = test
    await session.execute(_ADD, columns(best.values(), "enrollment_id", "score", "passed", "scored_on"))


async def load_post_tests(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, PostTest]:
    """Outcomes by enrolment, as far as scored."""
    rows = await session.execute(_LOAD, {"ids": sorted(set(ids))})
    return {row.enrollment_id: PostTest(*row) for row in rows}
