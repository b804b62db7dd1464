"""Evaluation tasks that are open: what their end is told with."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.evaluation import EvaluationTaskOpened

_OPEN = text(
    """INSERT INTO open_tasks (task_id, run_id, title, closes_on)
    SELECT * FROM unnest(CAST(:task_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:title AS text[]),
        CAST(:closes_on AS date[])) ORDER BY 1
    ON CONFLICT (task_id) DO NOTHING"""
)
_CLOSE = text("DELETE FROM open_tasks WHERE task_id = ANY (CAST(:ids AS uuid[])) RETURNING *")


async def open_tasks(session: AsyncSession, tasks: Sequence[EvaluationTaskOpened]) -> None:
    """Remember tasks until they close."""
    names = ("task_id", "run_id", "title", "closes_on")
    await session.execute(_OPEN, {name: [getattr(task, name) for task in tasks] for name in names})


async def close_tasks(session: AsyncSession, task_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Forget tasks; returns run_id, title and closes_on of those that were open, by id."""
    rows = await session.execute(_CLOSE, {"ids": list(task_ids)})
    return {row.task_id: row for row in rows}
