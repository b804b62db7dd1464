"""A run's figures in two set-based queries, within what a reader may see; and what was published last."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.evaluation import EvaluationPublished
from bina.messaging import DueItem, clock, due
from bina.web.permissions import Reach
from evaluation.scope import enrolments_within

from .domain import Lane, Mean, Outcome, next_forming, next_publication

PUBLISH = "publish-outcome"
FORM = "form-cells"


_SEEN = f"""WITH seen AS MATERIALIZED (
    SELECT e.enrollment_id, e.run_id, e.completed, e.unreported
    FROM enrolments e JOIN runs r USING (run_id) LEFT JOIN people p ON p.asn_id = e.asn_id
    WHERE NOT e.withdrawn AND (:all_runs OR e.run_id = ANY (CAST(:runs AS uuid[])))
        AND {enrolments_within("e.agency_code", "r", "p")})"""  # noqa: S608 - our own parts
# Our own test goes before the organiser's report of the same kind; what a correction took back counts no more.
_RUNS = text(
    f"""{_SEEN},
    best AS (
        SELECT DISTINCT ON (s.enrollment_id, s.kind) s.enrollment_id, s.kind, s.score
        FROM scores s JOIN seen USING (enrollment_id)
        WHERE s.source = 'test' OR s.kind <> ALL (seen.unreported)
        ORDER BY s.enrollment_id, s.kind, (s.source = 'test') DESC),
    tested AS (
        SELECT enrollment_id, max(score) FILTER (WHERE kind = 'pre') AS pre,
            max(score) FILTER (WHERE kind = 'post') AS post
        FROM best GROUP BY enrollment_id),
    heard AS (
        SELECT enrollment_id, bool_or(t.opened) AS asked, bool_or(t.state = 'answered') AS answered,
            bool_and(t.state = 'answered') FILTER (WHERE t.opened) AS complete
        FROM tasks t JOIN seen USING (enrollment_id)
        WHERE NOT t.baseline AND t.state <> 'withdrawn' GROUP BY enrollment_id)
    SELECT r.run_id, r.run_code, r.programme_name, r.organiser, r.starts_on, r.ends_on, r.cancelled,
        count(*) AS enrolled, count(*) FILTER (WHERE seen.completed) AS trained,
        count(*) FILTER (WHERE seen.completed AND h.asked) AS people_asked,
        count(*) FILTER (WHERE seen.completed AND h.answered) AS people_heard,
        count(*) FILTER (WHERE seen.completed AND h.complete) AS people_complete,
        count(t.pre) AS pre_n, avg(t.pre) AS pre, count(t.post) AS post_n, avg(t.post) AS post,
        count(*) FILTER (WHERE t.pre IS NOT NULL AND t.post IS NOT NULL) AS paired_n,
        avg(t.pre) FILTER (WHERE t.post IS NOT NULL) AS paired_pre,
        avg(t.post) FILTER (WHERE t.pre IS NOT NULL) AS paired_post
    FROM seen JOIN runs r USING (run_id) LEFT JOIN tested t USING (enrollment_id)
        LEFT JOIN heard h USING (enrollment_id)
    GROUP BY r.run_id ORDER BY r.ends_on DESC, r.run_code"""  # noqa: S608 - our own parts
)
# Counts say who was asked and who answered; what was answered is told in whole cells alone.
_LANES = text(
    f"""{_SEEN},
    cells AS (
        SELECT c.run_id, c.instrument_code, c.role,
            sum(c.answers) FILTER (WHERE c.measure = 'score') AS score_n,
            sum(c.total) FILTER (WHERE c.measure = 'score') AS score,
            sum(c.answers) FILTER (WHERE c.measure = 'change') AS change_n,
            sum(c.total) FILTER (WHERE c.measure = 'change') AS change
        FROM answer_cells c JOIN runs r USING (run_id)
        WHERE (:all_runs OR c.run_id = ANY (CAST(:runs AS uuid[])))
            AND {enrolments_within("c.agency_code", "r", "c")}
        GROUP BY c.run_id, c.instrument_code, c.role),
    lanes AS (
    SELECT t.run_id, t.level, t.method, t.role, t.baseline, t.instrument_code,
        count(*) FILTER (WHERE t.opened) AS asked, count(*) FILTER (WHERE t.state = 'answered') AS answered,
        count(*) FILTER (WHERE t.state = 'open') AS waiting,
        count(*) FILTER (WHERE t.state = 'planned') AS planned,
        count(*) FILTER (WHERE t.state IN ('unassigned', 'lapsed')
            OR (t.state = 'planned' AND t.respondent_id IS NULL)) AS without,
        min(t.opens_on) FILTER (WHERE t.state = 'planned') AS next_on
    FROM seen JOIN tasks t USING (enrollment_id)
    WHERE t.state <> 'withdrawn'
    GROUP BY t.run_id, t.level, t.method, t.role, t.baseline, t.instrument_code)
    SELECT lanes.*, coalesce(score_n, 0) AS score_n, score / score_n AS score, coalesce(change_n, 0) AS change_n,
        change / change_n AS change
    FROM lanes LEFT JOIN cells USING (run_id, instrument_code, role)
    ORDER BY run_id, level, baseline DESC, method, role, instrument_code"""  # noqa: S608 - our own parts
)
_LAST = text(
    """SELECT run_id, facts FROM publications WHERE run_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY run_id FOR UPDATE"""
)
_PUBLISH = text(
    """INSERT INTO publications (run_id, as_of, facts)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[]), CAST(:facts AS jsonb[])) ORDER BY 1
    ON CONFLICT (run_id) DO UPDATE SET as_of = excluded.as_of, facts = excluded.facts"""
)
_TOLD_ON = text("SELECT run_id FROM publications WHERE run_id = ANY (CAST(:ids AS uuid[])) AND as_of = :day")
_DATED = {"as_of"}


async def load_outcomes(
    session: AsyncSession, reach: Reach, runs: Iterable[UUID] | None = None
) -> list[Outcome]:
    """Figures of runs with enrolments in reach, the latest first; of `runs` only, if given."""
    values = {
        **reach.parameters,
        "all_runs": runs is None,
        "runs": sorted(runs or ()),
    }
    lanes: dict[UUID, list[Lane]] = {}
    for row in await session.execute(_LANES, values):
        lanes.setdefault(row.run_id, []).append(_lane(row))
    found = await session.execute(_RUNS, values)
    return [_outcome(row, lanes.get(row.run_id, ())) for row in found]


def _lane(row: Any) -> Lane:
    names = ("level", "method", "role", "baseline", "instrument_code")
    counts = ("asked", "answered", "waiting", "planned", "without")
    return Lane(
        **{name: getattr(row, name) for name in (*names, *counts)},
        score=_mean(row.score_n, row.score),
        change=_mean(row.change_n, row.change),
        next_on=row.next_on,
    )


def _outcome(row: Any, lanes: Sequence[Lane]) -> Outcome:
    names = ("run_id", "run_code", "programme_name", "organiser", "starts_on", "ends_on", "cancelled")
    counts = ("enrolled", "trained", "people_asked", "people_heard", "people_complete")
    return Outcome(
        **{name: getattr(row, name) for name in (*names, *counts)},
        pre=_mean(row.pre_n, row.pre),
        post=_mean(row.post_n, row.post),
        paired_pre=_mean(row.paired_n, row.paired_pre),
        paired_post=_mean(row.paired_n, row.paired_post),
        lanes=tuple(lanes),
    )


def _mean(n: int, value: Any) -> Mean:
    return Mean(n, float(value) if value is not None else None)


async def publish(
    session: AsyncSession, outcomes: Sequence[EvaluationPublished]
) -> list[EvaluationPublished]:
    """Keep what is told of runs; returns those that say anything new."""
    ids = [outcome.run_id for outcome in outcomes]
    last = {row.run_id: _facts(row.facts) for row in await session.execute(_LAST, {"ids": ids})}
    new = [o for o in outcomes if o.model_dump(mode="json", exclude=_DATED) != last.get(o.run_id)]
    if new:
        days: list[date] = [o.as_of for o in new]
        facts = [o.model_dump_json(exclude=_DATED) for o in new]
        await session.execute(_PUBLISH, {"ids": [o.run_id for o in new], "days": days, "facts": facts})
    return new


def _facts(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored


async def schedule_publication(session: AsyncSession, runs: Iterable[UUID], after: datetime) -> None:
    """Call for telling the figures of runs that changed at `after`; calling again before that changes nothing."""
    await due.add(session, publications(runs, after))


def publications(runs: Iterable[UUID], after: datetime) -> list[DueItem]:
    """The work that `schedule_publication` calls for."""
    at = next_publication(after.astimezone(clock.ZONE))
    return [DueItem(PUBLISH, str(run_id), at) for run_id in sorted(set(runs))]


async def schedule_cells(session: AsyncSession, runs: Iterable[UUID], after: datetime) -> None:
    """Call for putting answers into cells soon; all that come within a few seconds share one call."""
    at = next_forming(after)
    await due.add(
        session, [DueItem(FORM, f"{run_id}/{int(at.timestamp())}", at) for run_id in sorted(set(runs))]
    )


async def published_on(session: AsyncSession, runs: Iterable[UUID], day: date) -> set[UUID]:
    """Which of the runs were told on a day already."""
    asked = {"ids": list(runs), "day": day}
    return set(await session.scalars(_TOLD_ON, asked))
