"""Requests that wait for a seat: who asked, by which message."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from enrollment.enrolments.domain.waiting import Asked, WaitingAsk

_ADD = text(
    """INSERT INTO waiting_asks (enrollment_id, agency_code, request_id)
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:agency_code AS text[]),
        CAST(:request_id AS text[])) ORDER BY 1"""
)
_TAKE = text(
    """WITH taken AS (
        DELETE FROM waiting_asks WHERE enrollment_id = ANY (CAST(:ids AS uuid[])) RETURNING *)
    SELECT taken.enrollment_id, taken.agency_code, taken.request_id, asn.nip, runs.run_code
    FROM taken JOIN enrolments USING (enrollment_id) JOIN asn USING (asn_id) JOIN runs USING (run_id)"""
)


async def add_waiting_asks(session: AsyncSession, asks: Sequence[WaitingAsk]) -> None:
    """Remember which message put whom on a waiting list."""
    if asks:
        await session.execute(_ADD, columns(asks, "enrollment_id", "agency_code", "request_id"))


async def take_waiting_asks(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Asked]:
    """Take out the requests of enrolments that wait no more; those of erased people are forgotten."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.enrollment_id: Asked(*row) for row in await session.execute(_TAKE, {"ids": wanted})}
