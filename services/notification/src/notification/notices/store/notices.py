"""Notices: recorded once, with the e-mail that goes with each, in one statement."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import ApprovalRequested, ApprovalSettled
from bina.messaging import columns, statement
from bina.messaging.traceparent import sampled
from notification.deliveries.store.planning import plan_mail
from notification.notices.domain import ASKING, FAN_OUT_CHUNK, KINDS, TELL, Notice
from notification.notices.store.audience import fitting

_COLUMNS = """notice_id, event_id, correlation_id, recipient_id, kind, run_id, about_id, details, occurred_at,
    send_before"""
_ADD = text(
    f"""WITH told AS (
        INSERT INTO notices ({_COLUMNS}, traceparent)
        SELECT notice_id(event_id, recipient_id, kind), event_id, correlation_id, recipient_id, kind, run_id,
            about_id, details, occurred_at, send_before, traceparent
        FROM unnest(CAST(:event_id AS uuid[]), CAST(:correlation_id AS text[]), CAST(:recipient_id AS uuid[]),
            CAST(:kind AS text[]), CAST(:run_id AS uuid[]), CAST(:about_id AS uuid[]),
            CAST(:details AS jsonb[]), CAST(:occurred_at AS timestamptz[]), CAST(:send_before AS timestamptz[]),
            CAST(:traceparent AS text[])) AS n (event_id, correlation_id, recipient_id, kind, run_id, about_id,
            details, occurred_at, send_before, traceparent)
        ORDER BY 1 ON CONFLICT DO NOTHING
        RETURNING notice_id, recipient_id, send_before)
    {plan_mail("told", rank=0)}"""  # noqa: S608 - constants only
)
# One notice per announcement and person, whether a gap or the job made it fit: both share one template name.
_ANNOUNCED = f"""told AS (
        INSERT INTO notices ({_COLUMNS})
        SELECT notice_id(a.event_id, a.asn_id, 'training_announced'), a.event_id, a.correlation_id, a.asn_id,
            a.kind, a.run_id, a.run_id, a.details, a.since, least(a.since + CAST(:limit AS interval), a.starts_at)
        FROM fitting a ORDER BY 1 ON CONFLICT DO NOTHING
        RETURNING notice_id, recipient_id, send_before)"""  # noqa: S608 - constants only
_ANNOUNCE_TO_PAGE = text(
    f"""WITH page AS MATERIALIZED (
        SELECT agency_code, asn_id, job_level, known_at FROM people
        WHERE agency_code = ANY (CAST((SELECT audience FROM trainings WHERE run_id = :run_id) AS text[]))
            AND (agency_code, asn_id) > (:agency, CAST(:asn AS uuid))
        ORDER BY agency_code, asn_id LIMIT :chunk),
    fitting AS ({fitting("page p JOIN trainings t ON t.run_id = :run_id")}),
    {_ANNOUNCED},
    mail AS ({plan_mail("told", rank=1)})
    SELECT agency_code, asn_id, count(*) OVER () AS looked_at FROM page
    ORDER BY agency_code DESC, asn_id DESC LIMIT 1"""  # noqa: S608 - constants only
)
_PEOPLE_AND_RUNS = """unnest(CAST(:asn_ids AS uuid[]), CAST(:ats AS timestamptz[])) AS n (asn_id, at)
    JOIN people p USING (asn_id) JOIN trainings t ON p.agency_code = ANY (t.audience) AND t.starts_at > n.at"""
_ANNOUNCE_TO_PEOPLE = text(
    f"""WITH fitting AS ({fitting(_PEOPLE_AND_RUNS)}),
    {_ANNOUNCED}
    {plan_mail("told", rank=1)}"""
)
# Whose seat is yet to be told is told then what the run has become.
_TELL_ENROLLED = text(
    f"""WITH page AS MATERIALIZED (
        SELECT e.* FROM enrolments e JOIN training_versions v USING (run_id)
        WHERE v.event_id = :event_id AND e.enrollment_id > :after ORDER BY e.enrollment_id LIMIT :chunk),
    told AS (
        INSERT INTO notices ({_COLUMNS})
        SELECT notice_id(v.event_id, p.asn_id, v.told), v.event_id, v.correlation_id, p.asn_id, v.told, v.run_id,
            v.run_id, v.details, v.at, v.at + CAST(:limit AS interval)
        FROM page p JOIN training_versions v USING (run_id)
        WHERE v.event_id = :event_id AND p.began_at <= v.at AND (p.ended_at IS NULL OR p.ended_at > v.at)
            AND NOT EXISTS (
                SELECT FROM messaging.due AS d WHERE d.kind = '{TELL}' AND d.key = CAST(p.enrollment_id AS text))
        ORDER BY 1 ON CONFLICT DO NOTHING
        RETURNING notice_id, recipient_id, send_before),
    mail AS ({plan_mail("told", rank=0)})
    SELECT enrollment_id, count(*) OVER () AS looked_at FROM page ORDER BY enrollment_id DESC LIMIT 1"""  # noqa: S608 - constants only
)
_READ = statement(
    """WITH marked AS (
        UPDATE notices SET read_at = :now WHERE recipient_id = :recipient AND read_at IS NULL
            AND (CAST(:ids AS uuid[]) IS NULL OR notice_id = ANY (CAST(:ids AS uuid[]))) RETURNING 1)
    SELECT count(*) FROM marked""",
    "now",
)
_DROP_ASKING = text(
    f"""UPDATE notices AS n SET moot_at = d.at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[])) AS d (about_id, at)
    WHERE n.about_id = d.about_id AND n.kind = '{ASKING}' AND n.moot_at IS NULL"""  # noqa: S608 - constants only
)
Page = tuple[str, UUID]


async def add_notices(session: AsyncSession, notices: Iterable[Notice]) -> None:
    """Record notices and plan their e-mails; those recorded before are left as they are.

    Only of traces that are kept a notice remembers its own. An audience's notices have none: a million mails make no
    trace that anybody reads.
    """
    rows = list(notices)
    if rows:
        taken = columns(
            rows,
            "event_id",
            "correlation_id",
            "recipient_id",
            "kind",
            "run_id",
            "about_id",
            "occurred_at",
            "send_before",
        )
        taken["traceparent"] = [n.traceparent if sampled(n.traceparent) else None for n in rows]
        await session.execute(_ADD, {**taken, "details": [json.dumps(n.details, default=str) for n in rows]})


async def drop_asking(session: AsyncSession, events: Sequence[ApprovalRequested | ApprovalSettled]) -> None:
    """What was asked of anybody about these requests until now is moot; a mail that has not gone does not go."""
    await session.execute(
        _DROP_ASKING, {"ids": [e.approval_id for e in events], "ats": [e.time for e in events]}
    )


async def announce_to_page(
    session: AsyncSession, run_id: UUID, after: Page, chunk: int = FAN_OUT_CHUNK
) -> tuple[int, Page | None]:
    """Tell the next people of a run's agencies whom it fits; (people looked at, where to go on or None)."""
    row = (
        await session.execute(
            _ANNOUNCE_TO_PAGE,
            {
                "run_id": run_id,
                "agency": after[0],
                "asn": after[1],
                "chunk": chunk,
                "limit": _announced_limit(),
            },
        )
    ).one_or_none()
    if row is None:
        return 0, None
    return row.looked_at, (row.agency_code, row.asn_id) if row.looked_at == chunk else None


