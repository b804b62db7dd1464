"""Seats held back for groups: how many are taken, who belongs to which group, who waits for one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.catalogue import store as catalogue
from enrollment.catalogue.admission import BELOW_FLOOR
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain.enrolment import SEATED
from enrollment.enrolments.domain.pools import ANYBODYS, Candidate, Groups, Pools, pools_of
from enrollment.enrolments.store.states import SELECTED, enrolment_of
from enrollment.entitlement.store import load_below_floor

# What the register knows of somebody now; PNS of golongan I and II are written I/a to II/d. `below`: who of those asked
# about has not reached the floor of the year, which the ledger knows.
_GROUPS = """array_remove(ARRAY[CASE WHEN units.remote THEN 'remote' END,
    CASE asn.gender WHEN 'P' THEN 'women' WHEN 'L' THEN 'men' END,
    CASE WHEN asn.grade ~ '^(I|II)/' THEN 'junior' END,
    CASE WHEN asn.asn_id = ANY (CAST(:below AS uuid[])) THEN 'below_floor' END, 'agency:' || asn.agency_code], NULL)"""
_OF_PEOPLE = text(
    f"SELECT asn.asn_id, {_GROUPS} AS groups FROM asn LEFT JOIN units USING (unit_id) WHERE asn_id = ANY (CAST(:ids AS uuid[]))"  # noqa: S608 - our own words
)
_WAITING = text(
    """SELECT DISTINCT asn_id FROM enrolments
    WHERE run_id = ANY (CAST(:runs AS uuid[])) AND state = 'waitlisted'"""
)
_TAKEN = text(
    """SELECT run_id, pool, count(*) AS taken FROM enrolments
    WHERE run_id = ANY (CAST(:ids AS uuid[])) AND pool <> '' AND state = ANY (CAST(:seated AS text[])) GROUP BY 1, 2"""
)
_HOLDING = text(
    """SELECT run_id FROM runs WHERE run_id = ANY (CAST(:ids AS uuid[])) AND status = 'open' AND ends_on >= :on
    AND admission ->> 'held_until' >= CAST(CAST(:on AS date) AS text)"""
)
# Of each pool so many as there are seats at most: whoever gets one is among these.
_CANDIDATES = text(
    f"""SELECT DISTINCT ON (e.run_id, e.ticket) {SELECTED}, e.groups
    FROM unnest(CAST(:runs AS uuid[]), CAST(:pools AS text[]), CAST(:seats AS int[])) AS free (run_id, pool, seats)
    CROSS JOIN LATERAL (SELECT w.*, coalesce({_GROUPS}, '{{}}') AS groups
        FROM enrolments AS w LEFT JOIN asn USING (asn_id) LEFT JOIN units USING (unit_id)
        WHERE w.run_id = free.run_id AND w.state = 'waitlisted'
            AND (free.pool = '' OR free.pool = ANY ({_GROUPS})) ORDER BY w.ticket LIMIT free.seats) AS e
    ORDER BY e.run_id, e.ticket"""  # noqa: S608 - our own words
)


async def load_pools(session: AsyncSession, runs: Iterable[Run], on: date) -> dict[UUID, Pools]:
    """Free seats of those of these runs that hold seats back on a day; the runs' seats are held, or it is for show."""
    holding = [run for run in runs if run.admission.holds_on(on)]
    if not holding:
        return {}
    taken: dict[UUID, dict[str, int]] = {}
    values = {"ids": [run.run_id for run in holding], "seated": sorted(SEATED)}
    for row in await session.execute(_TAKEN, values):
        taken.setdefault(row.run_id, {})[row.pool] = row.taken
    return pools_of(holding, taken, on)


async def load_groups(
    session: AsyncSession, ids: Iterable[UUID], pools: Mapping[UUID, Pools], on: date
) -> dict[UUID, Groups]:
    """The groups of people by id, as far as these pools ask; unknown people are left out."""
    asked = sorted(set(ids)) if pools else []
    if not asked:
        return {}
    below = await load_below_floor(session, asked, on) if _ask_the_ledger(pools) else set()
    rows = await session.execute(_OF_PEOPLE, {"ids": asked, "below": sorted(below)})
    return {row.asn_id: frozenset(row.groups) for row in rows}


async def load_groups_of(session: AsyncSession, asn_id: UUID | None, on: date) -> frozenset[str]:
    """All groups of one person on a day; none of nobody."""
    if asn_id is None:
        return frozenset()
    below = sorted(await load_below_floor(session, [asn_id], on))
    rows = await session.execute(_OF_PEOPLE, {"ids": [asn_id], "below": below})
    return frozenset(group for row in rows for group in row.groups)


async def load_holding(session: AsyncSession, ids: Sequence[UUID], on: date) -> dict[UUID, Pools]:
    """Free seats of those of these runs that still take people and hold seats back on a day."""
    found = list(await session.scalars(_HOLDING, {"ids": list(ids), "on": on}))
    return (
        await load_pools(session, (await catalogue.load_runs(session, found)).values(), on) if found else {}
    )


def _ask_the_ledger(pools: Mapping[UUID, Pools]) -> bool:
    """Whether any of these holds seats for who has not reached the year's floor."""
    return any(one.holds(BELOW_FLOOR) for one in pools.values())


async def load_candidates(
    session: AsyncSession, pools: Mapping[UUID, Pools], on: date
) -> dict[UUID, list[Candidate]]:
    """Who may get a free seat, by run, the longest waiting first."""
    rows = [
        (run_id, group, free)
        for run_id, one in pools.items()
        if (free := one.anybodys + sum(one.held.values()))
        for group in (*one.held, *((ANYBODYS,) if one.anybodys else ()))
    ]
    if not rows:
        return {}
    runs, groups, seats = zip(*rows, strict=True)
    waiting: Iterable[UUID] = ()
    if _ask_the_ledger(pools):
        waiting = await session.scalars(_WAITING, {"runs": list(set(runs))})
    below = sorted(await load_below_floor(session, waiting, on))
    values = {"runs": list(runs), "pools": list(groups), "seats": list(seats), "below": below}
    found: dict[UUID, list[Candidate]] = {}
    for row in await session.execute(_CANDIDATES, values):
        found.setdefault(row.run_id, []).append(Candidate(enrolment_of(row), frozenset(row.groups)))
    return found
