"""The rules of balances of JP that need the register: whose they are, and whether their year has begun."""

from datetime import date
from typing import NamedTuple

from enrollment.entitlement.domain import year_named
from enrollment.imports.claims import BalanceClaim
from enrollment.imports.problems import Problem, error
from enrollment.imports.register_rules import PersonFact, Scope, person_error


class Employed(NamedTuple):
    """Where a person is employed, and what the years of their JP are told by."""

    agency_code: str
    employment: str
    started_on: date | None
    contract_ends_on: date | None


def first_day(year: int, employed: Employed | None) -> date:
    """The day by which a balance counts in the year that is meant: a PPPK's contract year that begins in it."""
    if employed is None:
        return date(year, 1, 1)
    return year_named(employed.employment, employed.started_on, employed.contract_ends_on, year).first


def balance_errors(
    claim: BalanceClaim, scope: Scope, *, employed: Employed | None, on: date
) -> tuple[Problem, ...]:
    """nip.unknown, nip.other_agency; date.future where the contract year that begins in that year has not."""
    who = person_error(claim.nip, scope, PersonFact(employed.agency_code) if employed else None)
    if who or claim.year is None or employed is None:
        return (who,) if who else ()
    return (error("Tahun", "date.future"),) if first_day(claim.year, employed) > on else ()
