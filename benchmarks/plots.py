"""Figures and lines as SVG, small enough to be committed: bars beside their baselines, lines over time or size.

Written by hand: two kinds of plot need no library that would be the largest of the project's tools.
"""

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .figures import LATEST, SERIES

FOLDER = Path(__file__).parent / "plots"
WIDTH, BAR, LEFT, RIGHT = 760, 16, 250, 130
COLOURS = ("#1f5fae", "#c2571a", "#2b7a4b", "#8a3fa0", "#6b6b6b")
HEIGHT, MARGIN = 300, 60
AXES = {
    "backlog": ("seconds", "messages applied (MiB of memory ×1000)"),
    "rush.coming": ("hour of the day", "requests per second"),
    "rush.delay": ("hour of the day", "hours until what waits is taken"),
}
TOGETHER = (
    "handlers",
    "instrumentation",
    "relay",
    "latency",
    "audience",
    "backlog",
    "growth",
    "mail",
    "recovery",
)
Point = tuple[float, float]


def write(folder: Path = FOLDER) -> list[Path]:
    """All plots of what was measured last."""
    folder.mkdir(exist_ok=True)
    figures = json.loads(LATEST.read_text())
    lines = json.loads(SERIES.read_text()) if SERIES.exists() else {}
    made = {f"{group}.svg": bars(group, _of(figures, group)) for group in TOGETHER if _of(figures, group)}
    made |= {f"{name}.lines.svg": plot(name, series) for name, series in lines.items()}
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in made]


def _of(figures: Sequence[Mapping[str, Any]], group: str) -> list[Mapping[str, Any]]:
    return [f for f in figures if f["name"].split(".")[0] == group]


def bars(title: str, figures: Sequence[Mapping[str, Any]]) -> str:
    """Two bars a figure: ours and its baseline, on a scale for each unit that begins at zero."""
    most: dict[str, float] = {}
    for f in figures:
        most[f["unit"]] = max(most.get(f["unit"], 0), f["value"], f["baseline"] or 0)
    rows, y = [], 40.0
    for f in figures:
        scale = (WIDTH - LEFT - RIGHT) / (most[f["unit"]] or 1)
        rows += [f"<g><title>{escape(f['note'])}</title>", _text(LEFT - 8, y + BAR, f["name"], anchor="end")]
        rows += _bar(y, f["value"] * scale, f"{_short(f['value'])} {f['unit']}", COLOURS[0])
        if f["baseline"] is not None:
            rows += _bar(y + BAR, f["baseline"] * scale, _short(f["baseline"]), COLOURS[4])
        rows.append("</g>")
        y += 2 * BAR + 10
    head = f"{title}: Bina (blue) beside the baseline (grey); medians"
    return _svg(WIDTH, y + 10, [_text(10, 20, head, size=14), *rows])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _bar(y: float, length: float, label: str, colour: str) -> list[str]:
    return [
        f'<rect x="{LEFT}" y="{y:.0f}" width="{max(length, 1):.1f}" height="{BAR - 3}" fill="{colour}"/>',
        _text(LEFT + length + 6, y + BAR - 5, label),
    ]


def plot(title: str, series: Mapping[str, Sequence[Point]]) -> str:
    """Lines over one axis; sizes that grow tenfold stand on a logarithmic one."""
    across, up = AXES.get(title, ("rows in the largest table", "µs per event"))
    log = title.startswith("growth")
    lines = {name: [(math.log10(x) if log else x, y) for x, y in points] for name, points in series.items()}
    lines = {n: [(x, y * 1000) for x, y in p] if n == "MiB" else p for n, p in lines.items()}
    points = [point for line in lines.values() for point in line]
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    top = max(y for _, y in points) or 1
    wide, tall = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN

    def place(point: Point) -> str:
        x = MARGIN + (point[0] - low) / ((high - low) or 1) * wide
        return f"{x:.1f},{HEIGHT - MARGIN - point[1] / top * tall:.1f}"

    parts = [
        _text(10, 20, title, size=14),
        f'<path d="M{MARGIN},{MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}" fill="none" stroke="#999"/>',
        _text(MARGIN - 6, MARGIN + 4, _short(top), anchor="end"),
        _text(MARGIN - 6, HEIGHT - MARGIN, "0", anchor="end"),
        _text(MARGIN, HEIGHT - MARGIN + 16, _end(low, log=log)),
        _text(WIDTH - MARGIN, HEIGHT - MARGIN + 16, _end(high, log=log), anchor="end"),
        _text(WIDTH / 2, HEIGHT - 20, across, anchor="middle"),
        _text(MARGIN, MARGIN - 10, up),
    ]
    for line, colour in zip(lines.values(), COLOURS, strict=False):
        joined = " ".join(map(place, line))
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for number, name in enumerate(lines):
        parts.append(_text(MARGIN + 12, MARGIN + 10 + 16 * number, name, colour=COLOURS[number]))
    return _svg(WIDTH, HEIGHT, parts)


def _end(value: float, *, log: bool) -> str:
    return f"{10**value:,.0f}" if log else _short(value)


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, colour: str = "#222"
) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(text)}</text>"
    )


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-family="sans-serif"><rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )
