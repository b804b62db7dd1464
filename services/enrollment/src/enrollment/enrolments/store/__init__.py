"""Tables and queries of enrolments.

One discipline keeps seats exact: whoever changes enrolments of a run holds the run's `run_seats` row first, and
takes those rows in the order of their ids.
"""

from enrollment.enrolments.store.lists import (
    EnrolmentFilter,
    Listed,
    load_of_asn,
    page_of_enrolments,
    participants_of,
)
from enrollment.enrolments.store.post_tests import PostTest, add_post_tests, load_post_tests
from enrollment.enrolments.store.reports import HandedIn, hand_in, load_received, load_reports, receive
from enrollment.enrolments.store.seats import (
    count_seats,
    lock_runs,
    lock_runs_by_code,
    lock_runs_of,
    move_up,
    release_waiting,
)
from enrollment.enrolments.store.states import (
    load_enrolments,
    load_latest,
    load_positions,
    save_enrolments,
    say_why,
)
from enrollment.enrolments.store.waiting import add_waiting_asks, take_waiting_asks

__all__ = [
    "EnrolmentFilter",
    "HandedIn",
    "Listed",
    "PostTest",
    "add_post_tests",
    "add_waiting_asks",
    "count_seats",
    "hand_in",
    "load_enrolments",
    "load_latest",
    "load_of_asn",
    "load_positions",
    "load_post_tests",
    "load_received",
    "load_reports",
    "lock_runs",
    "lock_runs_by_code",
    "lock_runs_of",
    "move_up",
    "page_of_enrolments",
    "participants_of",
    "receive",
    "release_waiting",
    "save_enrolments",
    "say_why",
    "take_waiting_asks",
]
