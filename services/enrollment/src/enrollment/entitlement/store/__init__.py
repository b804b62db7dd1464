"""The ledger's table and what is counted from it."""

from enrollment.entitlement.store.ledger import Line, Standing, load_ledger, load_standing, record
from enrollment.entitlement.store.shares import (
    Behind,
    Share,
    load_over_ceiling,
    load_shares,
    load_shares_of_agencies,
    people_behind,
)

__all__ = [
    "Behind",
    "Line",
    "Share",
    "Standing",
    "load_ledger",
    "load_over_ceiling",
    "load_shares",
    "load_shares_of_agencies",
    "load_standing",
    "people_behind",
    "record",
]
