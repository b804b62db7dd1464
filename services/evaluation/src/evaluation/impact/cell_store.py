"""Table answer_cells, and which answers wait for a cell."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock

from .cells import Answer, Cell, Lane, Measure, form
from .domain import rules

# Locked, so that two who form cells at once never take one answer twice.
_WAITING = text(
    """SELECT a.task_id, t.run_id, t.instrument_code, t.role, t.respondent_id, t.agency_code,
        coalesce(p.unit_path, '{}') AS unit_path, CASE WHEN NOT a.score_told THEN a.score END AS score,
        CASE WHEN NOT a.change_told THEN a.change END AS change
    FROM tasks t JOIN responses a USING (task_id) JOIN enrolments e USING (enrollment_id)
        LEFT JOIN people p ON p.asn_id = t.about_id
    WHERE t.run_id = ANY (CAST(:runs AS uuid[])) AND t.state = 'answered' AND NOT e.withdrawn
        AND ((a.score IS NOT NULL AND NOT a.score_told) OR (a.change IS NOT NULL AND NOT a.change_told))
    ORDER BY a.task_id FOR UPDATE OF a"""
)
_LIVE = text(
    """SELECT DISTINCT run_id, instrument_code, role FROM tasks
    WHERE run_id = ANY (CAST(:runs AS uuid[])) AND state IN ('planned', 'unassigned', 'open')"""
)
_ADD = text(
    """INSERT INTO answer_cells (run_id, instrument_code, role, measure, agency_code, unit_path, answers, total,
        formed_on)
    SELECT run_id, instrument_code, role, measure, agency_code, CAST(unit_path AS uuid[]), answers, total, :today
    FROM unnest(CAST(:run_id AS uuid[]), CAST(:instrument_code AS text[]), CAST(:role AS text[]),
        CAST(:measure AS text[]), CAST(:agency_code AS text[]), CAST(:unit_path AS text[]), CAST(:answers AS int[]),
        CAST(:total AS float[])) AS n (run_id, instrument_code, role, measure, agency_code, unit_path, answers, total)"""
)
_TELL = text(
    """UPDATE responses SET score_told = score_told OR task_id = ANY (CAST(:score AS uuid[])),
        change_told = change_told OR task_id = ANY (CAST(:change AS uuid[]))
    WHERE task_id = ANY (CAST(:score AS uuid[]) || CAST(:change AS uuid[]))"""
)


async def form_cells(session: AsyncSession, runs: Iterable[UUID]) -> None:
    """Put answers of runs that wait into the cells they can make; see `cells`."""
    asked = {"runs": sorted(set(runs))}
    waiting = [answer for row in await session.execute(_WAITING, asked) for answer in _answers(row)]
    if not waiting:
        return
    live = {tuple(row) for row in await session.execute(_LIVE, asked)}
    closed = {answer.lane for answer in waiting if answer.lane[:3] not in live}
    await _add(session, form(waiting, closed, rules().minimum))


def _answers(row: Any) -> Iterable[Answer]:
    group = (row.agency_code, *row.unit_path)
    measures: Sequence[Measure] = ("score", "change")
    for measure in measures:
        value = getattr(row, measure)
        if value is not None:
            lane = Lane(row.run_id, row.instrument_code, row.role, measure)
            yield Answer(row.task_id, lane, row.respondent_id, group, float(value))


async def _add(session: AsyncSession, made: Sequence[Cell]) -> None:
    if not made:
        return
    lanes = {name: [getattr(cell.lane, name) for cell in made] for name in Lane._fields}
    places = {
        "agency_code": [cell.group[0] if cell.group else None for cell in made],
        "unit_path": ["{" + ",".join(map(str, cell.group[1:])) + "}" for cell in made],
    }
    figures = {"answers": [len(cell.answers) for cell in made], "total": [cell.total for cell in made]}
    await session.execute(_ADD, {**lanes, **places, **figures, "today": clock.today()})
    told: dict[str, list[UUID]] = {"score": [], "change": []}
    for cell in made:
        told[cell.lane.measure] += [answer.task_id for answer in cell.answers]
    await session.execute(_TELL, told)
