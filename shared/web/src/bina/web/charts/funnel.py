"""Response funnels: how many were asked, reached, began, answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from bina.web.charts.drawing import Drawing, Row, bar, share, stacked
from bina.web.charts.figure import Figure
from bina.web.formats import numbers, percent
from bina.web.language import gettext as _

_BAR = 16
_GAP = 14


@dataclass(frozen=True)
class Stage:
    """A stage and how many people came to it."""

    label: str
    count: int


def funnel(title: str, stages: Sequence[Stage], *, note: str = "", csv_href: str = "") -> Figure:
    """Bars of the first stage's width; each also says its share of the first."""
    first = stages[0].count if stages else 0
    counts = numbers(stage.count for stage in stages)
    return Figure(
        title,
        ", ".join(f"{stage.label} {count}" for stage, count in zip(stages, counts, strict=True)),
        _draw(stages, counts, first),
        (_("Tahap"), _("Orang"), _("% dari awal")),
        [(stage.label, stage.count, _percent_of(stage.count, first)) for stage in stages],
        note=note,
        csv_href=csv_href,
    )


def _draw(stages: Sequence[Stage], counts: Sequence[str], first: int) -> list[Drawing]:
    track = bar(4, 100, _BAR, "track")
    rows = [
        Row(
            stage.label,
            f"{count} · {percent(_of(stage.count, first), 0)}",
            track + bar(4, share(stage.count, first), _BAR, "c1"),
        )
        for stage, count in zip(stages, counts, strict=True)
    ]
    return stacked(rows, 4 + _BAR + _GAP, _GAP)


def _of(count: int, first: int) -> float | None:
    return count / first if first else None


def _percent_of(count: int, first: int) -> float | None:
    return round(100 * count / first, 1) if first else None