async def announce_to_people(session: AsyncSession, people: Sequence[tuple[UUID, datetime]]) -> None:
    """Tell people of all runs that fit them and begin after each person's given moment."""
    await session.execute(
        _ANNOUNCE_TO_PEOPLE,
        {"asn_ids": [p for p, _ in people], "ats": [at for _, at in people], "limit": _announced_limit()},
    )


async def tell_enrolled(
    session: AsyncSession, event_id: UUID, kind: str, after: UUID, chunk: int = FAN_OUT_CHUNK
) -> tuple[int, UUID | None]:
    """Tell the next people who were enrolled when a run changed; (looked at, where to go on or None)."""
    row = (
        await session.execute(
            _TELL_ENROLLED, {"event_id": event_id, "after": after, "chunk": chunk, "limit": KINDS[kind].limit}
        )
    ).one_or_none()
    if row is None:
        return 0, None
    return row.looked_at, row.enrollment_id if row.looked_at == chunk else None


async def mark_read(
    session: AsyncSession, recipient_id: UUID, now: datetime, notice_ids: Sequence[UUID] | None = None
) -> int:
    """Mark a person's own notices as read, all of them if none are named; returns how many were unread."""
    marked = await session.scalar(
        _READ,
        {"now": now, "recipient": recipient_id, "ids": list(notice_ids) if notice_ids is not None else None},
    )
    return int(marked)


def _announced_limit() -> timedelta:
    return KINDS["training_announced_gap"].limit
