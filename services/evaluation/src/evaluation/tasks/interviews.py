"""Interviews of an agency as its operator sees them: waiting for an evaluator, or under way."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from bina.web.tables import Query
from evaluation.scope import enrolments_within


@dataclass(frozen=True, slots=True)
class Waiting:
    """Interviews of one run that nobody was appointed for."""

    run_id: UUID
    run_code: str
    programme_name: str
    organiser: str
    waiting: int
    closes_on: date


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One open interview."""

    task_id: UUID
    evaluator_id: UUID
    alumnus_id: UUID
    evaluator: str
    alumnus: str
    programme_name: str
    closes_on: date


_SCOPE = enrolments_within("t.agency_code", "r", "a")
_WAITING = text(
    f"""SELECT r.run_id, r.run_code, r.programme_name, r.organiser, count(*) AS waiting, min(t.closes_on) AS closes_on
    FROM tasks t JOIN runs r USING (run_id) LEFT JOIN people a ON a.asn_id = t.about_id
    WHERE t.state = 'unassigned' AND t.role = 'evaluator' AND {_SCOPE}
    GROUP BY r.run_id ORDER BY min(t.closes_on), r.run_code"""  # noqa: S608 - our own condition
)
_UNDER_WAY = f"""SELECT t.task_id, e.asn_id AS evaluator_id, a.asn_id AS alumnus_id, e.name AS evaluator, a.name AS alumnus,
        r.programme_name, t.closes_on
    FROM tasks t JOIN runs r USING (run_id) JOIN people e ON e.asn_id = t.respondent_id
    JOIN people a ON a.asn_id = t.about_id
    WHERE t.state = 'open' AND t.role = 'evaluator' AND {_SCOPE}"""  # noqa: S608 - our own condition


_IS_UNDER_WAY = text(
    f"""SELECT EXISTS (SELECT FROM tasks t JOIN runs r USING (run_id) LEFT JOIN people a ON a.asn_id = t.about_id
    WHERE t.task_id = :task_id AND t.state = 'open' AND t.role = 'evaluator' AND {_SCOPE})"""  # noqa: S608 - as above
)


async def is_under_way(session: AsyncSession, reach: Reach, task_id: UUID) -> bool:
    """Whether an open interview in reach has this id."""
    return bool(await session.scalar(_IS_UNDER_WAY, {**reach.parameters, "task_id": task_id}))


async def load_waiting(session: AsyncSession, reach: Reach) -> list[Waiting]:
    """Runs with interviews that wait for an evaluator, the nearest deadline first."""
    found = await session.execute(_WAITING, reach.parameters)
    return [Waiting(*row) for row in found]


def under_way(reach: Reach) -> Query[UnderWay]:
    """Open interviews, in an order to be asked for."""
    return Query(_UNDER_WAY, reach.parameters, lambda row: UnderWay(*row))
