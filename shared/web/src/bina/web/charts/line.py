"""Lines over time: at most five series, each named at its end, and a band around them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from bina.web.charts.drawing import Drawing, Number, Svg, dot, join, nice_top, rule, text
from bina.web.charts.figure import Figure
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _

_TOP = 18
_PLOT = 200
_BOTTOM = _TOP + _PLOT
_HEIGHT = _BOTTOM + 24
_APART = 17
_GUTTER = 8.0


@dataclass(frozen=True)
class Series:
    """A named line; None leaves a gap."""

    label: str
    values: Sequence[Number | None]


@dataclass(frozen=True)
class Band:
    """What lies from `low` to `high` at each time, as the middle half of all or an interval; None leaves a gap."""

    label: str
    low: Sequence[Number | None]
    high: Sequence[Number | None]


def line(
    title: str,
    times: Sequence[str],
    series: Sequence[Series],
    *,
    low: Number = 0,
    high: Number | None = None,
    band: Band | None = None,
    target: Number | None = None,
    target_label: str = "",
    show: Callable[[Number], str] = number,
    note: str = "",
    csv_href: str = "",
) -> Figure:
    """One line per series over the shared `times`; the scale starts at `low`, which is zero unless told otherwise."""
    if len(series) > 5:
        raise ValueError("a line chart takes at most five series")
    around = [band.low, band.high] if band else []
    values = [*(s.values for s in series), *around]
    known = [float(v) for one in values for v in one if v is not None] + [float(target or 0)]
    end = float(high) if high is not None else nice_top(max(known))
    scale = _Scale(float(low), end, len(times))
    drawn = [*_grid(scale, show), *_target(scale, target, target_label, show), _lines(scale, series, band)]
    drawn += [*_end_labels(scale, series, show), *_time_labels(times)]
    return Figure(
        title,
        _describe(times, series, band),
        [Drawing(join(drawn), _HEIGHT)],
        (_("Waktu"), *(s.label for s in series), *_band_columns(band)),
        [(time, *(one[i] for one in values)) for i, time in enumerate(times)],
        key=[("band", band.label)] if band else [],
        note=note,
        csv_href=csv_href,
    )


def _describe(times: Sequence[str], series: Sequence[Series], band: Band | None) -> str:
    lines = counted("%(count)s garis dari %(first)s sampai %(last)s.", len(series)) % {
        "count": len(series),
        "first": times[0] if times else "–",
        "last": times[-1] if times else "–",
    }
    return f"{lines} {_('Bidang di sekitarnya: %(label)s.') % {'label': band.label}}" if band else lines


def _band_columns(band: Band | None) -> list[str]:
    if band is None:
        return []
    return [_("%(label)s: dari") % {"label": band.label}, _("%(label)s: sampai") % {"label": band.label}]


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    points: int

    def x(self, i: int) -> float:
        inside = i / (self.points - 1) if self.points > 1 else 0.5
        return round(_GUTTER + (100 - _GUTTER) * inside, 2)

    def y(self, value: Number) -> float:
        inside = (float(value) - self.low) / (self.high - self.low)
        return round(_BOTTOM - _PLOT * max(0.0, min(1.0, inside)), 2)


def _grid(scale: _Scale, show: Callable[[Number], str]) -> list[Svg]:
    drawn = []
    for step in (0, 0.5, 1):
        value = scale.low + step * (scale.high - scale.low)
        y = scale.y(value)
        drawn += [rule(_GUTTER, y, 100, y, "rule"), text(_GUTTER, y + 4, show(value), "t2 end", dx=-8)]
    return drawn


def _target(scale: _Scale, target: Number | None, words: str, show: Callable[[Number], str]) -> list[Svg]:
    if target is None:
        return []
    y = scale.y(target)
    named = words or _("target %(value)s") % {"value": show(target)}
    return [rule(_GUTTER, y, 100, y, "target-line"), text(_GUTTER, y - 6, named, "t2 halo", dx=4)]


def _lines(scale: _Scale, series: Sequence[Series], band: Band | None) -> Svg:
    """The lines, and the band beneath them, live in a drawing of their own that is stretched; strokes keep their
    width."""
    drawn = [f'<polygon class="band" points="{edge}"/>' for edge in _edges(scale, band)]
    drawn += [
        f'<polyline class="l{n}" points="{run}"/>'
        for n, one in enumerate(series, 1)
        for run in _runs(scale, one)
    ]
    return (
        f'<svg x="0" y="{_TOP}" width="100%" height="{_PLOT}" viewBox="0 {_TOP} 100 {_PLOT}" '
        f'preserveAspectRatio="none" overflow="visible">{join(drawn)}</svg>'
    )


def _runs(scale: _Scale, one: Series) -> list[str]:
    """The points of each unbroken piece."""
    pieces = groupby(enumerate(one.values), key=lambda pair: pair[1] is not None)
    return [
        " ".join(f"{scale.x(i):.2f},{scale.y(v)}" for i, v in piece if v is not None)
        for there, piece in pieces
        if there
    ]


def _edges(scale: _Scale, band: Band | None) -> list[str]:
    """The outline of each unbroken piece: along the upper ends, and back along the lower ones."""
    if band is None:
        return []
    places = enumerate(zip(band.low, band.high, strict=True))
    found = []
    for there, piece in groupby(places, key=lambda place: None not in place[1]):
        ends = [(f"{scale.x(i):.2f}", low, high) for i, (low, high) in piece]
        if there:
            upper = [f"{x},{scale.y(high or 0)}" for x, _low, high in ends]
            found.append(
                " ".join([*upper, *(f"{x},{scale.y(low or 0)}" for x, low, _high in reversed(ends))])
            )
    return found


def _end_labels(scale: _Scale, series: Sequence[Series], show: Callable[[Number], str]) -> list[Svg]:
    """Name each line at its last point: above it, the lowest of several below it, never on one another nor on the
    times."""
    ends = []
    for n, one in enumerate(series, 1):
        last = max((i for i, v in enumerate(one.values) if v is not None), default=None)
        if last is not None:
            value = one.values[last] or 0
            ends.append((scale.y(value), scale.x(last), n, f"{one.label} {show(value)}"))
    drawn, ends = [], sorted(ends)
    for at, (y, x, n, words) in zip(_apart([y for y, *_rest in ends]), ends, strict=True):
        drawn += [dot(x, y, 4.5, f"c{n}"), text(x, at, words, "v halo" + (" end" if x > 50 else ""))]
    return drawn


def _apart(points: Sequence[float]) -> list[float]:
    """Where the names of points stand, given from the highest to the lowest: pushed down past one another, then up from
    the axis."""
    found, ceiling, floor = [], 0.0, _BOTTOM - 6.0
    for place, y in enumerate(points):
        lowest = len(points) > 1 and place == len(points) - 1
        ceiling = max(y + 20 if lowest and y < _BOTTOM - 24 else y - 10, ceiling + _APART)
        found.append(ceiling)
    for place in reversed(range(len(found))):
        found[place] = min(found[place], floor)
        floor = found[place] - _APART
    return found


def _time_labels(times: Sequence[str]) -> list[Svg]:
    if not times:
        return []
    y = _BOTTOM + 18
    drawn = [text(_GUTTER, y, times[0], "t2")]
    if len(times) > 1:
        drawn.append(text(100, y, times[-1], "t2 end"))
    if len(times) > 2 and len(times) % 2:
        drawn.append(text(_GUTTER + (100 - _GUTTER) / 2, y, times[len(times) // 2], "t2 mid"))
    return drawn
