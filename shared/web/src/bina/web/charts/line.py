"""Lines over time: at most five series, each named at its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from bina.web.charts.drawing import Number, dot, join, nice_top, rule, text
from bina.web.charts.figure import Figure
from bina.web.formats import number
from bina.web.language import gettext as _

_TOP = 18
_PLOT = 200
_BOTTOM = _TOP + _PLOT
_HEIGHT = _BOTTOM + 24
_APART = 16


@dataclass(frozen=True)
class Series:
    """A named line; None leaves a gap."""

    label: str
    values: Sequence[Number | None]


def line(
    title: str,
    times: Sequence[str],
    series: Sequence[Series],
    *,
    low: Number = 0,
    high: Number | None = None,
    target: Number | None = None,
    target_label: str = "",
    show: Callable[[Number], str] = number,
    note: str = "",
    csv_href: str = "",
) -> Figure:
    """One line per series over the shared `times`; the scale starts at `low`, which is zero unless told otherwise."""
    if len(series) > 5:
        raise ValueError("a line chart takes at most five series")
    known = [float(v) for s in series for v in s.values if v is not None] + [float(target or 0)]
    end = float(high) if high is not None else nice_top(max(known))
    scale = _Scale(float(low), end, len(times))
    drawn = [*_grid(scale, show), *_target(scale, target, target_label, show), _lines(scale, series)]
    drawn += [*_end_labels(scale, series, show), *_time_labels(times)]
    return Figure(
        title,
        _("%(count)s garis dari %(first)s sampai %(last)s.")
        % {"count": len(series), "first": times[0] if times else "–", "last": times[-1] if times else "–"},
        join(drawn),
        _HEIGHT,
        (_("Waktu"), *(s.label for s in series)),
        [(time, *(s.values[i] for s in series)) for i, time in enumerate(times)],
        note=note,
        csv_href=csv_href,
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    points: int

    def x(self, i: int) -> float:
        return 100 * i / (self.points - 1) if self.points > 1 else 50.0

    def y(self, value: Number) -> float:
        inside = (float(value) - self.low) / (self.high - self.low)
        return round(_BOTTOM - _PLOT * max(0.0, min(1.0, inside)), 2)


def _grid(scale: _Scale, show: Callable[[Number], str]) -> list[Markup]:
    drawn = []
    for step in (0, 0.5, 1):
        value = scale.low + step * (scale.high - scale.low)
        y = scale.y(value)
        drawn += [rule(0, y, 100, y, "rule"), text(0, y - 4, show(value), "t2")]
    return drawn


def _target(scale: _Scale, target: Number | None, words: str, show: Callable[[Number], str]) -> list[Markup]:
    if target is None:
        return []
    y = scale.y(target)
    named = words or _("target %(value)s") % {"value": show(target)}
    return [rule(0, y, 100, y, "target-line"), text(50, y - 5, named, "t2 mid halo")]


def _lines(scale: _Scale, series: Sequence[Series]) -> Markup:
    """The lines live in a drawing of their own that is stretched; strokes keep their width."""
    drawn = [
        Markup('<polyline class="l{}" points="{}"/>').format(n, " ".join(run))
        for n, one in enumerate(series, 1)
        for run in _runs(scale, one)
    ]
    frame = Markup(
        '<svg x="0" y="{t}" width="100%" height="{h}" viewBox="0 {t} 100 {h}" preserveAspectRatio="none"{o}>{d}</svg>'
    )
    return frame.format(t=_TOP, h=_PLOT, o=Markup(' overflow="visible"'), d=join(drawn))


def _runs(scale: _Scale, one: Series) -> list[list[str]]:
    pieces = groupby(enumerate(one.values), key=lambda pair: pair[1] is not None)
    return [
        [f"{scale.x(i):.2f},{scale.y(v)}" for i, v in piece if v is not None]
        for there, piece in pieces
        if there
    ]


def _end_labels(scale: _Scale, series: Sequence[Series], show: Callable[[Number], str]) -> list[Markup]:
    ends = []
    for n, one in enumerate(series, 1):
        last = max((i for i, v in enumerate(one.values) if v is not None), default=None)
        if last is not None:
            value = one.values[last]
            assert value is not None
            ends.append((scale.y(value), scale.x(last), n, f"{one.label} {show(value)}"))
    drawn, floor = [], float("inf")
    for y, x, n, words in sorted(ends, reverse=True):
        at = min(y - 9, floor - _APART)
        floor = at
        drawn += [dot(x, y, 4, f"c{n}"), text(x, at, words, f"v halo t{n}" + (" end" if x > 50 else ""))]
    return drawn


def _time_labels(times: Sequence[str]) -> list[Markup]:
    if not times:
        return []
    y = _BOTTOM + 18
    drawn = [text(0, y, times[0], "t2")]
    if len(times) > 1:
        drawn.append(text(100, y, times[-1], "t2 end"))
    if len(times) > 2 and len(times) % 2:
        drawn.append(text(50, y, times[len(times) // 2], "t2 mid"))
    return drawn
