"""An agency's deliveries in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bina.web.charts import Bar, Figure, Series, line, ranked_bar
from bina.web.formats import number, percent, short_day
from bina.web.language import counted, current
from bina.web.language import gettext as _
from enrollment.enrolments.domain.problems import advice_on
from enrollment.imports.commands import reason_words
from enrollment.integration.domain import DAYS, WAYS, Refusal, Sum
from enrollment.integration.store import Came, Publisher

SMALL = 5
"""Below so many messages a share says nothing of an agency."""


@dataclass(frozen=True)
class Why:
    """A reason for refusals: how to mend it (`speaks`: the language, where it is not the page's) and an example."""

    refusal: Refusal
    advice: str
    speaks: str
    way: str
    example: str
    href: str


def way_name(way: str) -> str:
    """What a way is called."""
    return {"topic": _("Topik Kafka"), "http": _("Kiriman HTTP"), "file": _("Berkas")}[way]


def total_of(days: Sequence[Sum]) -> Sum:
    """All of them together, on the last one's day."""
    return Sum(days[-1].day, *(sum(column) for column in zip(*(day[1:] for day in days), strict=True)))


def ways_of(known: Mapping[str, Came], today: date) -> list[Came]:
    """Every way, also those never taken."""
    return [known.get(way, Came(way, None, Sum(today))) for way in WAYS]


def lead(known: Mapping[str, Came], total: Sum) -> str:
    """Whether data come in."""
    if not known:
        return _("Belum ada data instansi ini yang masuk.")
    if not total.all:
        return _("Tidak ada yang masuk dalam %(days)s hari terakhir.") % {"days": DAYS}
    words = counted("%(n)s data masuk dalam %(days)s hari terakhir", total.all) % {
        "n": number(total.all),
        "days": DAYS,
    }
    if not total.refused:
        return _("%(words)s, tidak ada yang ditolak.") % {"words": words}
    return _("%(words)s, %(refused)s ditolak.") % {"words": words, "refused": number(total.refused)}


def chart(days: Sequence[Sum], refusals: Sequence[Refusal]) -> Figure:
    """What became of each day's messages, and the finding."""
    return line(
        _finding(days, refusals),
        [short_day(one.day) for one in days],
        [
            Series(_("diterima"), [one.taken for one in days]),
            Series(_("menunggu kursi"), [one.waitlisted for one in days]),
            Series(_("ditolak"), [one.refused for one in days]),
        ],
        note=_("Pesan dan baris berkas per hari, semua jalur"),
    )


def _finding(days: Sequence[Sum], refusals: Sequence[Refusal]) -> str:
    total = total_of(days)
    if not refusals:
        busiest = max(days, key=lambda one: one.all)
        return _("Semua diterima atau menunggu kursi; paling ramai %(day)s") % {"day": short_day(busiest.day)}
    return _("%(share)s ditolak, terbanyak %(code)s") % {
        "share": percent(total.refused / total.all),
        "code": refusals[0].code,
    }


def picture(publishers: Sequence[Publisher]) -> Figure | None:
    """Whose messages are refused most."""
    asked = [one for one in publishers if one.sum.all >= SMALL and not one.sandbox]
    shares = [(one, one.sum.refused / one.sum.all) for one in asked]
    if not shares:
        return None
    worst, share = max(shares, key=lambda pair: pair[1])
    title = (
        _("Paling banyak ditolak: %(name)s, %(share)s") % {"name": worst.name, "share": percent(share)}
        if share
        else _("Tidak ada data yang ditolak")
    )
    return ranked_bar(
        title,
        [Bar(one.name, round(100 * value, 1), emphasis=one is worst and share > 0) for one, value in shares],
        measure=_("Ditolak (%)"),
        show=lambda value: percent(float(value) / 100),
        top=100,
        note=_("Bagian yang ditolak dalam %(n)s hari, instansi dengan sedikitnya lima data") % {"n": DAYS},
    )


def why(refusal: Refusal) -> Why:
    """A reason with what to do about it."""
    advice, speaks = advice_of(refusal.code)
    example, href = _found_by(refusal)
    return Why(refusal, advice, speaks, way_name(refusal.way), example, href)


def advice_of(code: str) -> tuple[str, str]:
    """How to mend what was refused by a code, and in which language that is said where it is not the page's."""
    if own := advice_on(code):
        return own, "" if current() == "id" else "id"
    words = reason_words(code)
    return ("" if words == code else words), ""


def _found_by(refusal: Refusal) -> tuple[str, str]:
    """(words, link) by which the sender finds the example."""
    if refusal.way != "file":
        return refusal.example, ""
    import_id, _slash, row = refusal.example.partition("/")
    try:
        return _("baris %(row)s") % {"row": row}, f"/enrollment/impor/{UUID(import_id)}"
    except ValueError:
        return refusal.example, ""


def last_of(known: Mapping[str, Came]) -> datetime | None:
    """When anything last came."""
    return max((one.last_at for one in known.values() if one.last_at), default=None)
