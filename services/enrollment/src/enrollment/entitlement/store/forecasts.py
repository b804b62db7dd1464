"""Month by month: who reaches the floor, by what is recorded and by what is scheduled besides."""

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from enrollment.entitlement.domain import LESSON, calendar_year, rule_for
from enrollment.entitlement.store.shares import MUST
from enrollment.scope import PEOPLE

# What moves a person's sum, by month; then in which months somebody comes to have enough, or no longer has (a reversal).
_STEPS = text(
    f"""WITH people AS (
        SELECT asn.asn_id FROM asn LEFT JOIN units USING (unit_id) WHERE {MUST} AND {PEOPLE}),
    moved AS (
        SELECT j.asn_id, extract(month FROM j.earned_on) AS month, j.minutes, 0 AS planned
        FROM people JOIN jp_entries AS j USING (asn_id) WHERE j.earned_on BETWEEN :first AND :last
        UNION ALL
        SELECT e.asn_id, extract(month FROM greatest(r.ends_on, :today)), 0, r.jp * :lesson
        FROM people JOIN enrolments AS e USING (asn_id) JOIN runs AS r USING (run_id)
        WHERE e.state = 'accepted' AND r.status <> 'cancelled' AND r.concluded_on IS NULL
        AND r.ends_on BETWEEN :first AND :last),
    months AS (
        SELECT asn_id, month, sum(minutes) AS minutes, sum(minutes + planned) AS with_planned FROM moved GROUP BY 1, 2),
    reached AS (
        SELECT asn_id, month, CAST(sum(minutes) OVER past / :lesson >= :floor AS int) AS so_far,
            CAST(sum(with_planned) OVER past / :lesson >= :floor AS int) AS with_plan
        FROM months WINDOW past AS (PARTITION BY asn_id ORDER BY month)),
    steps AS (
        SELECT month, so_far - lag(so_far, 1, 0) OVER past AS recorded,
            with_plan - lag(with_plan, 1, 0) OVER past AS expected
        FROM reached WINDOW past AS (PARTITION BY asn_id ORDER BY month))
    SELECT CAST(month AS int) AS month, sum(recorded) AS recorded, sum(expected) AS expected,
        (SELECT count(*) FROM people) AS people FROM steps GROUP BY 1
    UNION ALL SELECT 0, 0, 0, count(*) FROM people"""  # noqa: S608 - fixed parts
)


class Forecast(NamedTuple):
    """PNS, without CPNS, who have reached the floor at the end of each month of the year, January first: by what is recorded, and with
    accepted runs that end by then. Nothing else is assumed."""

    people: int
    recorded: Sequence[int]
    expected: Sequence[int]


async def load_forecast(session: AsyncSession, reach: Reach, today: date) -> Forecast:
    """The forecast of people in reach for the year of a day."""
    year = calendar_year(today.year)
    values = {
        **reach.parameters, "first": year.first, "last": year.last, "today": today, "lesson": LESSON,
        "floor": rule_for("PNS", today).jp,
    }  # fmt: skip
    rows = {row.month: row for row in await session.execute(_STEPS, values)}
    recorded, expected = (
        list(accumulate(int(getattr(rows[m], name)) if m in rows else 0 for m in range(1, 13)))
        for name in ("recorded", "expected")
    )
    return Forecast(rows[0].people, recorded, expected)
