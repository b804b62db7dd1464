"""Dumbbells: two values of one thing and the distance between them, the largest shortfall first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bina.web.charts.drawing import Drawing, Number, Svg, dot, for_widths, join, label, rule, text
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

    @property
    def change(self) -> Number | None:
        """From the reference to what was found, without the noise of binary fractions."""
        return None if self.found is None else round(self.found - self.reference, 4)  # type: ignore[operator]  # both ends of a pair have one type

    @property
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
        for_widths(
            lambda wrap: _draw(ranked, _Scale(low, high, ticks), show, wrap), [p.label for p in pairs]
        ),
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
    low: Number
    high: Number
    ticks: Sequence[Number]

    def x(self, value: Number) -> float:
        """Percent of the width, inset so that no circle is cut at the edge."""
        inside = (float(value) - float(self.low)) / (float(self.high) - float(self.low))
        return round(2.5 + 95 * max(0.0, min(1.0, inside)), 2)


def _draw(ranked: Sequence[Pair], scale: _Scale, show: Callable[[Number], str], wrap: int) -> Drawing:
    drawn = [text(scale.x(t), 12, show(t), "t2 mid") for t in scale.ticks]
    y = 26.0 if scale.ticks else 0.0
    for pair in ranked:
        labelled, below = label(
            y, pair.label, _gap_words(pair, show), wrap=wrap, known=pair.found is not None
        )
        drawn += [labelled, rule(0, below + 13, 100, below + 13, "rule"), *_ends(pair, below + 13, scale)]
        y = below + _TRACK + _GAP
    return Drawing(join(drawn), int(y - _GAP + 4))


def _ends(pair: Pair, y: float, scale: _Scale) -> list[Svg]:
    start = scale.x(pair.reference)
    if pair.found is None:
        return [dot(start, y, 6, "hollow")]
    end = scale.x(pair.found)
    return [
        rule(start, y, end, y, "bridge"),
        dot(start, y, 6, "hollow"),
        dot(end, y, 6.5, "c2" if pair.short > 0 else "c1"),
    ]


def _gap_words(pair: Pair, show: Callable[[Number], str]) -> str:
    if pair.found is None:
        return _("belum dinilai")
    if pair.short > 0:
        return _("kurang %(gap)s") % {"gap": show(pair.short)}
    return _("terpenuhi") if pair.short == 0 else _("lebih %(gap)s") % {"gap": show(-pair.short)}
