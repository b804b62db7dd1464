"""Rules of delivery: what a server's answer means, and when to try again."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

LONGEST_PAUSE = timedelta(hours=2)
CHUNK = 100
"""Most mails claimed and sent over one connection."""
LEASE = timedelta(minutes=5)
"""How long a claimed mail is another worker's business to leave alone."""


class Outcome(StrEnum):
    """What became of one mail in one try."""

    SENT = "sent"
    RETRY = "retry"
    """The server refused for now, or was lost after it may have taken the mail; counts as a try."""
    FAILED = "failed"
    UNTRIED = "untried"
    """The server was away or at odds with us, whoever the recipient; counts for nothing."""
    SKIPPED = "skipped"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one mail; `code` is stable, `reason` is what the server said."""

    notice_id: UUID
    outcome: Outcome
    code: str = ""
    reason: str = ""


def outcome_of(reply: int) -> Outcome:
    """What a reply to one recipient or its message means (RFC 5321 §4.2.1); 421 is the server leaving."""
    if reply == 421:
        return Outcome.UNTRIED
    return Outcome.FAILED if 500 <= reply < 600 else Outcome.RETRY


def pause_after(attempts: int, first: timedelta, jitter: float) -> timedelta:
    """Pause before the next try: doubling, at most two hours, times 0.5 to 1.5 (`jitter` from 0 to 1)."""
    doubled = first * float(2 ** min(attempts - 1, 20))
    return min(doubled, LONGEST_PAUSE) * (0.5 + jitter)
