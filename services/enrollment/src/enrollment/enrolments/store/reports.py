"""Reports that participants handed in after a training, and when they were received."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LOAD = text(
    """SELECT enrollment_id, content, handed_in_at, received_on FROM reports
    WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))"""
)
_HAND_IN = text(
    """INSERT INTO reports AS r (enrollment_id, run_id, content, handed_in_at)
    VALUES (:enrollment_id, :run_id, :content, :at)
    ON CONFLICT (enrollment_id) DO UPDATE SET content = excluded.content, handed_in_at = excluded.handed_in_at,
        recorded_at = now() WHERE r.received_on IS NULL RETURNING enrollment_id"""
)
_RECEIVE = text(
    """INSERT INTO reports AS r (enrollment_id, run_id, received_on, received_by)
    SELECT id, run_id, CAST(:on AS date), CAST(:by AS uuid)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:runs AS uuid[])) AS n (id, run_id) ORDER BY id
    ON CONFLICT (enrollment_id) DO UPDATE SET received_on = excluded.received_on,
        received_by = excluded.received_by, recorded_at = now()
    WHERE r.received_on IS NULL RETURNING enrollment_id"""
)


class HandedIn(NamedTuple):
    """A report: its text or link, when it came, and the day on which the organiser received it."""

    enrollment_id: UUID
    content: str
    handed_in_at: datetime | None
    received_on: date | None


async def load_reports(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, HandedIn]:
    """Reports by enrolment, as far as there are any."""
    rows = await session.execute(_LOAD, {"ids": sorted(set(ids))})
    return {row.enrollment_id: HandedIn(*row) for row in rows}


async def load_received(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, date]:
    """The days on which reports were received, by enrolment."""
    found = await load_reports(session, ids)
    return {id_: one.received_on for id_, one in found.items() if one.received_on}


async def hand_in(
    session: AsyncSession, enrollment_id: UUID, run_id: UUID, content: str, at: datetime
) -> bool:
    """Keep a report in place of the one before; False once one was received."""
    values = {"enrollment_id": enrollment_id, "run_id": run_id, "content": content, "at": at}
    return await session.scalar(_HAND_IN, values) is not None


async def receive(
    session: AsyncSession, pairs: Sequence[tuple[UUID, UUID]], on: date, by: UUID | None
) -> set[UUID]:
    """Say of (enrolment, run) that the report was received; returns those of whom that was not said before."""
    values = {"ids": [id_ for id_, _run in pairs], "runs": [run for _id, run in pairs], "on": on, "by": by}
    return set(await session.scalars(_RECEIVE, values))
