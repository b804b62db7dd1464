"""Reading notices back, with what is known today about whom they reach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import statement
from bina.web.tables import Query
from notification.cursors import Cursor
from notification.notices.domain import Run, Telling

# The run as it stood at the notice's time; a run whose first fact is dated later counts as it was first told.
TELLING = """
    SELECT n.*, coalesce(f.language, c.language, 'id') AS language, coalesce(p.name, '') AS name,
        coalesce(p.position, '') AS position, coalesce(p.employment, '') AS employment,
        coalesce(p.appointment, '') AS appointment,
        coalesce(o.name, '') AS about_name, v.run_code, v.programme_name, v.jp, v.location, v.starts_on,
        v.ends_on, v.seats, v.pass_score
    FROM picked n
    LEFT JOIN people p ON p.asn_id = n.recipient_id
    LEFT JOIN contacts c ON c.asn_id = n.recipient_id
    LEFT JOIN preferences f ON f.asn_id = n.recipient_id
    LEFT JOIN people o ON o.asn_id = CAST(coalesce(n.details->>'alumnus_id', n.details->>'asker_id') AS uuid)
    LEFT JOIN LATERAL (
        SELECT * FROM training_versions v WHERE v.run_id = n.run_id
        ORDER BY v.at > n.occurred_at, CASE WHEN v.at > n.occurred_at THEN v.at END,
            v.at DESC, v.event_id DESC LIMIT 1) AS v ON true"""
_BY_ID = text(
    f"WITH picked AS (SELECT * FROM notices WHERE notice_id = ANY (CAST(:ids AS uuid[]))) {TELLING}"  # noqa: S608
)
_INBOX = """SELECT notice_id, occurred_at FROM notices
    WHERE recipient_id = :recipient AND (read_at IS NULL) = :unread"""
_NEWEST = text(
    f"""WITH picked AS (
        SELECT * FROM notices WHERE recipient_id = :recipient
        ORDER BY occurred_at DESC, notice_id DESC LIMIT :limit) {TELLING}
    ORDER BY n.occurred_at DESC, n.notice_id DESC"""  # noqa: S608 - constants only
)
_PAGE = statement(
    f"""WITH picked AS (
        SELECT * FROM notices WHERE recipient_id = :recipient
            AND (CAST(:at AS timestamptz) IS NULL OR (occurred_at, notice_id) < (:at, CAST(:after AS uuid)))
        ORDER BY occurred_at DESC, notice_id DESC LIMIT :limit) {TELLING}
    ORDER BY n.occurred_at DESC, n.notice_id DESC""",  # noqa: S608 - constants only
    "at",
)
_UNREAD = text("SELECT count(*) FROM notices WHERE recipient_id = :recipient AND read_at IS NULL")


async def load_tellings(session: AsyncSession, notice_ids: Iterable[UUID]) -> dict[UUID, Telling]:
    """Notices by id."""
    rows = await session.execute(_BY_ID, {"ids": list(notice_ids)})
    return {row.notice_id: telling_of(row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name


@dataclass(frozen=True)
class Inbox(Query[Telling]):
    """A person's read or unread notices, in an order to be asked for."""

    async def make(self, session: AsyncSession, rows: Sequence[Any]) -> list[Telling]:
        """Notices with what is known today about whom they reach."""
        found = await load_tellings(session, [row.notice_id for row in rows])
        return [found[row.notice_id] for row in rows if row.notice_id in found]


def inbox_of(recipient_id: UUID, *, unread: bool) -> Inbox:
    """A person's read or unread notices."""
    return Inbox(_INBOX, {"recipient": recipient_id, "unread": unread})


async def find_notices(
    session: AsyncSession, recipient_id: UUID, *, after: Cursor | None = None, limit: int = 50
) -> list[Telling]:
    """A person's notices, read or not, newest first."""
    at, last = after or (None, None)
    values = {"recipient": recipient_id, "at": at, "after": last, "limit": limit}
    return [telling_of(row._mapping) for row in await session.execute(_PAGE, values)]  # noqa: SLF001 - SQLAlchemy's public name


async def find_newest(session: AsyncSession, recipient_id: UUID, limit: int) -> list[Telling]:
    """The few newest notices of a person."""
    rows = await session.execute(_NEWEST, {"recipient": recipient_id, "limit": limit})
    return [telling_of(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def count_unread(session: AsyncSession, recipient_id: UUID) -> int:
    """How many notices a person has not opened."""
    return int(await session.scalar(_UNREAD, {"recipient": recipient_id}) or 0)


def telling_of(row: RowMapping) -> Telling:
    """A row of `TELLING`."""
    run = None
    if row["programme_name"] is not None:
        run = Run(
            row["run_code"], row["programme_name"], row["jp"], row["location"], row["starts_on"], row["ends_on"],
            row["seats"], row["pass_score"],
        )  # fmt: skip
    return Telling(
        notice_id=row["notice_id"], event_id=row["event_id"], correlation_id=row["correlation_id"],
        recipient_id=row["recipient_id"], kind=row["kind"], about_id=row["about_id"], run_id=row["run_id"],
        details=row["details"], occurred_at=row["occurred_at"], read_at=row["read_at"], language=row["language"],
        name=row["name"], position=row["position"], employment=row["employment"], about_name=row["about_name"],
        run=run, traceparent=row["traceparent"] or "", appointment=row["appointment"],
        is_moot=row["moot_at"] is not None,
    )  # fmt: skip
