"""Lists of enrolments with the names that readers need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from bina.web.tables import Query
from enrollment.enrolments.domain.enrolment import Enrolment
from enrollment.enrolments.store.states import SELECTED, enrolment_of
from enrollment.scope import ENROLMENTS

_FROM = f"""SELECT {SELECTED}, r.run_code, r.starts_on, r.ends_on, r.organiser, r.status AS run_status,
    r.jp AS run_jp, p.name AS programme_name, asn.nip, asn.name AS person_name,
    coalesce(units.name, '') AS unit_name, coalesce(units.path, '{{}}') AS unit_path
    FROM enrolments AS e JOIN runs AS r USING (run_id) JOIN run_programmes AS p USING (run_id)
    LEFT JOIN asn ON asn.asn_id = e.asn_id LEFT JOIN units ON units.unit_id = asn.unit_id"""  # noqa: S608 - fixed names
_PAGE = text(
    f"""{_FROM} WHERE (CAST(:run AS uuid) IS NULL OR e.run_id = :run)
    AND (CAST(:asn AS uuid) IS NULL OR e.asn_id = :asn)
    AND (CAST(:employer AS text) IS NULL OR e.agency_code = :employer)
    AND (CAST(:state AS text) IS NULL OR e.state = :state)
    AND {ENROLMENTS}
    AND (CAST(:after AS uuid) IS NULL OR e.enrollment_id > CAST(:after AS uuid))
    ORDER BY e.enrollment_id LIMIT :limit"""
)
_OF_ASN = text(f"{_FROM} WHERE e.asn_id = :asn ORDER BY r.starts_on DESC, e.attempt DESC LIMIT :limit")
# Ties of tickets, and who was erased, are settled by what the list adds: names, then ids.
_OF_RUN = f"""SELECT listed.*, listed.state = 'waitlisted' AS waits,
    CASE WHEN listed.state = 'completed' THEN listed.jp END AS gained
    FROM ({_FROM} WHERE e.run_id = :run AND e.state <> 'withdrawn' AND {ENROLMENTS}) AS listed"""  # noqa: S608 - fixed names


@dataclass(frozen=True)
class EnrolmentFilter:
    """Which enrolments of those in reach; None asks for all."""

    run: UUID | None = None
    asn: UUID | None = None
    employer: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Listed:
    """An enrolment with its run and person; names are empty for a person who was erased."""

    enrolment: Enrolment
    run_code: str
    programme_name: str
    organiser: str
    starts_on: date
    ends_on: date
    run_status: str
    run_jp: int
    nip: str
    person_name: str
    unit_name: str
    unit_path: Sequence[UUID]


async def page_of_enrolments(
    session: AsyncSession, reach: Reach, which: EnrolmentFilter, *, after: UUID | None, limit: int
) -> list[Listed]:
    """Enrolments in reach after an id, sorted by id."""
    values = {**reach.parameters, **which.__dict__, "after": after, "limit": limit}
    return _listed(await session.execute(_PAGE, values))


async def load_of_asn(session: AsyncSession, asn_id: UUID, limit: int = 100) -> list[Listed]:
    """A person's enrolments, the latest run first."""
    return _listed(await session.execute(_OF_ASN, {"asn": asn_id, "limit": limit}))


def participants_of(run_id: UUID, reach: Reach) -> Query[Listed]:
    """Who takes part in a run or waits, as far as within reach, in an order to be asked for."""
    return Query(_OF_RUN, {**reach.parameters, "run": run_id}, _listed_one)


def _listed(rows: Any) -> list[Listed]:
    return [_listed_one(row) for row in rows]


def _listed_one(row: Any) -> Listed:
    return Listed(
        enrolment=enrolment_of(row),
        run_code=row.run_code,
        programme_name=row.programme_name,
        organiser=row.organiser,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        run_status=row.run_status,
        run_jp=row.run_jp,
        nip=row.nip or "",
        person_name=row.person_name or "",
        unit_name=row.unit_name,
        unit_path=row.unit_path,
    )
