"""Rules of attendance: when it is taken, what somebody may still change, who met what a run asks, whom to look at.

Times of sessions and marks are business time.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from enrollment.catalogue.domain import Run, RunSession
from enrollment.enrolments.domain import Enrolment

State = Literal["present", "absent", "excused"]
How = Literal["list", "code", "spot_check"]
STATES: tuple[State, ...] = ("present", "absent", "excused")
OPENS_BEFORE = timedelta(minutes=30)
"""So long before a session begins attendance can be taken."""
CLOSES_AFTER = timedelta(minutes=30)
"""So long after its end codes are shown and taken."""
SENT_WITHIN = timedelta(hours=24)
"""So long after its end a check-in still counts that was made without a network."""
SAMPLE_PERCENT = 10
"""Of those who checked in by code, at least one, whose faces are looked at."""


class Mark(NamedTuple):
    """What is recorded of one participant in one session, and by whom.

    `late`: the check-in reached us later than it was made; `shared`: somebody else tried to check in by the same device;
    `device` tells devices apart within this session only; `checked` says what a look at the face gave.
    """

    session_id: UUID
    enrollment_id: UUID
    state: State
    how: How
    at: datetime
    late: bool = False
    shared: bool = False
    device: str = ""
    checked: Literal["", "confirmed", "denied"] = ""
    note: str = ""
    marked_by: UUID | None = None


class Said(NamedTuple):
    """What a list says of somebody, and what stood there when it was shown; empty for nothing, None where
    that does not matter."""

    enrollment_id: UUID
    was: str | None
    state: State | None


class Roll(NamedTuple):
    """Whose attendance is taken: a session and the run that it is of."""

    run: Run
    held: RunSession


class Tally(NamedTuple):
    """How many sessions of the run an enrolment has a mark for, and to how many of them the person came."""

    enrollment_id: UUID
    marked: int
    present: int


def is_open(held: RunSession, at: datetime) -> bool:
    """Whether codes are shown and taken."""
    return held.starts_at - OPENS_BEFORE <= at <= held.ends_at + CLOSES_AFTER


def has_opened(held: RunSession, at: datetime) -> bool:
    """Whether attendance can be taken by list, which has no end before it is settled."""
    return held.starts_at - OPENS_BEFORE <= at


def may_change(enrolment: Enrolment) -> bool:
    """Whether attendance of somebody is still open: not once it was settled, nor after a result."""
    return enrolment.state == "accepted" and enrolment.met_on is None


def meets(present: int, sessions: int, percent: int) -> bool:
    """Whether coming to so many of so many sessions is what a run asks for."""
    return present * 100 >= percent * sessions


def newest(sessions: Sequence[RunSession], at: datetime) -> RunSession:
    """The session whose attendance is taken now: the last one that has opened, or else the first."""
    opened = [held for held in sessions if has_opened(held, at)]
    return opened[-1] if opened else sessions[0]


def to_look_at(session_id: UUID, marks: Iterable[Mark], secret: str) -> set[UUID]:
    """Enrolments whose check-in by code is looked at: all that came late or from a device that two people used, and a
    sample of the others that nobody can foretell; those looked at already stay in it."""
    coded = [mark for mark in marks if mark.how == "code" and mark.state == "present"]
    drawn = sorted(coded, key=lambda mark: _lot(session_id, mark.enrollment_id, secret))
    sample = drawn[: -(-len(coded) * SAMPLE_PERCENT // 100)]
    return {
        mark.enrollment_id for mark in coded if mark in sample or mark.late or mark.shared or mark.checked
    }


def _lot(session_id: UUID, enrollment_id: UUID, secret: str) -> bytes:
    words = f"bina.spot-check/{session_id}/{enrollment_id}"
    return hmac.digest(secret.encode(), words.encode(), hashlib.sha256)
