"""Small pieces of SVG: text, bars and scales in percent of the width, pixels of the height; six digits of each."""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import escape

Number = int | float | Decimal
Svg = str
"""Finished SVG; only `text` takes words, and escapes them."""
LINE = 17
LABEL_CHARACTERS = 26
"""What a 13 px label line holds beside its value at 320 px."""


def join(parts: Iterable[Svg]) -> Svg:
    """Pieces one after another."""
    return "".join(parts)


def share(value: Number, of: Number) -> float:
    """Percent of the width, 0 to 100."""
    return round(max(0.0, min(100.0, 100 * float(value) / float(of))), 2) if of else 0.0


def text(x: float, y: float, words: str, classes: str = "", dx: float = 0) -> Svg:
    """Words at x % and y px."""
    named = f' class="{classes}"' if classes else ""
    moved = f' dx="{dx:g}"' if dx else ""
    return f'<text x="{x:g}%" y="{y:g}"{named}{moved}>{escape(words)}</text>'


def bar(y: float, width: float, height: float, classes: str, x: float = 0) -> Svg:
    """A bar from x % over a width in percent."""
    begun = f' x="{x:g}%"' if x else ""
    return f'<rect{begun} y="{y:g}" width="{width:g}%" height="{height:g}" rx="2" class="{classes}"/>'


def dot(x: float, y: float, radius: float, classes: str) -> Svg:
    """A circle at x % and y px."""
    return f'<circle cx="{x:g}%" cy="{y:g}" r="{radius:g}" class="{classes}"/>'


def rule(x1: float, y1: float, x2: float, y2: float, classes: str) -> Svg:
    """A straight line; x in percent, y in px."""
    return f'<line x1="{x1:g}%" y1="{y1:g}" x2="{x2:g}%" y2="{y2:g}" class="{classes}"/>'


@dataclass(frozen=True)
class Drawing:
    """What lies inside an `<svg>`, and its height in px."""

    inside: Svg
    height: int


def label(
    y: float, words: str, value: str, classes: str = "", *, wrap: int = 0, known: bool = True
) -> tuple[Svg, float]:
    """A label with its value at the right edge, wrapped at `wrap` characters; returns the y below both."""
    lines = textwrap.wrap(words, wrap) if 0 < wrap < len(words) else [words]
    drawn = [text(0, y + 13 + i * LINE, line, classes) for i, line in enumerate(lines)]
    drawn.append(text(100, y + 13 + (len(lines) - 1) * LINE, value, "v end" if known else "t2 end"))
    return join(drawn), y + len(lines) * LINE


def for_widths(draw: Callable[[int], Drawing], labels: Iterable[str]) -> list[Drawing]:
    """One drawing; a second with wrapped labels where one of them is too long for a phone."""
    too_long = any(len(words) > LABEL_CHARACTERS for words in labels)
    return [draw(0), draw(LABEL_CHARACTERS)] if too_long else [draw(0)]


def nice_top(value: Number) -> float:
    """The next round number at or above a value, to end a scale with."""
    if value <= 0:
        return 1.0
    size = 10.0 ** (len(str(int(value))) - 1)
    return next(step * size for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * size >= float(value))
