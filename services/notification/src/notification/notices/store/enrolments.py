"""Copies of who takes part in which run, from when to when."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import columns

_BEGIN = text(
    """INSERT INTO enrolments (enrollment_id, asn_id, run_id, began_at)
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:asn_id AS uuid[]), CAST(:run_id AS uuid[]),
        CAST(:at AS timestamptz[])) ORDER BY 1
    ON CONFLICT (enrollment_id) DO NOTHING"""
)
_END = text(
    """INSERT INTO enrolments AS e (enrollment_id, asn_id, run_id, began_at, ended_at)
    SELECT enrollment_id, asn_id, run_id, at, at FROM unnest(CAST(:enrollment_id AS uuid[]),
        CAST(:asn_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:at AS timestamptz[]))
        AS n (enrollment_id, asn_id, run_id, at) ORDER BY 1
    ON CONFLICT (enrollment_id) DO UPDATE SET ended_at = coalesce(e.ended_at, excluded.ended_at)"""
)
# Facts of a run that a person was part of although their enrolment became known only now.
_MISSED = text(
    """SELECT DISTINCT v.event_id, v.at, v.told
    FROM training_versions v JOIN unnest(CAST(:run_id AS uuid[]), CAST(:at AS timestamptz[]))
        AS n (run_id, at) ON n.run_id = v.run_id AND v.at >= n.at
    WHERE v.told <> '' ORDER BY v.event_id"""
)
# A post-test outlives the completion it follows, a pre-test nothing.
_POINTLESS = text(
    """SELECT a.id FROM unnest(CAST(:ids AS uuid[]), CAST(:runs AS uuid[]), CAST(:pre AS boolean[]))
        AS a (id, run_id, pre)
    LEFT JOIN enrolments e ON e.enrollment_id = a.id LEFT JOIN trainings t ON t.run_id = a.run_id
    WHERE (a.pre AND e.ended_at IS NOT NULL) OR t.cancelled_at IS NOT NULL"""
)


_OVER = text(
    """SELECT enrollment_id FROM enrolments JOIN trainings USING (run_id)
    WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))
        AND (ended_at IS NOT NULL AND completed IS NULL OR cancelled_at IS NOT NULL)"""
)
_RECORD_RESULTS = text(
    """UPDATE enrolments AS e SET completed = n.completed, jp = n.jp
    FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:completed AS boolean[]), CAST(:jp AS int[]))
        AS n (enrollment_id, completed, jp)
    WHERE e.enrollment_id = n.enrollment_id"""
)
_RESULTS = text(
    """SELECT enrollment_id, completed, jp FROM enrolments
    WHERE enrollment_id = ANY (CAST(:ids AS uuid[])) AND completed IS NOT NULL"""
)


class Result(NamedTuple):
    """What a person is told of a result: whether it completes, and the JP that count."""

    enrollment_id: UUID
    completed: bool
    jp: int


async def begin_enrolments(session: AsyncSession, events: Sequence[Any]) -> None:
    """Events of one type with enrollment_id, asn_id, run_id; a second beginning changes nothing."""
    await session.execute(_BEGIN, _columns(events))


async def end_enrolments(session: AsyncSession, events: Sequence[Any]) -> None:
    """Whoever completed, left or failed is told of no later change of the run."""
    await session.execute(_END, _columns(events))


async def record_results(session: AsyncSession, results: Sequence[Result]) -> None:
    """Keep what was last told of enrolments that have ended."""
    await session.execute(_RECORD_RESULTS, columns(results, "enrollment_id", "completed", "jp"))


async def load_results(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Result]:
    """What was last told, by enrolment; those without a result are absent."""
    rows = await session.execute(_RESULTS, {"ids": list(ids)})
    return {row.enrollment_id: Result(*row) for row in rows}


async def find_pointless(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these enrolments that ended without a result, or whose run was cancelled."""
    return set(await session.scalars(_OVER, {"ids": list(ids)}))


async def find_missed_changes(session: AsyncSession, events: Sequence[Any]) -> Sequence[Any]:
    """(event_id, at, told) of changes told to a run's people at or after these events."""
    rows = await session.execute(
        _MISSED, {"run_id": [e.run_id for e in events], "at": [e.time for e in events]}
    )
    return list(rows)


async def find_pointless_tests(session: AsyncSession, tests: Sequence[tuple[UUID, UUID, bool]]) -> set[UUID]:
    """Of (enrolment, run, whether a pre-test): enrolments whose test no longer matters."""
    rows = await session.scalars(
        _POINTLESS,
        {
            "ids": [e for e, _, _ in tests],
            "runs": [r for _, r, _ in tests],
            "pre": [pre for _, _, pre in tests],
        },
    )
    return set(rows)


def _columns(events: Sequence[Event]) -> dict[str, list[Any]]:
    names = ("enrollment_id", "asn_id", "run_id")
    return {**{name: [getattr(e, name) for e in events] for name in names}, "at": [e.time for e in events]}
