"""What people lack of what runs ask for: programmes they did not complete, competencies below a level."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# A level is had by the profile as long as it is valid, or by a training that develops it.
_LACKING = text(
    """WITH asked AS (SELECT * FROM unnest(CAST(:runs AS uuid[]), CAST(:people AS uuid[])) AS n (run_id, asn_id)),
    done AS (SELECT e.asn_id, r.run_id, r.programme_code FROM enrolments AS e JOIN runs AS r USING (run_id)
        WHERE e.state = 'completed' AND e.asn_id = ANY (CAST(:people AS uuid[])))
    SELECT run_id, asn_id, 1 AS kind, code, coalesce(p.name, '') AS name, CAST(NULL AS int) AS level
    FROM asked JOIN runs USING (run_id) CROSS JOIN unnest(required_programmes) AS code
    LEFT JOIN programmes AS p ON p.programme_code = code
    WHERE NOT EXISTS (SELECT FROM done WHERE done.asn_id = asked.asn_id AND done.programme_code = code)
    UNION ALL
    SELECT run_id, asn_id, 2, q.code, '', q.level
    FROM asked JOIN runs USING (run_id)
    CROSS JOIN jsonb_to_recordset(required_levels) AS q (code text, level int)
    WHERE NOT EXISTS (SELECT FROM competency_levels AS c WHERE c.asn_id = asked.asn_id
        AND c.competency_code = q.code AND c.level >= q.level
        AND (c.valid_until IS NULL OR c.valid_until >= :today))
    AND NOT EXISTS (SELECT FROM done JOIN run_programmes AS p ON p.run_id = done.run_id
        CROSS JOIN jsonb_to_recordset(p.competencies) AS t (code text, level int)
        WHERE done.asn_id = asked.asn_id AND t.code = q.code AND t.level >= q.level)
    ORDER BY 1, 2, 3, 4"""
)


class Lacking(NamedTuple):
    """A programme that somebody did not complete, or a competency below a level; only the latter has a `level`."""

    code: str
    name: str
    level: int | None


async def load_lacking(
    session: AsyncSession, pairs: Sequence[tuple[UUID, UUID]], today: date
) -> list[tuple[tuple[UUID, UUID], Lacking]]:
    """((run_id, asn_id), what that person lacks for that run), each thing by itself."""
    asked = sorted(set(pairs))
    values = {"runs": [run for run, _asn in asked], "people": [asn for _run, asn in asked], "today": today}
    rows = await session.execute(_LACKING, values)
    return [((row.run_id, row.asn_id), Lacking(row.code, row.name, row.level)) for row in rows]
