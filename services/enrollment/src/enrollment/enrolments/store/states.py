"""Enrolments as they stand."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from bina.messaging.database import driver, silence
from bina.messaging.outbox import FEW
from enrollment.enrolments.domain.enrolment import Enrolment

NAMES = (
    "enrollment_id",
    "run_id",
    "asn_id",
    "agency_code",
    "state",
    "requested_at",
    "attempt",
    "ticket",
    "met_on",
    "completed_on",
    "reason",
    "jp",
    "pre_score",
    "post_score",
    "certificate_number",
    "origin",
    "revision",
    "pool",
)
SELECTED = ", ".join(f"e.{name}" for name in NAMES)
_SEAT_NAMES = NAMES[:8]
# Until attendance or a result there is less than half to write, unless the seat is one that was held for a group.
_SAVE_SEATS = text(
    f"""INSERT INTO enrolments ({", ".join(_SEAT_NAMES)})
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:asn_id AS uuid[]),
        CAST(:agency_code AS text[]), CAST(:state AS text[]), CAST(:requested_at AS timestamptz[]),
        CAST(:attempt AS smallint[]), CAST(:ticket AS bigint[])) ORDER BY 1
    ON CONFLICT (enrollment_id) DO UPDATE SET state = excluded.state, ticket = excluded.ticket,
        recorded_at = now()"""  # noqa: S608 - fixed names
)
_SAVE = text(
    f"""INSERT INTO enrolments ({", ".join(NAMES)})
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:asn_id AS uuid[]),
        CAST(:agency_code AS text[]), CAST(:state AS text[]), CAST(:requested_at AS timestamptz[]),
        CAST(:attempt AS smallint[]), CAST(:ticket AS bigint[]), CAST(:met_on AS date[]),
        CAST(:completed_on AS date[]), CAST(:reason AS text[]), CAST(:jp AS int[]),
        CAST(:pre_score AS numeric[]), CAST(:post_score AS numeric[]), CAST(:certificate_number AS text[]),
        CAST(:origin AS text[]), CAST(:revision AS int[]), CAST(:pool AS text[])) ORDER BY 1
    ON CONFLICT (enrollment_id) DO UPDATE SET state = excluded.state, ticket = excluded.ticket,
        met_on = excluded.met_on, completed_on = excluded.completed_on, reason = excluded.reason,
        jp = excluded.jp, pre_score = excluded.pre_score, post_score = excluded.post_score,
        certificate_number = excluded.certificate_number, origin = excluded.origin,
        revision = excluded.revision, pool = excluded.pool, recorded_at = now()"""  # noqa: S608 - fixed names
)
_SAY_WHY = text(
    "UPDATE enrolments SET reason = :reason WHERE enrollment_id = ANY (CAST(:ids AS uuid[])) AND state = 'withdrawn'"
)
_LATEST = text(
    f"""SELECT DISTINCT ON (e.run_id, e.asn_id) {SELECTED}
    FROM unnest(CAST(:runs AS uuid[]), CAST(:people AS uuid[])) AS asked (run_id, asn_id)
    JOIN enrolments AS e USING (run_id, asn_id) ORDER BY e.run_id, e.asn_id, e.attempt DESC"""  # noqa: S608 - fixed names
)
_LOAD = text(
    f"SELECT {SELECTED} FROM enrolments AS e WHERE enrollment_id = ANY (CAST(:ids AS uuid[])) ORDER BY 1"  # noqa: S608 - fixed names
)
_POSITIONS = text(
    """SELECT asked.id, (SELECT count(*) FROM enrolments AS e
        WHERE e.run_id = own.run_id AND e.state = 'waitlisted' AND e.ticket <= own.ticket) AS position
    FROM unnest(CAST(:ids AS uuid[])) AS asked (id)
    JOIN enrolments AS own ON own.enrollment_id = asked.id AND own.state = 'waitlisted'"""
)


async def save_enrolments(
    session: AsyncSession, enrolments: Iterable[Enrolment], new: Sequence[Enrolment] = ()
) -> None:
    """Store enrolments as they now stand, and `new` ones of which nothing is stored; the caller holds their runs'
    seats."""
    copied = [row for row in new if row.is_only_seat and not row.pool] if len(new) > FEW else []
    if copied:
        await _copy(session, copied)
    rows = [*enrolments, *(row for row in new if not copied or not row.is_only_seat or row.pool)]
    if seats := [row for row in rows if row.is_only_seat and not row.pool]:
        await session.execute(_SAVE_SEATS, columns(seats, *_SEAT_NAMES))
    if more := [row for row in rows if not row.is_only_seat or row.pool]:
        await session.execute(_SAVE, columns(more, *NAMES))


async def _copy(session: AsyncSession, rows: Iterable[Enrolment]) -> None:
    """Many at once, without looking for each whether it is there."""
    connection = await driver(session)
    records = sorted((row[: len(_SEAT_NAMES)] for row in rows), key=itemgetter(0))
    try:
        await connection.copy_records_to_table("enrolments", columns=_SEAT_NAMES, records=records)
    except asyncpg.PostgresError as error:
        silence(error)
        raise


async def say_why(session: AsyncSession, ids: Iterable[UUID], reason: str) -> None:
    """Keep why seats were given back, which their own statement does not write."""
    values = {"ids": sorted(set(ids)), "reason": reason}
    await session.execute(_SAY_WHY, values)


async def load_latest(
    session: AsyncSession, pairs: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Enrolment]:
    """The latest attempt of each (run_id, asn_id)."""
    asked = set(pairs)
    if not asked:
        return {}
    rows = await session.execute(_LATEST, {"runs": [r for r, _ in asked], "people": [a for _, a in asked]})
    return {(row.run_id, row.asn_id): enrolment_of(row) for row in rows}


async def load_enrolments(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Enrolment]:
    """Enrolments by id; unknown ones are left out."""
    rows = await session.execute(_LOAD, {"ids": sorted(set(ids))})
    return {row.enrollment_id: enrolment_of(row) for row in rows}


async def load_positions(session: AsyncSession, enrolments: Sequence[Enrolment]) -> dict[UUID, int]:
    """Places on the waiting list, from 1, of those who wait."""
    ids = [e.enrollment_id for e in enrolments if e.state == "waitlisted"]
    if not ids:
        return {}
    rows = await session.execute(_POSITIONS, {"ids": ids})
    return {row.id: row.position for row in rows}


def enrolment_of(row: Any) -> Enrolment:
    """An enrolment from a row that has all its columns."""
    return Enrolment(**{name: getattr(row, name) for name in NAMES})
