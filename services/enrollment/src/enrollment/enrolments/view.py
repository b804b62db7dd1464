"""How enrolments and runs read on a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bina.messaging import clock
from bina.web.formats import day, jp, number, short_day
from bina.web.language import counted
from bina.web.language import gettext as _
from enrollment.catalogue.admission import AGENCY, BELOW_FLOOR
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain import Enrolment
from enrollment.enrolments.domain.pools import Pools
from enrollment.enrolments.domain.substitutes import SUBSTITUTED
from enrollment.enrolments.store import Listed
from enrollment.entitlement.domain import rule_for


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
        "withdrawn": (_("Digantikan") if enrolment.reason == SUBSTITUTED else _("Ditarik"), "neutral"),
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


def held_words(run: Run, pools: Pools, agencies: Mapping[str, str]) -> str:
    """How many free seats are anybody's, how many are held for whom and until when."""
    assert run.admission.held_until is not None
    free = pools.anybodys
    words = [
        counted("%(n)s kursi umum tersisa", free) % {"n": number(free)} if free else _("Kursi umum penuh")
    ]
    for group, seats in pools.held.items():
        held = counted("%(n)s kursi ditahan untuk %(whom)s sampai %(day)s", seats)
        whom, until = group_name(group, agencies), day(run.admission.held_until)
        words.append(held % {"n": number(seats), "whom": whom, "day": until})
    return "; ".join(words) + "."


def group_name(group: str, agencies: Mapping[str, str]) -> str:
    """For whom seats are held."""
    if group.startswith(AGENCY):
        code = group.removeprefix(AGENCY)
        return agencies.get(code, code)
    words = {
        "remote": _("unit terpencil"),
        "women": _("perempuan"),
        "men": _("laki-laki"),
        "junior": _("golongan I dan II"),
        BELOW_FLOOR: _("yang belum %(jp)s JP tahun ini") % {"jp": number(rule_for("PNS", clock.today()).jp)},
    }
    return words[group]


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
    if status in ("open", "full") and (window := run.window_at(clock.now())):
        opens = _("Dibuka %(day)s") % {"day": short_day(run.opens_at, clock.ZONE)}
        word, kind = (opens, "info") if window == "early" else words["closed"]
    meta = " · ".join(part for part in parts if part)
    return Row(run.programme_name, f"/enrollment/angkatan/{run.code}", meta, word, kind)
