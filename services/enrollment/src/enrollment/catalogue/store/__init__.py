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
from enrollment.catalogue.store.sessions import (
    add_sessions,
    attended_sessions,
    find_session,
    load_sessions,
    remove_sessions,
)

__all__ = [
    "RunFilter",
    "add_programmes",
    "add_runs",
    "add_sessions",
    "attended_sessions",
    "change_run",
    "find_run",
    "find_session",
    "hold_catalogue",
    "load_choices",
    "load_programmes",
    "load_runs",
    "load_runs_by_code",
    "load_sessions",
    "mark_cancelled",
    "mark_concluded",
    "page_of_runs",
    "remove_sessions",
    "runs_found",
]
