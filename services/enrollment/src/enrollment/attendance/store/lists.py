"""Participants with what is recorded of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.tables import Query
from enrollment.enrolments.domain import Enrolment
from enrollment.enrolments.store.states import SELECTED, enrolment_of

_PEOPLE = """asn.nip, asn.name AS person_name, coalesce(units.name, '') AS unit_name,
    coalesce(units.path, '{}') AS unit_path"""
_FROM = """LEFT JOIN asn ON asn.asn_id = e.asn_id LEFT JOIN units ON units.unit_id = asn.unit_id
    WHERE e.run_id = :run AND e.state IN ('accepted', 'completed', 'not_completed')"""
_ATTENDERS = f"""SELECT {SELECTED}, {_PEOPLE}, a.state AS mark, a.how, a.at, a.late, a.shared, a.checked, a.note
    FROM enrolments AS e
    LEFT JOIN attendance AS a ON a.enrollment_id = e.enrollment_id AND a.session_id = :session {_FROM}"""  # noqa: S608 - fixed names
_SOME = text(
    f"{_ATTENDERS} AND e.enrollment_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn.name, e.enrollment_id"
)
_ALL = text(f"{_ATTENDERS} ORDER BY asn.name, e.enrollment_id")
_REPORTERS = f"""SELECT {SELECTED}, {_PEOPLE}, coalesce(t.content, '') AS content, t.handed_in_at, t.received_on
    FROM enrolments AS e LEFT JOIN reports AS t ON t.enrollment_id = e.enrollment_id {_FROM}"""  # noqa: S608 - fixed names


@dataclass(frozen=True)
class Attender:
    """A participant and what is recorded of them in a session; `mark` is empty for nothing, names of the erased too."""

    enrolment: Enrolment
    nip: str
    person_name: str
    unit_name: str
    unit_path: Sequence[UUID]
    mark: str
    how: str
    at: datetime | None
    late: bool
    shared: bool
    checked: str
    note: str


@dataclass(frozen=True)
class Kept:
    """A participant and the report that was handed in, its content empty where there is none."""

    enrolment: Enrolment
    nip: str
    person_name: str
    unit_name: str
    unit_path: Sequence[UUID]
    content: str
    handed_in_at: datetime | None
    received_on: date | None


def attenders_of(run_id: UUID, session_id: UUID) -> Query[Attender]:
    """Everybody with a seat in a run, in an order to be asked for."""
    return Query(_ATTENDERS, {"run": run_id, "session": session_id}, _attender)


async def load_attenders(
    session: AsyncSession, run_id: UUID, session_id: UUID, ids: Iterable[UUID] | None = None
) -> list[Attender]:
    """The same by name: these, or all."""
    values = {"run": run_id, "session": session_id}
    if ids is None:
        return [_attender(row) for row in await session.execute(_ALL, values)]
    return [_attender(row) for row in await session.execute(_SOME, {**values, "ids": sorted(set(ids))})]


def reporters_of(run_id: UUID) -> Query[Kept]:
    """Everybody with a seat in a run and their report, in an order to be asked for."""
    return Query(_REPORTERS, {"run": run_id}, _kept)


def _attender(row: Any) -> Attender:
    return Attender(
        **_person(row),
        mark=row.mark or "",
        how=row.how or "",
        at=row.at,
        late=bool(row.late),
        shared=bool(row.shared),
        checked=row.checked or "",
        note=row.note or "",
    )


def _kept(row: Any) -> Kept:
    return Kept(
        **_person(row), content=row.content, handed_in_at=row.handed_in_at, received_on=row.received_on
    )


def _person(row: Any) -> dict[str, Any]:
    return {
        "enrolment": enrolment_of(row),
        "nip": row.nip or "",
        "person_name": row.person_name or "",
        "unit_name": row.unit_name,
        "unit_path": row.unit_path,
    }
