"""The ledger's table and what is counted from it."""

from enrollment.entitlement.domain import Entry
from enrollment.entitlement.store.floors import load_below_floor
from enrollment.entitlement.store.forecasts import Forecast, load_forecast
from enrollment.entitlement.store.histories import History, declare, load_history, withdraw
from enrollment.entitlement.store.ledger import (
    Line,
    Standing,
    first_year,
    load_ledger,
    load_newest_openings,
    load_standing,
    record,
)
from enrollment.entitlement.store.shares import (
    Behind,
    Contracts,
    Share,
    load_contracts,
    load_shares,
    load_shares_of_agencies,
    people_behind,
)

__all__ = [
    "Behind",
    "Contracts",
    "Entry",
    "Forecast",
    "History",
    "Line",
    "Share",
    "Standing",
    "declare",
    "first_year",
    "load_below_floor",
    "load_contracts",
    "load_forecast",
    "load_history",
    "load_ledger",
    "load_newest_openings",
    "load_shares",
    "load_shares_of_agencies",
    "load_standing",
    "people_behind",
    "record",
    "withdraw",
]
