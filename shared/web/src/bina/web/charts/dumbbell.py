"""Dumbbells: two values of one thing and the distance between them, the largest shortfall first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bina.web.charts.drawing import (
    Drawing,
    Number,
    Row,
    Svg,
    dot,
    hundredths,
    join,
    rule,
    stacked,
    text,
    within,
)
from bina.web.charts.figure import Figure
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _

_TRACK = 22
_GAP = 12


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

    def x(self, value: Number) -> Svg:
        """Percent of the width, inset so that no circle is cut at the edge."""
        inside = (float(value) - self.low) / (self.high - self.low)
        return hundredths(2.5 + 95 * within(0.0, inside, 1.0))


def _draw(ranked: Sequence[Pair], scale: _Scale, show: Callable[[Number], str]) -> list[Drawing]:
    above = join(text(scale.x(t), 12, show(t), "t2 mid") for t in scale.ticks)
    track = rule(0, 13, 100, 13, "rule")
    rows = [
        Row(pair.label, _gap_words(pair, show), track + _ends(pair, scale), "", pair.found is not None)
        for pair in ranked
    ]
    return stacked(rows, _TRACK + _GAP, _GAP, above=above, top=26.0 if scale.ticks else 0.0)


def _ends(pair: Pair, scale: _Scale) -> Svg:
    start = scale.x(pair.reference)
    hollow = dot(start, 13, 6, "hollow")
    if pair.found is None:
        return hollow
    end = scale.x(pair.found)
    found = dot(end, 13, 6.5, "c2" if pair.short > 0 else "c1")
    return f"{rule(start, 13, end, 13, 'bridge')}{hollow}{found}"


def _gap_words(pair: Pair, show: Callable[[Number], str]) -> str:
    if pair.found is None:
        return _("belum dinilai")
    if pair.short > 0:
        return _("kurang %(gap)s") % {"gap": show(pair.short)}
    return _("terpenuhi") if pair.short == 0 else _("lebih %(gap)s") % {"gap": show(-pair.short)}
