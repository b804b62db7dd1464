"""Charts as our own SVG: a title that states the finding, a table with the same figures, a CSV.

Each function returns a `Figure`; a template writes `{{ figure }}`. Widths are percentages, text keeps its size, so one
drawing reads at 360 px and at 1440 px; colours come from the stylesheet's classes, so no `style` is needed.
"""

from bina.web.charts.bar import Bar, ranked_bar
from bina.web.charts.bullet import jp_ceiling, jp_floor
from bina.web.charts.dumbbell import Pair, dumbbell
from bina.web.charts.figure import Figure
from bina.web.charts.funnel import Stage, funnel
from bina.web.charts.line import Band, Series, line

__all__ = [
    "Band",
    "Bar",
    "Figure",
    "Pair",
    "Series",
    "Stage",
    "dumbbell",
    "funnel",
    "jp_ceiling",
    "jp_floor",
    "line",
    "ranked_bar",
]
