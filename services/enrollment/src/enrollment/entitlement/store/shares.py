"""Who reached the year's floor, by agency and unit; who passed the ceiling."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from bina.web.tables import Query
from enrollment.entitlement.domain import LESSON, rule_for, year_of
from enrollment.scope import PEOPLE

MUST = "asn.employment = 'PNS' AND asn.appointment <> 'CPNS'"
"""SQL over `asn`: whom the floor is for."""

# One pass over people and their entries of the year; every unit counts its whole subtree.
_EARNED = f"""WITH earned AS (
    SELECT asn.asn_id, asn.agency_code, asn.unit_id, asn.nip, asn.name, coalesce(units.path, '{{}}') AS path,
        coalesce(sum(j.minutes), 0) / :lesson AS jp,
        h.year IS NOT NULL OR coalesce(bool_or(j.source = 'opening'), false) AS known
    FROM asn LEFT JOIN units USING (unit_id)
    LEFT JOIN jp_entries AS j ON j.asn_id = asn.asn_id AND j.earned_on BETWEEN :first AND :last
    LEFT JOIN jp_histories AS h ON h.agency_code = asn.agency_code AND h.year = :year
    WHERE {MUST} AND {PEOPLE}
    GROUP BY asn.asn_id, units.path, h.year),
scheduled AS (
    SELECT e.asn_id, sum(r.jp) AS jp FROM enrolments AS e JOIN runs AS r USING (run_id)
    WHERE e.state = 'accepted' AND r.status <> 'cancelled' AND r.concluded_on IS NULL
    AND r.ends_on BETWEEN :first AND :last GROUP BY e.asn_id),
counted AS (SELECT earned.*, coalesce(scheduled.jp, 0) AS planned FROM earned LEFT JOIN scheduled USING (asn_id))"""  # noqa: S608 - fixed parts
_COUNTS = """count(*) AS people, count(*) FILTER (WHERE jp >= :floor) AS reached,
    count(*) FILTER (WHERE jp < :floor AND jp + planned >= :floor) AS planned,
    count(*) FILTER (WHERE jp < :floor AND NOT known) AS unknown,
    count(*) FILTER (WHERE jp + planned < :floor AND known) AS missed, sum(least(jp, :floor)) AS counted_jp"""
_SHARES = text(
    f"""{_EARNED}, grouped AS (
        SELECT path[CAST(:depth AS int)] AS unit_id, {_COUNTS} FROM counted GROUP BY 1)
    SELECT g.unit_id, coalesce(units.name, '') AS name, people, reached, planned, unknown, missed, counted_jp
    FROM grouped AS g LEFT JOIN units USING (unit_id) ORDER BY units.name NULLS LAST, g.unit_id"""  # noqa: S608 - fixed parts
)
_BY_AGENCY = text(
    f"""{_EARNED}, grouped AS (SELECT agency_code, {_COUNTS} FROM counted GROUP BY 1)
    SELECT NULL AS unit_id, agencies.name, people, reached, planned, unknown, missed, counted_jp, agency_code
    FROM grouped JOIN agencies USING (agency_code) ORDER BY agency_code"""  # noqa: S608 - fixed parts
)
_BEHIND = f"""{_EARNED} SELECT asn_id, nip, counted.name, coalesce(units.name, '') AS unit_name, counted.jp, planned,
        counted.jp + planned AS expected, counted.agency_code, counted.path AS unit_path, counted.known
    FROM counted LEFT JOIN units USING (unit_id) WHERE jp < :floor"""  # noqa: S608 - fixed parts
_CONTRACTS = text(
    f"""SELECT asn.asn_id, asn.started_on, asn.contract_ends_on FROM asn LEFT JOIN units USING (unit_id)
    WHERE asn.employment = 'PPPK' AND asn.appointment <> 'paruh_waktu' AND {PEOPLE}"""  # noqa: S608 - fixed parts
)
_OVER = text(
    """SELECT count(*) FROM (
        SELECT asked.asn_id FROM unnest(CAST(:people AS uuid[]), CAST(:firsts AS date[]), CAST(:lasts AS date[]))
            AS asked (asn_id, first, last)
        JOIN jp_entries AS j ON j.asn_id = asked.asn_id AND j.earned_on BETWEEN asked.first AND asked.last
        GROUP BY asked.asn_id HAVING sum(j.minutes) / :lesson > :ceiling) AS over"""
)


class Share(NamedTuple):
    """PNS of a unit (subtree) or agency, without CPNS: how many, how many reached the floor, who will by accepted runs.

    `missed`: who will not, even so. `unknown`: how many of the others may have more JP than are recorded. `counted_jp` sums JP with at most the floor per person, so that one long programme hides nobody.
    """

    unit_id: UUID | None
    name: str
    people: int
    reached: int
    planned: int
    unknown: int
    missed: int
    counted_jp: int
    agency_code: str = ""

    @property
    def key(self) -> str:
        """What tells it from the others of its list; empty for whoever is above the units."""
        return str(self.unit_id or self.agency_code)

    @property
    def share(self) -> float:
        """Share of people who reached the floor, 0 to 1."""
        return self.reached / self.people if self.people else 0.0


class Contracts(NamedTuple):
    """PPPK of full time: how many, how many are above the ceiling of their contract year, of how many no contract is recorded."""

    people: int
    over: int
    unknown: int


class Behind(NamedTuple):
    """A PNS below the floor, with JP earned and planned this year, and `expected` of both; unless all is `known`, they
    may have more."""

    asn_id: UUID
    nip: str
    name: str
    unit_name: str
    jp: int
    planned: int
    expected: int
    agency_code: str
    unit_path: Sequence[UUID]
    known: bool


async def load_shares(session: AsyncSession, reach: Reach, day: date, *, depth: int) -> list[Share]:
    """Shares of the units at a depth of the tree (1: top units); the unit None is whoever is above them."""
    rows = await session.execute(_SHARES, {**_year(reach, day), "depth": depth})
    return [Share(*row) for row in rows]


async def load_shares_of_agencies(session: AsyncSession, reach: Reach, day: date) -> list[Share]:
    """Shares of agencies within reach."""
    return [Share(*row) for row in await session.execute(_BY_AGENCY, _year(reach, day))]


def people_behind(reach: Reach, day: date) -> Query[Behind]:
    """Who is below the floor, in an order to be asked for."""
    return Query(_BEHIND, _year(reach, day), lambda row: Behind(*row))


async def load_contracts(session: AsyncSession, reach: Reach, day: date) -> Contracts:
    """PPPK of full time within reach, each in the contract year that the day belongs to."""
    people = (await session.execute(_CONTRACTS, reach.parameters)).all()
    years = {row.asn_id: year_of("PPPK", row.started_on, day, row.contract_ends_on) for row in people}
    known = {asn_id: year for asn_id, year in years.items() if year.of_contract}
    over = await session.scalar(
        _OVER,
        {
            "people": list(known),
            "firsts": [year.first for year in known.values()],
            "lasts": [year.last for year in known.values()],
            "ceiling": rule_for("PPPK", day).jp,
            "lesson": LESSON,
        },
    )
    return Contracts(len(years), over or 0, len(years) - len(known))


def _year(reach: Reach, day: date) -> dict[str, object]:
    year = year_of("PNS", None, day)
    return {
        **reach.parameters,
        "first": year.first,
        "last": year.last,
        "year": year.first.year,
        "floor": rule_for("PNS", day).jp,
        "lesson": LESSON,
    }
