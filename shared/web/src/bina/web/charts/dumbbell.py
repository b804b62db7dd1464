"""Dumbbells: two values of one thing and the distance between them, the largest shortfall first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bina.web.charts.drawing import (
    Drawing,
    Number,
    Row,
    Svg,
    all_hundredths,
    join,
    rule,
    stacked,
    text,
    within,
)
from bina.web.charts.figure import Figure
from bina.web.formats import number, numbers
from bina.web.language import counted
from bina.web.language import gettext as _

_GAP = 12
_PITCH = 22 + _GAP
_TRACK = rule(0, 13, 100, 13, "rule")


@dataclass(frozen=True)
class Pair:
    """A reference (standard, before) and what was found (result, after); None where nothing was measured."""

    label: str
    reference: Number
    found: Number | None

    @cached_property
    def change(self) -> Number | None:
        """From the reference to what was found, without the noise of binary fractions."""
        return None if self.found is None else round(self.found - self.reference, 4)  # type: ignore[operator]  # both ends of a pair have one type

    @cached_property
    def short(self) -> float:
        """How much is missing to the reference; negative when it is surpassed."""
        return float(self.reference) - float(self.found) if self.found is not None else float("-inf")


def dumbbell(
    title: str,
    pairs: Sequence[Pair],
    *,
    low: Number,
    high: Number,
    reference: str,
    found: str,
    show: Callable[[Number], str] = number,
    ticks: Sequence[Number] = (),
    note: str = "",
    csv_href: str = "",
) -> Figure:
    """Rows ○ – ● on a scale from `low` to `high`; `reference` and `found` name the two ends."""
    ranked = sorted(pairs, key=lambda p: -p.short)
    return Figure(
        title,
        counted(
            "%(count)s baris; lingkaran kosong: %(reference)s, bulatan: %(found)s, selisih terbesar di atas.",
            len(pairs),
        )
        % {"count": len(pairs), "reference": reference, "found": found},
        _draw(ranked, _Scale(float(low), float(high), ticks), show),
        (_("Nama"), reference, found, _("Selisih")),
        [(p.label, p.reference, p.found, p.change) for p in ranked],
        key=_key(ranked, reference, found),
        note=note,
        csv_href=csv_href,
    )


def _key(ranked: Sequence[Pair], reference: str, found: str) -> list[tuple[str, str]]:
    """What the marks mean; the colour of a shortfall only where there is one."""
    key = [("hollow", reference)]
    if any(pair.short <= 0 for pair in ranked):
        key.append(("dot", found))
    if any(pair.short > 0 for pair in ranked):
        key.append(("dot-short", _("%(found)s, kurang") % {"found": found}))
    return key


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    ticks: Sequence[Number]

    def all_x(self, values: Iterable[Number]) -> list[Svg]:
        """Percent of the width, inset so that no circle is cut at the edge."""
        low, width = self.low, self.high - self.low
        return all_hundredths([2.5 + 95 * within(0.0, (float(value) - low) / width, 1.0) for value in values])


def _draw(ranked: Sequence[Pair], scale: _Scale, show: Callable[[Number], str]) -> list[Drawing]:
    above = join(
        text(x, 12, show(tick), "t2 mid")
        for x, tick in zip(scale.all_x(scale.ticks), scale.ticks, strict=True)
    )
    measured = [pair for pair in ranked if pair.found is not None]
    starts = scale.all_x(pair.reference for pair in ranked)
    ends = scale.all_x(pair.found for pair in measured if pair.found is not None)
    gaps = _gaps(measured, show)
    # those that were not measured come last
    rows = [
        Row(pair.label, gap, _ends(start, end, "c2" if pair.short > 0 else "c1"))
        for pair, gap, start, end in zip(measured, gaps, starts, ends, strict=False)
    ]
    unknown = _("belum dinilai")
    rows += [
        Row(pair.label, unknown, f"{_TRACK}{_hollow(start)}", known=False)
        for pair, start in zip(ranked[len(rows) :], starts[len(rows) :], strict=True)
    ]
    return stacked(rows, _PITCH, _GAP, above=above, top=26.0 if scale.ticks else 0.0)


def _hollow(x: Svg) -> Svg:
    return f'<circle cx="{x}%" cy="13" r="6" class="hollow"/>'


def _ends(start: Svg, end: Svg, kind: str) -> Svg:
    """The track and what lies on it, in one piece: a chart may have hundreds."""
    return (
        f'{_TRACK}<line x1="{start}%" y1="13" x2="{end}%" y2="13" class="bridge"/>'
        f'<circle cx="{start}%" cy="13" r="6" class="hollow"/>'
        f'<circle cx="{end}%" cy="13" r="6.5" class="{kind}"/>'
    )


def _gaps(measured: Sequence[Pair], show: Callable[[Number], str]) -> list[str]:
    """How far each lies from its reference, in words."""
    short, met, more = _("kurang %(gap)s"), _("terpenuhi"), _("lebih %(gap)s")
    distances = [abs(pair.short) for pair in measured]
    shown = numbers(distances) if show is number else map(show, distances)
    return [
        short % {"gap": words} if pair.short > 0 else met if pair.short == 0 else more % {"gap": words}
        for pair, words in zip(measured, shown, strict=True)
    ]
