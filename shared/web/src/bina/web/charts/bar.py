"""Ranked bars: who is ahead, who is behind, against what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bina.web.charts.drawing import Drawing, Number, Row, Svg, bar, rule, share, stacked, text
from bina.web.charts.figure import Figure
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _

_BAR = 10
_GAP = 14


@dataclass(frozen=True)
class Bar:
    """One thing that is compared; None means that nothing is known or shown (too few people)."""

    label: str
    value: Number | None
    emphasis: bool = False


def ranked_bar(
    title: str,
    bars: Sequence[Bar],
    *,
    measure: str,
    show: Callable[[Number], str] = number,
    target: Number | None = None,
    target_label: str = "",
    top: Number | None = None,
    note: str = "",
    csv_href: str = "",
) -> Figure:
    """Bars from the largest to the smallest, unknown ones last.

    `measure` names the value column; `show` writes a value; `target` is drawn across all bars; `top` ends the scale
    (by default the largest value or the target).
    """
    ranked = sorted(bars, key=lambda b: (b.value is None, -float(b.value or 0)))
    end = (
        top
        or max([float(b.value) for b in bars if b.value is not None] + [float(target or 0)], default=1)
        or 1
    )
    mark = None if target is None else _Mark(share(target, end), target_label or _target_words(show(target)))
    return Figure(
        title,
        _describe(ranked, show),
        _draw(ranked, end, mark, show),
        (_("Nama"), measure),
        [(b.label, b.value) for b in ranked],
        note=note,
        csv_href=csv_href,
    )


@dataclass(frozen=True)
class _Mark:
    at: float
    words: str


def _draw(
    ranked: Sequence[Bar], end: Number, mark: _Mark | None, show: Callable[[Number], str]
) -> list[Drawing]:
    above, top, line = "", 0.0, ""
    if mark is not None:
        above, top = text(mark.at, 12, mark.words, "t2 end" if mark.at > 50 else "t2"), 22.0
        line = rule(mark.at, 1, mark.at, 4 + _BAR + 3, "mark-line")
    track = bar(4, 100, _BAR, "track")
    rows = [_row(entry, f"{track}{_bar(entry, end)}{line}", show) for entry in ranked]
    return stacked(rows, 4 + _BAR + _GAP, _GAP, above=above, top=top)


def _row(entry: Bar, marks: Svg, show: Callable[[Number], str]) -> Row:
    known = entry.value is not None
    words = show(entry.value) if entry.value is not None else _("belum cukup data")
    return Row(entry.label, words, marks, "strong" if entry.emphasis else "", known)


def _bar(entry: Bar, end: Number) -> Svg:
    if entry.value is None:
        return ""
    return bar(4, share(entry.value, end), _BAR, "c2" if entry.emphasis else "c1")


def _target_words(value: str) -> str:
    return _("target %(value)s") % {"value": value}


def _describe(ranked: Sequence[Bar], show: Callable[[Number], str]) -> str:
    known = [b for b in ranked if b.value is not None]
    if not known:
        return _("Belum ada data.")
    return counted(
        "%(count)s batang; tertinggi %(first)s %(most)s, terendah %(last)s %(least)s.", len(ranked)
    ) % {
        "count": len(ranked),
        "first": known[0].label,
        "most": show(known[0].value or 0),
        "last": known[-1].label,
        "least": show(known[-1].value or 0),
    }
