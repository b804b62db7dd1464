"""The ledger's table, and who reached how many JP."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, columns
from enrollment.entitlement.domain import (
    LESSON,
    Entry,
    JpYear,
    Source,
    Statement,
    entries_of,
    jp_in,
    running,
    year_of,
)

EVER = JpYear(date.min, date.max)

_LOCK_PEOPLE = text(
    """SELECT asn_id, employment, started_on, contract_ends_on FROM asn WHERE asn_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY asn_id FOR NO KEY UPDATE"""
)
_NAMES = (
    "entry_id",
    "asn_id",
    "source",
    "source_id",
    "revision",
    "minutes",
    "earned_on",
    "reason",
    "reverses",
    "import_id",
)
_ADD = text(
    """INSERT INTO jp_entries (
        entry_id, asn_id, source, source_id, revision, minutes, earned_on, reason, reverses, import_id)
    SELECT * FROM unnest(CAST(:entry_id AS uuid[]), CAST(:asn_id AS uuid[]), CAST(:source AS text[]),
        CAST(:source_id AS uuid[]), CAST(:revision AS int[]), CAST(:minutes AS int[]), CAST(:earned_on AS date[]),
        CAST(:reason AS text[]), CAST(:reverses AS uuid[]), CAST(:import_id AS uuid[])) ORDER BY 1"""
)
# What no other line takes back; there is at most one of a source.
_STANDING = text(
    f"""SELECT {", ".join(f"j.{name}" for name in _NAMES)} FROM jp_entries AS j
    WHERE j.source_id = ANY (CAST(:ids AS uuid[])) AND j.reverses IS NULL
    AND NOT EXISTS (SELECT FROM jp_entries AS back WHERE back.reverses = j.entry_id)"""  # noqa: S608 - fixed names
)
# By the year that they count in: the record that stays after two were merged has balances by the other's source.
_NEWEST = text(
    f"""SELECT DISTINCT ON (asked.asn_id, asked.year) asked.year, {", ".join(f"j.{name}" for name in _NAMES)}
    FROM unnest(CAST(:people AS uuid[]), CAST(:years AS int[])) AS asked (asn_id, year)
    JOIN jp_entries AS j ON j.asn_id = asked.asn_id AND j.source = 'opening'
        AND j.earned_on BETWEEN make_date(asked.year, 1, 1) AND make_date(asked.year, 12, 31)
    ORDER BY asked.asn_id, asked.year, j.revision DESC, j.reverses IS NULL DESC"""  # noqa: S608 - fixed names
)
_SUMS = text(
    """SELECT asked.id, coalesce(sum(j.minutes), 0) AS minutes
    FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:firsts AS date[]),
        CAST(:lasts AS date[])) AS asked (id, asn_id, first, last)
    LEFT JOIN jp_entries AS j ON j.asn_id = asked.asn_id AND j.earned_on BETWEEN asked.first AND asked.last
    GROUP BY asked.id"""
)
_LEDGER = text(
    """SELECT j.entry_id, j.source, j.source_id, j.revision, j.minutes, j.earned_on, j.reason, j.reverses,
        j.recorded_at, r.run_id, coalesce(r.run_code, '') AS run_code, coalesce(p.name, c.title, '') AS title,
        coalesce(r.organiser, c.provider, '') AS organiser,
        coalesce(e.certificate_number, c.number, '') AS certificate_number,
        coalesce(d.code, '') AS certificate_code,
        EXISTS (SELECT FROM jp_entries AS back WHERE back.reverses = j.entry_id) AS reversed
    FROM jp_entries AS j LEFT JOIN enrolments AS e ON j.source = 'completion' AND e.enrollment_id = j.source_id
    LEFT JOIN runs AS r USING (run_id) LEFT JOIN run_programmes AS p USING (run_id)
    LEFT JOIN jp_credits AS c ON j.source IN ('outside', 'conversion') AND c.credit_id = j.source_id
    LEFT JOIN certificates AS d ON d.enrollment_id = e.enrollment_id AND d.revoked_at IS NULL
    WHERE j.asn_id = :asn AND j.earned_on BETWEEN :first AND :last
    ORDER BY j.earned_on DESC, j.recorded_at DESC, j.reverses IS NULL DESC, j.entry_id LIMIT 1000"""
)
_FIRST = text("SELECT min(earned_on) FROM jp_entries WHERE asn_id = :asn")
_SCHEDULED = text(
    """SELECT coalesce(sum(r.jp), 0) FROM enrolments AS e JOIN runs AS r USING (run_id)
    WHERE e.asn_id = :asn AND e.state = 'accepted' AND r.status <> 'cancelled' AND r.concluded_on IS NULL
    AND r.ends_on BETWEEN :first AND :last"""
)
# Calendar years begun that a person's year touches, of which nobody has said that all is loaded.
_UNKNOWN = text(
    """SELECT EXISTS (SELECT FROM generate_series(CAST(:from AS int), CAST(:to AS int)) AS asked (year)
        WHERE NOT EXISTS (SELECT FROM jp_histories AS h JOIN asn USING (agency_code)
            WHERE asn.asn_id = :asn AND h.year = asked.year)
        AND NOT EXISTS (SELECT FROM jp_entries AS j WHERE j.asn_id = :asn AND j.source = 'opening'
            AND j.earned_on BETWEEN make_date(asked.year, 1, 1) AND make_date(asked.year, 12, 31)))"""
)


class Line(NamedTuple):
    """A line of a person's ledger, with where it comes from; `reversed` by a later line, or itself reversing one."""

    entry_id: UUID
    source: Source
    source_id: UUID
    revision: int
    minutes: int
    earned_on: date
    reason: str
    reverses: UUID | None
    recorded_at: datetime
    run_id: UUID | None
    run_code: str
    title: str
    organiser: str
    certificate_number: str
    certificate_code: str
    reversed: bool

    @property
    def jp(self) -> float:
        """Its JP, below nothing for a reversal; parts of a JP too."""
        return self.minutes / LESSON


