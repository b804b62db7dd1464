"""Who of people has not reached the floor of the year that a day lies in, as the ledger stands.

For whom there is a floor, and of what year, the dated rules say: PNS of the calendar year; no CPNS, and no PPPK, whose
rule is a ceiling. JP that nobody has entered yet are not there.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.entitlement.domain import jp_in, rule_for, year_of
from enrollment.entitlement.store.ledger import load_minutes

_EMPLOYED = text(
    """SELECT asn_id, employment, appointment, started_on, contract_ends_on FROM asn
    WHERE asn_id = ANY (CAST(:ids AS uuid[]))"""
)


async def load_below_floor(session: AsyncSession, ids: Iterable[UUID], day: date) -> set[UUID]:
    """Those of these people for whom a floor holds on a day and whose whole JP of that year are below it."""
    rows = await session.execute(_EMPLOYED, {"ids": sorted(set(ids))})
    people = {row.asn_id: row for row in rows}
    rules = {id_: rule_for(one.employment, day, one.appointment) for id_, one in people.items()}
    years = {
        id_: year_of(one.employment, one.started_on, day, one.contract_ends_on)
        for id_, one in people.items()
        if rules[id_].kind == "floor"
    }
    minutes = await load_minutes(session, {id_: id_ for id_ in years}, years)
    return {id_ for id_ in years if jp_in(minutes[id_]) < rules[id_].jp}
