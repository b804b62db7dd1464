"""Claiming mails to send, and marking what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import statement
from notification.deliveries.domain import LEASE
from notification.deliveries.store.contacts import hold_contacts

_RELEASE_LAPSED = text(
    """UPDATE deliveries SET state = 'waiting', lease = NULL, leased_until = NULL, worker = NULL
    WHERE (notice_id, channel) IN (
        SELECT notice_id, channel FROM deliveries WHERE state = 'sending' AND leased_until < now()
        ORDER BY leased_until LIMIT 1000 FOR UPDATE SKIP LOCKED)"""
)
_CLAIM = statement(
    """WITH picked AS (
        SELECT notice_id, channel FROM deliveries
        WHERE state = 'waiting' AND NOT needs_address AND rank = :rank AND not_before <= now()
            AND send_before > :business
        ORDER BY not_before LIMIT :chunk FOR UPDATE SKIP LOCKED)
    UPDATE deliveries d SET state = 'sending', lease = :lease, leased_until = now() + :lasts, worker = :worker
    FROM picked WHERE d.notice_id = picked.notice_id AND d.channel = picked.channel
    RETURNING d.notice_id, d.recipient_id, d.attempts, d.send_before""",
    "business",
)
_ADDRESSES = text(
    """SELECT a.id AS recipient_id, coalesce(c.email, '') AS email, coalesce(f.email, true) AS wanted
    FROM unnest(CAST(:ids AS uuid[])) AS a (id)
    LEFT JOIN contacts c ON c.asn_id = a.id LEFT JOIN preferences f ON f.asn_id = a.id"""
)
# Only the holder of the lease may say what became of a mail: a worker that froze meanwhile changes nothing.
_MARK = statement(
    """UPDATE deliveries d SET
        state = n.state, attempts = n.attempts, reason_code = n.reason_code,
        reason = n.reason, lease = NULL, leased_until = NULL, worker = NULL,
        needs_address = n.needs_address
            AND NOT EXISTS (SELECT FROM contacts c WHERE c.asn_id = d.recipient_id AND c.email <> ''),
        not_before = CASE WHEN n.state = 'waiting' THEN now() + n.pause ELSE d.not_before END,
        ended_at = CASE WHEN n.state = 'waiting' THEN NULL ELSE :business END
    FROM unnest(CAST(:notice_id AS uuid[]), CAST(:state AS text[]), CAST(:needs_address AS boolean[]),
        CAST(:attempts AS int[]), CAST(:reason_code AS text[]), CAST(:reason AS text[]),
        CAST(:pause AS interval[])) AS n (notice_id, state, needs_address, attempts, reason_code, reason, pause)
    WHERE d.notice_id = n.notice_id AND d.channel = 'email' AND d.state = 'sending' AND d.lease = :lease
    RETURNING d.notice_id""",
    "business",
)
_EXPIRE = statement(
    """WITH picked AS (
        SELECT d.notice_id, d.channel, c.asn_id IS NULL OR c.email = '' AS unaddressed
        FROM deliveries d LEFT JOIN contacts c ON c.asn_id = d.recipient_id
        WHERE d.state = 'waiting' AND d.send_before <= :business
        ORDER BY d.send_before, d.notice_id LIMIT :chunk FOR UPDATE OF d SKIP LOCKED)
    UPDATE deliveries d SET ended_at = :business,
        state = CASE WHEN unaddressed THEN 'failed' ELSE 'expired' END,
        reason_code = CASE WHEN unaddressed THEN 'no_address' ELSE 'too_late' END
    FROM picked WHERE d.notice_id = picked.notice_id AND d.channel = picked.channel
    RETURNING d.notice_id, d.reason_code, d.reason""",
    "business",
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail this worker holds."""

    notice_id: UUID
    recipient_id: UUID
    attempts: int
    send_before: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person's mail goes, empty if unknown, and whether they want any."""

    email: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mail's row says from now on."""

    notice_id: UUID
    state: str
    attempts: int
    reason_code: str = ""
    reason: str = ""
    pause: timedelta = timedelta(0)
    needs_address: bool = False


async def claim(
    session: AsyncSession, lease: UUID, worker: int | None, business: datetime, chunk: int
) -> list[Claimed]:
    """Take the next mails that are due and still worth sending; a lapsed claim is free again.

    `worker`: the number under which its next holder may take them back at once; None leaves them to their lease.
    """
    await session.execute(_RELEASE_LAPSED)
    taken: list[Claimed] = []
    for rank in (0, 1):
        if len(taken) < chunk:
            rows = await session.execute(
                _CLAIM,
                {
                    "rank": rank,
                    "lease": lease,
                    "worker": worker,
                    "lasts": LEASE,
                    "business": business,
                    "chunk": chunk - len(taken),
                },
            )
            taken.extend(Claimed(r.notice_id, r.recipient_id, r.attempts, r.send_before) for r in rows)
    return taken


async def load_addresses(session: AsyncSession, recipients: Sequence[UUID]) -> dict[UUID, Address]:
    """Where mails go."""
    rows = await session.execute(_ADDRESSES, {"ids": sorted(set(recipients))})
    return {row.recipient_id: Address(row.email, row.wanted) for row in rows}


async def mark(session: AsyncSession, lease: UUID, business: datetime, marks: Sequence[Mark]) -> set[UUID]:
    """Write what became of mails; returns those that were still this worker's to mark.

    A mail is set aside for lack of an address only where none came since it was claimed: later ones will find it.
    """
    if any(mark.needs_address for mark in marks):
        await hold_contacts(session)
    rows = sorted(marks, key=lambda m: m.notice_id)
    names = ("notice_id", "state", "needs_address", "attempts", "reason_code", "reason", "pause")
    found = await session.scalars(
        _MARK,
        {
            "lease": lease,
            "business": business,
            **{name: [getattr(row, name) for row in rows] for name in names},
        },
    )
    return set(found)


async def expire(session: AsyncSession, business: datetime, chunk: int) -> Sequence[Any]:
    """Give up what is too late; returns (notice_id, reason_code, reason)."""
    return list(await session.execute(_EXPIRE, {"business": business, "chunk": chunk}))
