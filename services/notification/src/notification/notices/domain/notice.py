"""A notice is a cause, a person and a kind; its words are made when it is read or sent."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from bina.events import Envelope, Event

from .kinds import KINDS, REMIND_BEFORE

ZONE = ZoneInfo("Asia/Jakarta")
MORNING = time(8)


@dataclass(frozen=True, slots=True)
class Notice:
    """One person is to be told one thing. `about_id` is the task, test, enrolment's run or training it concerns.

    `details` holds what the cause said and nothing that names a person. `traceparent` is its trace.
    """

    event_id: UUID
    correlation_id: str
    recipient_id: UUID
    kind: str
    about_id: UUID
    run_id: UUID | None
    occurred_at: datetime
    send_before: datetime
    details: dict[str, Any] = field(default_factory=dict)
    traceparent: str = ""

    @classmethod
    def of(
        cls,
        cause: Event | Envelope,
        kind: str,
        recipient_id: UUID,
        *,
        about_id: UUID,
        run_id: UUID | None,
        at: datetime | None = None,
        last_day: date | None = None,
        **details: object,
    ) -> Self:
        """What a fact tells a person, and when; `last_day` is the last day on which telling still helps."""
        envelope = cause.envelope if isinstance(cause, Event) else cause
        when = at or max(envelope.time, getattr(cause, "notify_after", None) or envelope.time)
        limit = when + KINDS[kind].limit
        return cls(
            event_id=UUID(envelope.id),
            correlation_id=envelope.correlation_id or envelope.id,
            recipient_id=recipient_id,
            kind=kind,
            about_id=about_id,
            run_id=run_id,
            occurred_at=when,
            send_before=min(limit, end_of(last_day)) if last_day else limit,
            details=details,
            traceparent=envelope.traceparent,
        )

    def put_off(self, until: datetime | None) -> Self:
        """The same not before a moment."""
        if until is None or until <= self.occurred_at:
            return self
        return replace(self, occurred_at=until, send_before=self.send_before + (until - self.occurred_at))


@dataclass(frozen=True, slots=True)
class Run:
    """A training run as it was when a notice was caused."""

    run_code: str
    programme_name: str
    jp: int
    location: str
    starts_on: date
    ends_on: date
    seats: int
    pass_score: float | None


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice with what is known today about its reader; an empty `name` is a person unknown or erased. `is_moot`: what
    it asks for is not needed any more."""

    notice_id: UUID
    event_id: UUID
    correlation_id: str
    recipient_id: UUID
    kind: str
    about_id: UUID
    run_id: UUID | None
    details: dict[str, Any]
    occurred_at: datetime
    read_at: datetime | None
    language: str
    name: str
    position: str
    employment: str
    about_name: str
    run: Run | None
    traceparent: str = ""
    appointment: str = ""
    is_moot: bool = False

    @property
    def names(self) -> UUID | None:
        """Who beside its reader is named in it."""
        named = self.details.get("alumnus_id") or self.details.get("asker_id")
        return UUID(named) if named else None


def start_of(day: date) -> datetime:
    """The first moment of a day in the field's zone, in UTC."""
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The moment after a day's last, in the field's zone, in UTC."""
    return start_of(day + timedelta(days=1))


def reminder_time(opened_at: datetime, last_day: date) -> datetime | None:
    """The morning three days before the last day; None where the thing opened later than that."""
    morning = datetime.combine(last_day - REMIND_BEFORE, MORNING, ZONE).astimezone(UTC)
    return morning if morning > opened_at else None


def changes_between(before: Run, after: Run) -> list[str]:
    """What of a change concerns those enrolled: `dates`, `location`."""
    dates = (before.starts_on, before.ends_on) != (after.starts_on, after.ends_on)
    return [
        name
        for name, differs in (("dates", dates), ("location", before.location != after.location))
        if differs
    ]
