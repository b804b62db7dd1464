"""Lists of requests that wait for an approval, with the names that readers need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from enrollment.enrolments.domain import Awaiting
from enrollment.enrolments.store.awaiting import SELECTED, awaiting_of
from enrollment.scope import PEOPLE

_FROM = """approvals AS w JOIN runs AS r USING (run_id) JOIN run_programmes AS p USING (run_id)
    JOIN asn ON asn.asn_id = w.asn_id LEFT JOIN units USING (unit_id)"""
_PAGE = text(
    f"""SELECT {SELECTED}, r.run_code, r.starts_on, r.ends_on, p.name AS programme_name, asn.nip, asn.name,
        asn.agency_code AS employer, asn.supervisor_id AS led_by, coalesce(units.name, '') AS unit_name,
        coalesce(units.path, '{{}}') AS unit_path,
        (SELECT count(*) FROM enrolments AS e WHERE e.asn_id = w.asn_id AND e.state = 'not_completed'
            AND e.reason = 'absent' AND NOT EXISTS (SELECT FROM attendance AS a
                WHERE a.enrollment_id = e.enrollment_id AND a.state = 'present')) AS missed
    FROM {_FROM} WHERE w.state = 'open' AND {PEOPLE}
    AND (CAST(:after AS uuid) IS NULL OR w.approval_id > CAST(:after AS uuid))
    ORDER BY w.approval_id LIMIT :limit"""  # noqa: S608 - our own words
)
_COUNT = text(
    f"""SELECT count(*) FROM {_FROM} WHERE w.state = 'open' AND {PEOPLE}
    AND asn.asn_id IS DISTINCT FROM CAST(:reader AS uuid)
    AND (w.stage = 'agency' OR asn.supervisor_id = CAST(:supervisor AS uuid))
    AND (w.stage = 'supervisor' OR :everything OR (asn.agency_code = CAST(:agency AS text)
        AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY (units.path))))"""  # noqa: S608 - our own words
)


@dataclass(frozen=True)
class Listed:
    """A request, who makes it and for which run; `missed`: how many runs they were enrolled in and never came to."""

    awaiting: Awaiting
    run_code: str
    programme_name: str
    starts_on: date
    ends_on: date
    nip: str
    name: str
    agency_code: str
    supervisor_id: UUID | None
    unit_name: str
    unit_path: Sequence[UUID]
    missed: int


async def page_of_open(
    session: AsyncSession, reach: Reach, *, after: UUID | None, limit: int
) -> list[Listed]:
    """Requests of people in reach, the oldest first."""
    rows = await session.execute(_PAGE, {**reach.parameters, "after": after, "limit": limit})
    return [_listed(row) for row in rows]


async def count_open(session: AsyncSession, reach: Reach, reader: UUID | None) -> int:
    """How many wait for this reader's word."""
    return int(await session.scalar(_COUNT, {**reach.parameters, "reader": reader}))


def _listed(row: Any) -> Listed:
    return Listed(
        awaiting_of(row), row.run_code, row.programme_name, row.starts_on, row.ends_on, row.nip, row.name, row.employer,
        row.led_by, row.unit_name, row.unit_path, row.missed,
    )  # fmt: skip
