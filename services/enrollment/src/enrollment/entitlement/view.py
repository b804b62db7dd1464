"""JP in a sentence and as a bar."""

from collections.abc import Sequence
from datetime import date

from bina.web.charts import Figure, jp_ceiling, jp_floor
from bina.web.formats import day, jp, number
from bina.web.language import gettext as _
from enrollment.entitlement.domain import LESSON, JpRule
from enrollment.entitlement.store import Line, Standing


def sentence(rule: JpRule, standing: Standing, today: date | None = None) -> str:
    """What a person's JP of the year mean to them; once it is over (`today` is later), what they came to."""
    if rule.kind in ("later", "unset"):
        return _unbound(rule, standing)
    if today and standing.year.last < today:
        return _past(rule, standing)
    return _ceiling(rule, standing) if rule.kind == "ceiling" else _floor(rule, standing)


def _floor(rule: JpRule, standing: Standing) -> str:
    missing = rule.jp - standing.earned
    if missing <= 0:
        return _("Target %(jp)s tahun ini tercapai.") % {"jp": jp(rule.jp)}
    if not standing.known:
        return _("Tercatat %(jp)s; riwayat belum lengkap, jadi JP Anda mungkin sudah lebih.") % {
            "jp": jp(standing.earned)
        }
    values = {"jp": jp(missing), "day": _last_day(standing.year.last), "planned": jp(standing.scheduled)}
    if standing.scheduled >= missing:
        return _("Anda perlu %(jp)s lagi sebelum %(day)s; %(planned)s sudah terjadwal.") % values
    return _("Anda perlu %(jp)s lagi sebelum %(day)s.") % values


def _unbound(rule: JpRule, standing: Standing) -> str:
    """Of whom neither a floor nor a ceiling is told: what was earned, and why nothing is asked."""
    values = {"jp": jp(standing.earned), "year": standing.year.first.year, "day": day(standing.year.last)}
    told = (
        _("Tercatat %(jp)s, kontrak s.d. %(day)s.")
        if standing.year.of_contract
        else _("Tercatat %(jp)s tahun %(year)s.")
    )
    why = {
        "later": _("Target %(jp)s berlaku sejak diangkat menjadi PNS.") % {"jp": jp(rule.jp)},
        "unset": _("Batas JP untuk PPPK paruh waktu belum diatur."),
    }
    said = [told % values, why[rule.kind], *([] if standing.known else [_("Riwayat belum lengkap.")])]
    return " ".join(said)


def _past(rule: JpRule, standing: Standing) -> str:
    values = {"jp": jp(standing.earned), "day": day(standing.year.last), "rule": number(rule.jp)}
    told = (
        _("Tercatat %(jp)s sampai %(day)s; batasnya %(rule)s JP.")
        if rule.kind == "ceiling"
        else _("Tercatat %(jp)s sampai %(day)s; sedikitnya %(rule)s JP.")
    ) % values
    return told if standing.known else told + " " + _("Riwayat belum lengkap.")


def source_name(source: str) -> str:
    """Where JP come from."""
    words = {
        "completion": _("Pelatihan"),
        "outside": _("Sertifikat luar"),
        "conversion": _("Konversi"),
        "opening": _("Saldo awal"),
    }
    return words[source]


def kind_of(line: Line) -> tuple[str, str] | None:
    """(word, kind of tag) of a line that takes another back, or is taken back."""
    if line.reverses:
        return _("Pembalik"), "warning"
    return (_("Diganti"), "neutral") if line.reversed else None


def note_of(line: Line) -> str:
    """What a line is, and why it was written."""
    tag = kind_of(line)
    return ": ".join(part for part in (tag[0] if tag else "", line.reason) if part)


def by_source(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """(where from, JP) of a year's lines; parts of a JP too."""
    sums = {one.source: 0 for one in lines}
    for one in lines:
        sums[one.source] += one.minutes
    return [
        (source_name(source), jp(round(minutes / LESSON, 2))) for source, minutes in sums.items() if minutes
    ]


def _ceiling(rule: JpRule, standing: Standing) -> str:
    told = _of_contract(rule, standing)
    return told if standing.known else f"{told} {_('Riwayat belum lengkap.')}"


def _of_contract(rule: JpRule, standing: Standing) -> str:
    if not standing.year.of_contract:
        return _("Tercatat %(jp)s tahun %(year)s; periode kontrak belum diisi, jadi ini sekadar informasi.") % {
            "jp": jp(standing.earned), "year": standing.year.first.year,
        }  # fmt: skip
    values = {"jp": jp(standing.earned), "limit": number(rule.jp), "day": day(standing.year.last)}
    if standing.earned > rule.jp:
        return _("%(jp)s, melewati batas %(limit)s JP; kontrak s.d. %(day)s.") % values
    told = _("%(jp)s, batas %(limit)s JP, kontrak s.d. %(day)s.") % values
    with_planned = standing.earned + standing.scheduled
    if with_planned <= rule.jp:
        return told
    return told + " " + _("Dengan yang terjadwal menjadi %(jp)s, melewati batas.") % {"jp": jp(with_planned)}


def ceiling_warning(rule: JpRule, standing: Standing, more: int) -> str:
    """What whoever asks for a training of so many JP should know; nothing below the ceiling. It never refuses."""
    with_this = standing.earned + standing.scheduled + more
    if rule.kind != "ceiling":
        return ""
    if not standing.year.of_contract:
        return _("Periode kontrak Anda belum diisi, jadi batas %(limit)s JP belum dapat dihitung.") % {
            "limit": number(rule.jp)
        }
    if with_this <= rule.jp:
        return ""
    return _("Dengan pelatihan ini JP Anda menjadi %(jp)s, melewati batas %(limit)s JP sampai %(day)s. Anda tetap dapat mendaftar.") % {
        "jp": jp(with_this), "limit": number(rule.jp), "day": day(standing.year.last),
    }  # fmt: skip


def _last_day(last: date) -> str:
    """`31 Desember`: the year goes without saying."""
    return day(last).rsplit(" ", 1)[0]


def bar(rule: JpRule, standing: Standing) -> Figure | None:
    """The bullet bar of one year: earned and scheduled against floor or ceiling; None where there is neither."""
    year = standing.year
    if rule.kind in ("later", "unset"):
        return None
    if rule.kind == "ceiling":
        title = _("JP %(first)s sampai %(last)s") % {"first": day(year.first), "last": day(year.last)}
        return jp_ceiling(standing.earned, standing.scheduled, limit=rule.jp, until=year.last, title=title)
    title = _("JP tahun %(year)s") % {"year": year.first.year}
    return jp_floor(standing.earned, standing.scheduled, target=rule.jp, until=year.last, title=title)
