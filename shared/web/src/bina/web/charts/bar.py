"""Ranked bars: who is ahead, who is behind, against what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bina.web.charts.drawing import Number, bar, join, label, rule, share, text
from bina.web.charts.figure import Figure
from bina.web.formats import number
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
    head = 22 if target is not None else 0
    drawn, y = [], float(head)
    for entry in ranked:
        words = _("belum cukup data") if entry.value is None else show(entry.value)
        labelled, below = label(
            y, entry.label, words, "strong" if entry.emphasis else "", known=entry.value is not None
        )
        drawn += [labelled, bar(below + 4, 100, _BAR, "track")]
        if entry.value is not None:
            drawn.append(bar(below + 4, share(entry.value, end), _BAR, "c2" if entry.emphasis else "c1"))
        if target is not None:
            drawn.append(
                rule(share(target, end), below + 1, share(target, end), below + 7 + _BAR, "mark-line")
            )
        y = below + 4 + _BAR + _GAP
    if target is not None:
        at = share(target, end)
        words = target_label or _("target %(value)s") % {"value": show(target)}
        drawn.insert(0, text(at, 12, words, "t2 end" if at > 50 else "t2"))
    return Figure(
        title,
        _describe(ranked, show),
        join(drawn),
        int(y - _GAP + 4),
        (_("Nama"), measure),
        [(b.label, b.value) for b in ranked],
        note=note,
        csv_href=csv_href,
    )


def _describe(ranked: Sequence[Bar], show: Callable[[Number], str]) -> str:
    known = [b for b in ranked if b.value is not None]
    if not known:
        return _("Belum ada data.")
    return _("%(count)s batang; tertinggi %(first)s %(most)s, terendah %(last)s %(least)s.") % {
        "count": len(ranked),
        "first": known[0].label,
        "most": show(known[0].value or 0),
        "last": known[-1].label,
        "least": show(known[-1].value or 0),
    }
