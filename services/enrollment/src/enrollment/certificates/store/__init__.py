"""Tables and queries of certificates."""

from enrollment.certificates.store.certificates import (
    Fallen,
    Listed,
    Progress,
    add_certificates,
    find,
    find_valid,
    listed_of,
    load_candidates,
    load_progress,
    page_of_run,
    revoke,
    valid_of_run,
)
from enrollment.certificates.store.series import (
    advance,
    hold_series,
    last_of,
    load_pattern,
    set_pattern,
    taken_of,
)

__all__ = [
    "Fallen",
    "Listed",
    "Progress",
    "add_certificates",
    "advance",
    "find",
    "find_valid",
    "hold_series",
    "last_of",
    "listed_of",
    "load_candidates",
    "load_pattern",
    "load_progress",
    "page_of_run",
    "revoke",
    "set_pattern",
    "taken_of",
    "valid_of_run",
]
