"""Counts of what agencies sent, in the transaction that decided it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from enrollment.integration.domain import KEPT, OTHER, OUTCOMES, Answer, Refusal, Sum, Way, tallied

_ADDED = """ON CONFLICT (agency_code, day, way, outcome, code, part) DO UPDATE
    SET count = t.count + excluded.count, last_at = excluded.last_at, example = excluded.example"""
_COUNT = text(
    f"""INSERT INTO agency_tallies AS t (agency_code, day, way, outcome, code, part, count, last_at, example)
    SELECT n.agency_code, :day, :way, n.outcome, n.code, pg_backend_pid(), n.count, :now, n.example
    FROM unnest(CAST(:agencies AS text[]), CAST(:outcomes AS text[]), CAST(:codes AS text[]),
        CAST(:counts AS bigint[]), CAST(:examples AS text[])) AS n (agency_code, outcome, code, count, example)
    ORDER BY 1, 4, 5 {_ADDED}"""  # noqa: S608 - fixed parts
)
# What a file's check refused is sent with its confirmation: until then nothing was.
_COUNT_CHECKED = text(
    f"""INSERT INTO agency_tallies AS t (agency_code, day, way, outcome, code, part, count, last_at, example)
    SELECT :agency, :day, 'file', 'refused', coalesce(jsonb_path_query_first(r.problems,
            '$[*] ? (@.severity == "error").code') #>> '{{}}', :other) AS code,
        pg_backend_pid(), count(*), :now, r.import_id || '/' || max(r.row)
    FROM import_rows AS r WHERE r.import_id = :id AND r.effect = 'refused' GROUP BY r.import_id, 5 ORDER BY 5 {_ADDED}"""  # noqa: S608 - fixed parts
)
_FORGET = text("DELETE FROM agency_tallies WHERE day < :before")
_SUMS = ", ".join(
    f"coalesce(sum(count) FILTER (WHERE outcome = '{one}'), 0)::bigint AS {one}" for one in OUTCOMES
)
_DAYS = text(
    f"""SELECT day, {_SUMS} FROM agency_tallies
    WHERE agency_code = :agency AND day >= :since GROUP BY day ORDER BY day"""  # noqa: S608 - fixed parts
)
_WAYS = text(
    f"""SELECT way, max(last_at) AS last_at, {_SUMS} FROM agency_tallies
    WHERE agency_code = :agency AND day >= :since GROUP BY way"""  # noqa: S608 - fixed parts
)
_LAST = text(
    "SELECT way, max(last_at) AS last_at FROM agency_tallies WHERE agency_code = :agency GROUP BY way"
)
_REFUSALS = text(
    """SELECT code, sum(count)::bigint AS count, max(last_at) AS last_at,
        (array_agg(way ORDER BY last_at DESC))[1] AS way, (array_agg(example ORDER BY last_at DESC))[1] AS example
    FROM agency_tallies WHERE agency_code = :agency AND day >= :since AND outcome = 'refused'
    GROUP BY code ORDER BY 2 DESC, 1"""
)
_OVERVIEW = text(
    f"""SELECT a.agency_code, a.name, a.sandbox, max(t.last_at) AS last_at, {_SUMS},
        max(t.last_at) FILTER (WHERE t.way = 'topic') AS topic, max(t.last_at) FILTER (WHERE t.way = 'http') AS http,
        max(t.last_at) FILTER (WHERE t.way = 'file') AS file
    FROM agencies AS a LEFT JOIN agency_tallies AS t ON t.agency_code = a.agency_code AND t.day >= :since
    GROUP BY a.agency_code, a.name, a.sandbox ORDER BY a.name, a.agency_code"""  # noqa: S608 - fixed parts
)


class Came(NamedTuple):
    """What came one way in the days that are shown; `last_at` ever."""

    way: str
    last_at: datetime | None
    sum: Sum


class Publisher(NamedTuple):
    """An agency beside others; when something last came each way in the days that are shown."""

    agency_code: str
    name: str
    last_at: datetime | None
    sum: Sum
    topic: datetime | None
    http: datetime | None
    file: datetime | None
    sandbox: bool = False


async def count(session: AsyncSession, way: Way, answers: Iterable[Answer]) -> None:
    """Count what was answered, with the decisions themselves: one statement, however many they are."""
    found = tallied(answers)
    if not found:
        return
    columns = {
        "agencies": [one.agency_code for one in found],
        "outcomes": [one.outcome for one in found],
        "codes": [one.code for one in found],
        "counts": [one.messages for one in found],
        "examples": [one.example for one in found],
    }
    await session.execute(_COUNT, {"day": clock.today(), "now": clock.now(), "way": way, **columns})


async def count_checked(session: AsyncSession, agency: str, import_id: UUID) -> None:
    """Count the rows that a confirmed file's check refused."""
    values = {"agency": agency, "id": import_id, "day": clock.today(), "now": clock.now(), "other": OTHER}
    await session.execute(_COUNT_CHECKED, values)


async def forget_old(session: AsyncSession) -> None:
    """Let go of counts past their time."""
    await session.execute(_FORGET, {"before": clock.today() - KEPT})


async def load_days(session: AsyncSession, agency: str, since: date) -> dict[date, Sum]:
    """What came on each day on which anything came."""
    rows = await session.execute(_DAYS, {"agency": agency, "since": since})
    return {row.day: Sum(*row) for row in rows}


async def load_ways(session: AsyncSession, agency: str, since: date) -> dict[str, Came]:
    """What came each way that an agency ever took."""
    last = {row.way: row.last_at for row in await session.execute(_LAST, {"agency": agency})}
    rows = await session.execute(_WAYS, {"agency": agency, "since": since})
    sums = {row.way: _sum(row, since) for row in rows}
    return {way: Came(way, at, sums.get(way, Sum(since))) for way, at in last.items()}


async def load_refusals(session: AsyncSession, agency: str, since: date) -> list[Refusal]:
    """Why messages were refused, the most frequent reason first."""
    rows = await session.execute(_REFUSALS, {"agency": agency, "since": since})
    return [Refusal(*row) for row in rows]


async def load_publishers(session: AsyncSession, since: date) -> Sequence[Publisher]:
    """Every agency, also those of which nothing came."""
    rows = await session.execute(_OVERVIEW, {"since": since})
    return [
        Publisher(
            row.agency_code,
            row.name,
            row.last_at,
            _sum(row, since),
            row.topic,
            row.http,
            row.file,
            row.sandbox,
        )
        for row in rows
    ]


def _sum(row: object, day: date) -> Sum:
    return Sum(day, *(getattr(row, name) for name in OUTCOMES))
