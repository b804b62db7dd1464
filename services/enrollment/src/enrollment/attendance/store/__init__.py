"""Marks of attendance, and lists of them."""

from enrollment.attendance.store.lists import Attender, Kept, attenders_of, load_attenders, reporters_of
from enrollment.attendance.store.marks import (
    Open,
    count_marks,
    find_device,
    flag_shared,
    load_marks,
    load_open_sessions,
    load_tallies,
    save_marks,
    unmarked,
)

__all__ = [
    "Attender",
    "Kept",
    "Open",
    "attenders_of",
    "count_marks",
    "find_device",
    "flag_shared",
    "load_attenders",
    "load_marks",
    "load_open_sessions",
    "load_tallies",
    "reporters_of",
    "save_marks",
    "unmarked",
]
