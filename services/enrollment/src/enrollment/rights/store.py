"""Requests of people about their own data."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from enrollment.rights.domain import DataRequest
from enrollment.scope import PEOPLE

SHOWN = 20
"""Of one's own, the newest."""
_COLUMNS = "d.request_id, d.asn_id, d.field, d.wanted, d.reason, d.state, d.asked_at, d.due_at, d.decided_at, d.answer"
# One open request a field: sent twice, it is there once.
_ADD = text(
    """INSERT INTO data_requests (request_id, asn_id, field, wanted, reason, asked_at, due_at)
    SELECT :request_id, asn_id, :field, :wanted, :reason, :asked_at, :due_at FROM asn WHERE asn_id = :asn_id
    ON CONFLICT (asn_id, field) WHERE state = 'open' DO NOTHING RETURNING request_id"""
)
_OWN = text(
    f"SELECT {_COLUMNS} FROM data_requests d WHERE asn_id = :asn_id ORDER BY request_id DESC LIMIT :limit"  # noqa: S608 - our own words
)
_LOAD = text(f"SELECT {_COLUMNS} FROM data_requests d WHERE request_id = :request_id")  # noqa: S608 - our own words
_LOCK = text(f"SELECT {_COLUMNS} FROM data_requests d WHERE request_id = :request_id FOR UPDATE")  # noqa: S608 - our own words
_OPEN = text(
    f"""SELECT {_COLUMNS} FROM data_requests d JOIN asn USING (asn_id) LEFT JOIN units USING (unit_id)
    WHERE d.state = 'open' AND {PEOPLE} AND (CAST(:after AS uuid) IS NULL OR d.request_id > CAST(:after AS uuid))
    ORDER BY d.request_id LIMIT :limit"""  # noqa: S608 - our own words
)
_COUNT = text(
    f"""SELECT count(*) AS open, count(*) FILTER (WHERE d.due_at < :now) AS late
    FROM data_requests d JOIN asn USING (asn_id) LEFT JOIN units USING (unit_id) WHERE d.state = 'open' AND {PEOPLE}"""  # noqa: S608 - our own words
)
_DECIDE = text(
    """UPDATE data_requests SET state = :state, decided_at = :decided_at, decided_by = :decided_by, answer = :answer
    WHERE request_id = :request_id"""
)


async def add_request(session: AsyncSession, asked: DataRequest) -> bool:
    """Keep a request of somebody registered; whether there was none open for that field."""
    names = ("request_id", "asn_id", "field", "wanted", "reason", "asked_at", "due_at")
    return await session.scalar(_ADD, {name: getattr(asked, name) for name in names}) is not None


async def load_own(session: AsyncSession, asn_id: UUID) -> list[DataRequest]:
    """A person's requests, newest first."""
    return [_request(row) for row in await session.execute(_OWN, {"asn_id": asn_id, "limit": SHOWN})]


async def load_request(session: AsyncSession, request_id: UUID) -> DataRequest | None:
    """One request."""
    row = (await session.execute(_LOAD, {"request_id": request_id})).one_or_none()
    return _request(row) if row else None


async def lock_request(session: AsyncSession, request_id: UUID) -> DataRequest | None:
    """One request, which nobody else decides meanwhile."""
    row = (await session.execute(_LOCK, {"request_id": request_id})).one_or_none()
    return _request(row) if row else None


async def page_of_open(
    session: AsyncSession, reach: Reach, *, after: UUID | None, limit: int
) -> Sequence[DataRequest]:
    """Open requests of people in reach, oldest first."""
    values = {**reach.parameters, "after": after, "limit": limit}
    return [_request(row) for row in await session.execute(_OPEN, values)]


async def count_open(session: AsyncSession, reach: Reach, now: datetime) -> tuple[int, int]:
    """How many are open of people in reach, and how many of these are late."""
    row = (await session.execute(_COUNT, {**reach.parameters, "now": now})).one()
    return row.open, row.late


async def decide(
    session: AsyncSession, request_id: UUID, state: str, answer: str, *, by: UUID | None, at: datetime
) -> None:
    """Close a request."""
    values = {"request_id": request_id, "state": state, "answer": answer}
    await session.execute(_DECIDE, values | {"decided_by": by, "decided_at": at})


def _request(row: Any) -> DataRequest:
    return DataRequest(**row._asdict())
