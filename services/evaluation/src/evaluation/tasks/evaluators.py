"""Table evaluators: who was appointed to interview, for a run or for an agency's people."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import Question

Scope = Literal["run", "agency"]
Pools = dict[tuple[str, str], list[UUID]]

_APPOINT = text(
    """INSERT INTO evaluators (scope, scope_key, evaluator_ids, appointed_by, appointed_on)
    VALUES (:scope, :scope_key, CAST(:evaluator_ids AS uuid[]), CAST(:by AS uuid), :on)
    ON CONFLICT (scope, scope_key) DO UPDATE SET evaluator_ids = excluded.evaluator_ids,
        appointed_by = excluded.appointed_by, appointed_on = excluded.appointed_on"""
)
# Asked beside what it follows from: whoever appoints lets nobody plan meanwhile.
_POOLS = text(
    """SELECT scope, scope_key, CAST(evaluator_ids AS text[]) FROM evaluators
    WHERE (scope = 'run' AND scope_key = ANY (CAST(:runs AS text[])))
        OR (scope = 'agency' AND scope_key = ANY (CAST(:agencies AS text[])))"""
)
# By turns of the alumnus's NIP, never the alumnus: the same rule as `domain.appoint`. An agency's appointment
# leaves runs alone that have their own.
_ASSIGN = text(
    """WITH chosen AS (
        SELECT t.task_id, (SELECT a.id FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS a (id, place)
            WHERE a.id <> t.about_id
            ORDER BY mod(a.place - 1 - mod(CAST(p.nip AS bigint), n.many) + n.many, n.many) LIMIT 1) AS evaluator
        FROM tasks t JOIN people p ON p.asn_id = t.about_id AND NOT p.erased
            CROSS JOIN (SELECT cardinality(CAST(:ids AS uuid[])) AS many) AS n
        WHERE t.role = 'evaluator' AND t.state IN ('planned', 'unassigned')
            AND CASE WHEN CAST(:scope AS text) = 'run' THEN CAST(t.run_id AS text) = CAST(:scope_key AS text)
                ELSE t.agency_code = CAST(:scope_key AS text) AND NOT EXISTS (
                    SELECT FROM evaluators e WHERE e.scope = 'run' AND e.scope_key = CAST(t.run_id AS text)) END
        ORDER BY t.task_id FOR UPDATE OF t)
    UPDATE tasks t SET respondent_id = chosen.evaluator FROM chosen
    WHERE t.task_id = chosen.task_id AND t.respondent_id IS DISTINCT FROM chosen.evaluator
    RETURNING t.run_id, t.opens_on, t.state"""
)


async def appoint(
    session: AsyncSession,
    scope: Scope,
    scope_key: str,
    evaluators: Sequence[UUID],
    *,
    by: UUID | None,
    on: date,
) -> set[tuple[UUID, date]]:
    """Appoint for a run (its id) or an agency (its code), replacing who was; hand over what is not open yet.

    Returns (run, day) of windows that begin now for whoever was still unassigned. The caller lets no batch plan tasks
    meanwhile: it would not know of this appointment, nor this of its tasks.
    """
    values = {"scope": scope, "scope_key": scope_key}
    await session.execute(_APPOINT, {**values, "evaluator_ids": list(evaluators), "by": by, "on": on})
    rows = await session.execute(_ASSIGN, {**values, "ids": list(evaluators)})
    return {(row.run_id, row.opens_on) for row in rows if row.state == "unassigned"}


def pools_asked(runs: Iterable[UUID | str], agencies: Iterable[str]) -> Question[Pools]:
    """Who is appointed, by (scope, key)."""
    values = {"runs": [str(run_id) for run_id in set(runs)], "agencies": sorted(set(agencies))}
    return Question(_POOLS, values, _pools)


def _pools(rows: Iterable[Sequence[Any]]) -> Pools:
    return {(scope, key): [UUID(evaluator) for evaluator in evaluators] for scope, key, evaluators in rows}


def pool_for(pools: Pools, run_id: UUID, agency_code: str) -> list[UUID]:
    """The run's own evaluators, else those of the alumnus's agency."""
    return pools.get(("run", str(run_id))) or pools.get(("agency", agency_code)) or []
