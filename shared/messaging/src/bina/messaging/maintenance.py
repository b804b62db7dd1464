"""Partitions of inbox and outbox: made ahead, dropped whole when their time is over."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from .inbox import month_bounds

OUTBOX_DAYS = 7
INBOX_MONTHS_AHEAD = 2
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


async def _make_months(session: AsyncSession, start: datetime) -> None:
    _, _, start = month_bounds(start)
    for _ in range(INBOX_MONTHS_AHEAD):
        low, high, after = month_bounds(start)
        name = f"messaging.inbox_{start:%Y_%m}"
        await session.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF messaging.inbox "
                f"FOR VALUES FROM ('{low}') TO ('{high}')"
            )
        )
        start = after


async def _make_day(session: AsyncSession, day: datetime) -> None:
    name = f"messaging.outbox_{day:%Y_%m_%d}"
    await session.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF messaging.outbox "
            f"FOR VALUES FROM ('{day.isoformat()}') TO ('{(day + timedelta(days=1)).isoformat()}')"
        )
    )


async def _drop_days(session: AsyncSession, before: datetime) -> None:
    names = await session.scalars(
        text(
            r"""SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname = 'messaging' AND relname ~ '^outbox_\d{4}_\d\d_\d\d$' AND relname < :oldest"""
        ),
        {"oldest": f"outbox_{before:%Y_%m_%d}"},
    )
    for name in list(names):
        unpublished = f"SELECT count(*) FROM messaging.{name} WHERE published_at IS NULL"  # noqa: S608 - from the catalogue
        waiting = await session.scalar(text(unpublished))
        if not waiting:
            await session.execute(text(f"DROP TABLE messaging.{name}"))
    await session.execute(
        text("DELETE FROM messaging.outbox_rest WHERE published_at < now() - make_interval(days => :days)"),
        {"days": OUTBOX_DAYS},
    )
