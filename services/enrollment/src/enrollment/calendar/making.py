"""Calendars as files (RFC 5545)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event

from bina.messaging import clock
from enrollment.calendar.store import Appointment

LENGTH = timedelta(days=1)
PRODUCT = "-//Bina//Pelatihan//ID"


def calendar_of(name: str, appointments: Iterable[Appointment], public_url: str) -> bytes:
    """A calendar of sessions; a run without any stands in it from its first day to its last."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", clock.ZONE.key)
    for one in appointments:
        calendar.add_component(_event(one, public_url))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(one: Appointment, public_url: str) -> Event:
    event = Event()
    event.add("uid", f"{one.session_id or one.run_id}@bina")
    event.add("dtstamp", datetime.now(UTC))
    event.add("summary", ": ".join(part for part in (one.programme_name, one.title) if part))
    starts, ends = _times(one)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    if one.place:
        event.add("location", one.place)
    event.add("url", f"{public_url.rstrip('/')}/enrollment/angkatan/{one.run_code}")
    if one.link:
        event.add("description", one.link)
    if one.cancelled:
        event.add("status", "CANCELLED")
    return event


def _times(one: Appointment) -> tuple[date | datetime, date | datetime]:
    """A whole day ends, as calendars have it, with the beginning of the next."""
    if one.starts_at is None or one.ends_at is None:
        return one.starts_on, one.ends_on + LENGTH
    return one.starts_at.astimezone(clock.ZONE), one.ends_at.astimezone(clock.ZONE)
