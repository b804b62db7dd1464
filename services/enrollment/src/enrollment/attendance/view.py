"""How sessions and attendance read on a page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bina.messaging import clock
from bina.web.formats import clock_time, number, short_day
from bina.web.language import counted
from bina.web.language import gettext as _
from enrollment.attendance.store import Attender
from enrollment.catalogue.domain import Run, RunSession


def href_of(run: Run) -> str:
    """A run's page."""
    return f"/enrollment/angkatan/{run.code}"


def base_of(run: Run) -> str:
    """Where a run's attendance lies."""
    return f"{href_of(run)}/presensi"


def times_of(held: RunSession) -> str:
    """`1 Des 2026, 08.00 WIB–12.00 WIB`; a later day of its end goes before the time."""
    start, end = (moment.astimezone(clock.ZONE) for moment in (held.starts_at, held.ends_at))
    last = "" if start.date() == end.date() else f"{short_day(end.date())}, "
    return f"{short_day(start.date())}, {clock_time(start, clock.ZONE)}–{last}{clock_time(end, clock.ZONE)}"


def name_of(held: RunSession, place: int) -> str:
    """Its title, or its number from 1."""
    return held.title or _("Sesi %(n)s") % {"n": place}


def tabs_of(run: Run, sessions: Sequence[RunSession], current: UUID) -> list[dict[str, Any]]:
    """One tab a session."""
    return [
        {
            "label": f"{name_of(held, place)} · {short_day(held.starts_at.astimezone(clock.ZONE).date())}",
            "href": f"{base_of(run)}/{held.session_id}",
            "current": held.session_id == current,
        }
        for place, held in enumerate(sessions, 1)
    ]


def choices(one: Attender) -> list[tuple[str, str]]:
    """What may be said of somebody; nothing only as long as nothing is recorded."""
    said = [("present", _("Hadir")), ("excused", _("Izin")), ("absent", _("Tidak hadir"))]
    return said if one.mark else [*said, ("", _("Belum"))]


def word_of(mark: str) -> tuple[str, str]:
    """(word, kind of tag) of what is recorded."""
    words = {
        "present": (_("Hadir"), "success"),
        "excused": (_("Izin"), "warning"),
        "absent": (_("Tidak hadir"), "danger"),
    }
    return words.get(mark, (_("Belum"), "neutral"))


def how_of(one: Attender) -> str:
    """`kode 08.04`, `daftar 08.31 · terkirim terlambat`; empty for nothing."""
    if one.at is None:
        return ""
    words = {"list": _("daftar"), "code": _("kode"), "spot_check": _("periksa wajah")}
    flags = [
        (one.late, _("terkirim terlambat")),
        (one.shared, _("perangkat dipakai dua orang")),
        (one.checked == "confirmed", _("wajah cocok")),
    ]
    first = f"{words[one.how]} {clock_time(one.at, clock.ZONE)}"
    return " · ".join([first, *(word for given, word in flags if given)])


def progress(marked: int, people: int) -> str:
    """`27 dari 30 tercatat`."""
    words = counted("%(marked)s dari %(people)s tercatat", people)
    return words % {"marked": number(marked), "people": number(people)}


def rule_of(run: Run, sessions: int) -> str:
    """What a run asks for besides a test, in words."""
    if not sessions or run.attendance_percent == 100:
        return _("hadir di semua sesi") if sessions else _("hadir")
    return _("hadir di sedikitnya %(n)s%% sesi") % {"n": run.attendance_percent}
