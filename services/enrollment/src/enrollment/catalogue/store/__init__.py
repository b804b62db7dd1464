"""The catalogue's tables and queries."""

from enrollment.catalogue.store.programmes import add_programmes, load_programmes
from enrollment.catalogue.store.runs import (
    RunFilter,
    add_runs,
    change_run,
    find_run,
    hold_catalogue,
    load_choices,
    load_runs,
    load_runs_by_code,
    mark_cancelled,
    mark_concluded,
    page_of_runs,
    runs_found,
)

__all__ = [
    "RunFilter",
    "add_programmes",
    "add_runs",
    "change_run",
    "find_run",
    "hold_catalogue",
    "load_choices",
    "load_programmes",
    "load_runs",
    "load_runs_by_code",
    "mark_cancelled",
    "mark_concluded",
    "page_of_runs",
    "runs_found",
]
