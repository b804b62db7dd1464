"""Partitions of inbox and outbox, made ahead and dropped whole when their time is over; other rows that go."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from .inbox import month_bounds

OUTBOX_DAYS = 7
INBOX_MONTHS_AHEAD = 2
REDRIVE_DAYS = 180
"""How long the report of an order to try parked messages again stays."""
log = logging.getLogger(__name__)
_LOCK = text("SELECT pg_advisory_xact_lock(7004)")


async def keep_partitions(session: AsyncSession) -> None:
    """Make the next partitions and drop outbox days that are published and past their week."""
    await session.execute(_LOCK)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    await _make_months(session, today.replace(day=1))
    # Today's own rows may lie in the default partition already, so days begin with tomorrow.
    for ahead in range(1, 4):
        await _make_day(session, today + timedelta(days=ahead))
    await _drop_days(session, today - timedelta(days=OUTBOX_DAYS))


async def forget_old(session: AsyncSession) -> None:
    """Drop the reports of redrives whose time is over; what names people goes by bina.web's periods."""
    await session.execute(
        text("DELETE FROM messaging.redrives WHERE ended_at < now() - make_interval(days => :days)"),
        {"days": REDRIVE_DAYS},
    )


async def _make_months(session: AsyncSession, start: datetime) -> None:
    _, _, start = month_bounds(start)
    for _ in range(INBOX_MONTHS_AHEAD):
        low, high, after = month_bounds(start)
        await _make(session, _Partition("inbox", f"inbox_{start:%Y_%m}", "event_id", str(low), str(high)))
        start = after


async def _make_day(session: AsyncSession, day: datetime) -> None:
    low, high = day.isoformat(), (day + timedelta(days=1)).isoformat()
    await _make(session, _Partition("outbox", f"outbox_{day:%Y_%m_%d}", "created_at", low, high))


@dataclass(frozen=True)
class _Partition:
    """A part of a table, to be made: from `low` to before `high` of a column."""

    table: str
    name: str
    column: str
    low: str
    high: str

    @property
    def create(self) -> str:
        return f"SELECT messaging.add_partition('{self.table}', '{self.name}', '{self.low}', '{self.high}')"

    @property
    def early(self) -> str:
        """Rows of its range that came before it, e.g. ids from a clock that runs ahead; they bar its making."""
        return f"FROM messaging.{self.table}_rest WHERE {self.column} >= '{self.low}' AND {self.column} < '{self.high}'"


async def _make(session: AsyncSession, part: _Partition) -> None:
    if await session.scalar(text("SELECT to_regclass(:name)"), {"name": f"messaging.{part.name}"}):
        return
    if await session.scalar(text(f"SELECT EXISTS (SELECT {part.early})")):
        await _make_around(session, part)
    else:
        await session.execute(text(part.create))


async def _make_around(session: AsyncSession, part: _Partition) -> None:
    """Take the early rows out, make the partition, put them into it."""
    # The table first, then its parts, as everybody else locks them: no row may slip in between.
    await session.execute(text(f"LOCK TABLE messaging.{part.table} IN ACCESS EXCLUSIVE MODE"))
    await session.execute(text(f"CREATE TEMP TABLE early ON COMMIT DROP AS SELECT * {part.early}"))
    await session.execute(text(f"DELETE {part.early}"))
    await session.execute(text(part.create))
    await session.execute(
        text(f"INSERT INTO messaging.{part.name} OVERRIDING SYSTEM VALUE TABLE pg_temp.early")
    )
    count = await session.scalar(text("SELECT count(*) FROM pg_temp.early"))
    await session.execute(text("DROP TABLE pg_temp.early"))
    log.warning("%d rows of %s were ahead of their time and moved to %s", count, part.table, part.name)


async def _drop_days(session: AsyncSession, before: datetime) -> None:
    names = await session.scalars(
        text(
            r"""SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname = 'messaging' AND relname ~ '^outbox_\d{4}_\d\d_\d\d$' AND relname < :oldest"""
        ),
        {"oldest": f"outbox_{before:%Y_%m_%d}"},
    )
    for name in list(names):
        await session.execute(text("SELECT messaging.drop_published_day(:name)"), {"name": name})
    await session.execute(
        text("DELETE FROM messaging.outbox_rest WHERE published_at < now() - make_interval(days => :days)"),
        {"days": OUTBOX_DAYS},
    )
