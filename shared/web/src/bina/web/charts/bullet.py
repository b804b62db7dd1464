"""JP of one person: 20 is a floor for a PNS's calendar year, 24 a ceiling for a PPPK's contract year."""

from datetime import date

from bina.web.charts.drawing import Drawing, Number, Svg, bar, join, rule, share, text
from bina.web.charts.figure import Figure
from bina.web.formats import day, jp, number
from bina.web.language import gettext as _

_TOP = 24
_BAR = 20
_HEIGHT = 52


def jp_floor(earned: Number, scheduled: Number, *, target: Number, until: date, title: str = "") -> Figure:
    """Earned and scheduled JP against a minimum to be reached by `until`."""
    missing = float(target) - float(earned)
    finding = (
        _("Target %(target)s tahun ini tercapai.") % {"target": jp(target)}
        if missing <= 0
        else _("Anda perlu %(jp)s lagi sebelum %(day)s.") % {"jp": jp(missing), "day": day(until)}
    )
    return _figure(
        title or finding,
        earned,
        scheduled,
        target,
        words=_("minimal %(jp)s") % {"jp": jp(target)},
        kind="mark-line",
    )


def jp_ceiling(earned: Number, scheduled: Number, *, limit: Number, until: date, title: str = "") -> Figure:
    """Earned and scheduled JP against the most that may count in a contract year ending on `until`."""
    finding = _("%(jp)s, batas %(limit)s, kontrak s.d. %(day)s.") % {
        "jp": jp(earned),
        "limit": jp(limit),
        "day": day(until),
    }
    return _figure(
        title or finding,
        earned,
        scheduled,
        limit,
        words=_("batas %(jp)s") % {"jp": jp(limit)},
        kind="limit-line",
    )


def _figure(title: str, earned: Number, scheduled: Number, mark: Number, *, words: str, kind: str) -> Figure:
    end = max(float(mark) * 1.15, float(earned) + float(scheduled))
    at = share(mark, end)
    drawn = [
        text(at, 13, words, "t2 end", dx=4),
        bar(_TOP, 100, _BAR, "track"),
        *_parts(earned, scheduled, mark if kind == "limit-line" else None, end),
        rule(at, _TOP - 6, at, _TOP + _BAR + 6, kind),
    ]
    return Figure(
        title,
        _("%(earned)s diperoleh, %(scheduled)s terjadwal, %(mark)s.")
        % {"earned": jp(earned), "scheduled": jp(scheduled), "mark": words},
        [Drawing(join(drawn), _HEIGHT)],
        (_("Bagian"), "JP"),
        [(_("Diperoleh"), earned), (_("Terjadwal"), scheduled), (words[:1].upper() + words[1:], mark)],
        key=(
            ("c1", _("%(n)s JP diperoleh") % {"n": number(earned)}),
            ("plan", _("%(n)s JP terjadwal") % {"n": number(scheduled)}),
        ),
    )


def _parts(earned: Number, scheduled: Number, limit: Number | None, end: float) -> list[Svg]:
    drawn = [bar(_TOP, share(earned, end), _BAR, "c1")]
    if scheduled:
        drawn.append(bar(_TOP + 1, share(scheduled, end), _BAR - 2, "plan", x=share(earned, end)))
    if limit is not None and earned > limit:
        beyond = float(earned) - float(limit)
        drawn.append(bar(_TOP, share(beyond, end), _BAR, "over-limit", x=share(limit, end)))
    return drawn
