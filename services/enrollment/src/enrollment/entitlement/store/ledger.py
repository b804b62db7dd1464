"""The ledger's table, and who reached how many JP."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from enrollment.entitlement.domain import Entry, JpYear, running, year_of

_LOCK_PEOPLE = text(
    """SELECT asn_id, employment, started_on FROM asn WHERE asn_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY asn_id FOR NO KEY UPDATE"""
)
_ADD = text(
    """INSERT INTO jp_entries (enrollment_id, asn_id, run_id, jp, earned_on)
    SELECT * FROM unnest(CAST(:enrollment_id AS uuid[]), CAST(:asn_id AS uuid[]), CAST(:run_id AS uuid[]),
        CAST(:jp AS int[]), CAST(:earned_on AS date[])) ORDER BY 1
    ON CONFLICT (enrollment_id) DO UPDATE SET jp = excluded.jp, earned_on = excluded.earned_on,
        recorded_at = now()"""
)
_OLD = text(
    "SELECT enrollment_id, jp, earned_on FROM jp_entries WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))"
)
_REMOVE = text("DELETE FROM jp_entries WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))")
_SUMS = text(
    """SELECT asked.id, coalesce(sum(j.jp), 0) AS jp
    FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:firsts AS date[]),
        CAST(:lasts AS date[])) AS asked (id, asn_id, first, last)
    LEFT JOIN jp_entries AS j ON j.asn_id = asked.asn_id AND j.earned_on BETWEEN asked.first AND asked.last
    GROUP BY asked.id"""
)
_LEDGER = text(
    """SELECT j.enrollment_id, j.run_id, j.jp, j.earned_on, r.run_code, p.name AS programme_name, p.kind,
        r.organiser, e.certificate_number, coalesce(c.code, '') AS certificate_code
    FROM jp_entries AS j JOIN runs AS r USING (run_id) JOIN programmes AS p USING (programme_code)
    JOIN enrolments AS e USING (enrollment_id)
    LEFT JOIN certificates AS c ON c.enrollment_id = e.enrollment_id AND c.revoked_at IS NULL
    WHERE j.asn_id = :asn ORDER BY j.earned_on DESC, j.enrollment_id LIMIT 1000"""
)
_SCHEDULED = text(
    """SELECT coalesce(sum(r.jp), 0) FROM enrolments AS e JOIN runs AS r USING (run_id)
    WHERE e.asn_id = :asn AND e.state = 'accepted' AND r.status <> 'cancelled' AND r.concluded_on IS NULL
    AND r.ends_on BETWEEN :first AND :last"""
)


class Line(NamedTuple):
    """A line of a person's ledger, with where it comes from."""

    enrollment_id: UUID
    run_id: UUID
    jp: int
    earned_on: date
    run_code: str
    programme_name: str
    kind: str
    organiser: str
    certificate_number: str
    certificate_code: str


@dataclass(frozen=True)
class Standing:
    """A person's JP in one year: earned, and scheduled in accepted runs that end within it."""

    year: JpYear
    earned: int
    scheduled: int


async def record(
    session: AsyncSession, entries: Sequence[Entry], removed: Iterable[UUID] = ()
) -> dict[UUID, int]:
    """Write and remove lines; returns each written line's sum of its person's year, itself included.

    Lines of one person count one after the other: a later one of the same call is not yet in an earlier one's sum.
    """
    if gone := list(removed):
        await session.execute(_REMOVE, {"ids": gone})
    if not entries:
        return {}
    people = await _hold_people(session, {entry.asn_id for entry in entries})
    several = _of_several(entries)
    old = await _load_old(session, several)
    await session.execute(_ADD, columns(entries, "enrollment_id", "asn_id", "run_id", "jp", "earned_on"))
    years = [_year(entry, people) for entry in entries]
    rows = await session.execute(
        _SUMS,
        {
            "ids": [entry.enrollment_id for entry in entries],
            "people": [entry.asn_id for entry in entries],
            "firsts": [year.first for year in years],
            "lasts": [year.last for year in years],
        },
    )
    sums = {row.id: row.jp for row in rows}
    windows = {entry.enrollment_id: year for entry, year in zip(entries, years, strict=True)}
    return running(several, old, windows, sums)


Earned = tuple[int, date]
"""(jp, earned_on)"""
Employed = Mapping[UUID, tuple[str, date | None]]


async def _hold_people(session: AsyncSession, ids: Iterable[UUID]) -> Employed:
    """Two completions of one person are summed one after the other."""
    rows = await session.execute(_LOCK_PEOPLE, {"ids": sorted(ids)})
    return {row.asn_id: (row.employment, row.started_on) for row in rows}


def _of_several(entries: Sequence[Entry]) -> list[Entry]:
    """Lines of people who have more than one."""
    many = {asn for asn, n in Counter(entry.asn_id for entry in entries).items() if n > 1}
    return [entry for entry in entries if entry.asn_id in many]


async def _load_old(session: AsyncSession, entries: Sequence[Entry]) -> dict[UUID, Earned]:
    """What lines say before they are replaced."""
    if not entries:
        return {}
    rows = await session.execute(_OLD, {"ids": [entry.enrollment_id for entry in entries]})
    return {row.enrollment_id: (row.jp, row.earned_on) for row in rows}


def _year(entry: Entry, people: Employed) -> JpYear:
    employment, started_on = people.get(entry.asn_id, ("PNS", None))
    return year_of(employment, started_on, entry.earned_on)


async def load_ledger(session: AsyncSession, asn_id: UUID) -> list[Line]:
    """A person's lines, the latest first."""
    return [Line(*row) for row in await session.execute(_LEDGER, {"asn": asn_id})]


async def load_standing(session: AsyncSession, asn_id: UUID, year: JpYear) -> Standing:
    """Earned and scheduled JP of a person in a year."""
    values = {"ids": [asn_id], "people": [asn_id], "firsts": [year.first], "lasts": [year.last]}
    earned = (await session.execute(_SUMS, values)).one().jp
    scheduled = await session.scalar(_SCHEDULED, {"asn": asn_id, "first": year.first, "last": year.last})
    return Standing(year, earned, scheduled or 0)