@dataclass(frozen=True)
class Standing:
    """A person's JP in one year: earned, and scheduled in accepted runs that end within it.

    `known`: their agency says that nothing of it is missing, or has loaded their own balance; else JP may be more.
    """

    year: JpYear
    earned: int
    scheduled: int
    known: bool = True


async def record(session: AsyncSession, stated: Sequence[Statement]) -> dict[UUID, int]:
    """Write what sources are worth now, at most one statement of each; returns the whole JP of each one's year then.

    Nothing that was written is changed: a correction takes back what stood and adds what holds. Statements of one
    person count one after the other: a later one of the same call is not yet in an earlier one's sum.
    """
    if not stated:
        return {}
    people = await _hold_people(session, {one.asn_id for one in stated})
    standing = await load_standing_entries(session, [one.source_id for one in stated if one.revision > 1])
    entries = [entry for one in stated for entry in entries_of(one, standing.get(one.source_id))]
    if entries:
        await session.execute(_ADD, columns(entries, *_NAMES))
    counted = [one for one in stated if one.earned_on]
    years = {one.source_id: _year(one, people) for one in counted}
    sums = await load_minutes(session, {one.source_id: one.asn_id for one in counted}, years)
    several = _of_several(stated)
    ours = {one.source_id for one in several}
    found = sums | running(several, [e for e in entries if e.source_id in ours], years, sums)
    return {source_id: jp_in(minutes) for source_id, minutes in found.items()}


Employed = Mapping[UUID, tuple[str, date | None, date | None]]


async def load_standing_entries(session: AsyncSession, source_ids: Sequence[UUID]) -> dict[UUID, Entry]:
    """What counts of sources, by source."""
    if not source_ids:
        return {}
    rows = await session.execute(_STANDING, {"ids": source_ids})
    return {row.source_id: Entry(*row) for row in rows}


async def load_newest_openings(
    session: AsyncSession, asked: Collection[tuple[UUID, int]]
) -> dict[tuple[UUID, int], Entry]:
    """The last line about balances, by person and year; one that only takes another back where nothing stands."""
    values = {"people": [asn_id for asn_id, _ in asked], "years": [year for _, year in asked]}
    rows = await session.execute(_NEWEST, values)
    return {(row.asn_id, row.year): Entry(*row[1:]) for row in rows}


async def load_minutes(
    session: AsyncSession, people: Mapping[UUID, UUID], years: Mapping[UUID, JpYear]
) -> dict[UUID, int]:
    """Minutes in years of people, by whatever they are asked by."""
    if not people:
        return {}
    rows = await session.execute(
        _SUMS,
        {
            "ids": list(people),
            "people": list(people.values()),
            "firsts": [years[id_].first for id_ in people],
            "lasts": [years[id_].last for id_ in people],
        },
    )
    return {row.id: row.minutes for row in rows}


async def _hold_people(session: AsyncSession, ids: Iterable[UUID]) -> Employed:
    """Two completions of one person are summed one after the other."""
    rows = await session.execute(_LOCK_PEOPLE, {"ids": sorted(ids)})
    return {row.asn_id: (row.employment, row.started_on, row.contract_ends_on) for row in rows}


def _of_several(stated: Sequence[Statement]) -> list[Statement]:
    """Statements of people who have more than one."""
    many = {asn for asn, n in Counter(one.asn_id for one in stated).items() if n > 1}
    return [one for one in stated if one.asn_id in many]


def _year(stated: Statement, people: Employed) -> JpYear:
    assert stated.earned_on is not None
    employment, started_on, ends_on = people.get(stated.asn_id, ("PNS", None, None))
    return year_of(employment, started_on, stated.earned_on, ends_on)


async def load_ledger(session: AsyncSession, asn_id: UUID, year: JpYear = EVER) -> list[Line]:
    """A person's lines of a year, the latest first."""
    values = {"asn": asn_id, "first": year.first, "last": year.last}
    return [Line(*row) for row in await session.execute(_LEDGER, values)]


async def first_year(session: AsyncSession, asn_id: UUID) -> int | None:
    """The calendar year of a person's first line."""
    found: date | None = await session.scalar(_FIRST, {"asn": asn_id})
    return found.year if found else None


async def load_standing(session: AsyncSession, asn_id: UUID, year: JpYear) -> Standing:
    """Earned and scheduled JP of a person in a year."""
    minutes = (await load_minutes(session, {asn_id: asn_id}, {asn_id: year}))[asn_id]
    scheduled = await session.scalar(_SCHEDULED, {"asn": asn_id, "first": year.first, "last": year.last})
    years = {"asn": asn_id, "from": year.first.year, "to": min(year.last, clock.today()).year}
    known = not await session.scalar(_UNKNOWN, years)
    return Standing(year, jp_in(minutes), scheduled or 0, known)
