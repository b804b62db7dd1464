"""How enrolments and runs read on a page."""

from dataclasses import dataclass
from datetime import date

from bina.web.formats import day, jp, number, short_day
from bina.web.language import counted
from bina.web.language import gettext as _
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain import Enrolment
from enrollment.enrolments.store import Listed


@dataclass(frozen=True)
class Row:
    """A line that leads to a run."""

    label: str
    href: str
    meta: str
    tag: str
    kind: str


def span(first: date, last: date) -> str:
    """`1–6 Des 2026`, `30 Nov–18 Des 2026`, `21 Okt 2026`."""
    if first == last:
        return short_day(first)
    end = short_day(last)
    start = short_day(first)
    if first.year == last.year:
        start = start.rsplit(" ", 1)[0]
        if first.month == last.month:
            start = str(first.day)
    return f"{start}–{end}"


def long_span(first: date, last: date) -> str:
    """`1 sampai 6 Desember 2026`, `30 November sampai 18 Desember 2026`, `21 Oktober 2026`."""
    if first == last:
        return day(first)
    start = day(first)
    if first.year == last.year:
        start = str(first.day) if first.month == last.month else start.rsplit(" ", 1)[0]
    return _("%(a)s sampai %(b)s") % {"a": start, "b": day(last)}


def state_of(
    enrolment: Enrolment, run_status: str, starts_on: date, ends_on: date, today: date
) -> tuple[str, str]:
    """(word, kind of tag) of an enrolment on a day."""
    if run_status == "cancelled" and not enrolment.has_ended:
        return _("Dibatalkan penyelenggara"), "danger"
    fixed = {
        "waitlisted": (_("Daftar tunggu"), "warning"),
        "withdrawn": (_("Ditarik"), "neutral"),
        "completed": (_("Lulus"), "success"),
        "not_completed": (_ended_word(enrolment.reason), "neutral"),
    }
    if enrolment.state in fixed:
        return fixed[enrolment.state]
    if today < starts_on:
        return _("Terdaftar"), "info"
    return (_("Berlangsung"), "info") if today <= ends_on else (_("Menunggu hasil"), "warning")


def _ended_word(reason: str) -> str:
    words = {
        "failed": _("Tidak lulus"),
        "withdrawn": _("Mengundurkan diri"),
        "absent": _("Tidak hadir"),
    }
    return words.get(reason, _("Tidak selesai"))


def own_row(listed: Listed, today: date) -> Row:
    """One of a person's enrolments."""
    one = listed.enrolment
    word, kind = state_of(one, listed.run_status, listed.starts_on, listed.ends_on, today)
    amount = jp(one.jp if one.state == "completed" else listed.run_jp)
    meta = " · ".join((span(listed.starts_on, listed.ends_on), amount, listed.run_code))
    return Row(listed.programme_name, f"/enrollment/angkatan/{listed.run_code}", meta, word, kind)


def run_row(run: Run, today: date, organiser: str = "", closes: str = "") -> Row:
    """A run in the catalogue; `closes` names the gap it closes."""
    status = run.status_on(today)
    words = {
        "open": (counted("%(n)s kursi", run.seats_left) % {"n": number(run.seats_left)}, "success"),
        "full": (_("Daftar tunggu"), "warning"),
        "closed": (_("Ditutup"), "neutral"),
        "cancelled": (_("Dibatalkan"), "danger"),
    }
    parts = (closes, span(run.starts_on, run.ends_on), jp(run.jp), run.mode, organiser)
    word, kind = words[status]
    meta = " · ".join(part for part in parts if part)
    return Row(run.programme_name, f"/enrollment/angkatan/{run.code}", meta, word, kind)
