"""Small pieces of SVG: text, bars and scales in percent of the width, pixels of the height."""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

Number = int | float | Decimal
LINE = 17
LABEL_CHARACTERS = 34
"""What a 13 px label line holds beside its value at 360 px."""


def join(parts: Iterable[Markup]) -> Markup:
    """Pieces one after another."""
    return Markup("").join(parts)


def share(value: Number, of: Number) -> float:
    """Percent of the width, 0 to 100."""
    return round(max(0.0, min(100.0, 100 * float(value) / float(of))), 2) if of else 0.0


def text(x: float, y: float, words: str, classes: str = "", dx: float = 0) -> Markup:
    """Words at x % and y px."""
    return Markup('<text x="{}%" y="{}"{}{}>{}</text>').format(
        _short(x), _short(y), _attribute("class", classes), _attribute("dx", _short(dx) if dx else ""), words
    )


def bar(y: float, width: float, height: float, classes: str, x: float = 0) -> Markup:
    """A bar from x % over a width in percent."""
    return Markup('<rect{} y="{}" width="{}%" height="{}" rx="2" class="{}"/>').format(
        _attribute("x", f"{_short(x)}%" if x else ""), _short(y), _short(width), _short(height), classes
    )


def dot(x: float, y: float, radius: float, classes: str) -> Markup:
    """A circle at x % and y px."""
    return Markup('<circle cx="{}%" cy="{}" r="{}" class="{}"/>').format(
        _short(x), _short(y), _short(radius), classes
    )


def rule(x1: float, y1: float, x2: float, y2: float, classes: str) -> Markup:
    """A straight line; x in percent, y in px."""
    return Markup('<line x1="{}%" y1="{}" x2="{}%" y2="{}" class="{}"/>').format(
        _short(x1), _short(y1), _short(x2), _short(y2), classes
    )


@dataclass(frozen=True)
class Drawing:
    """What lies inside an `<svg>`, and its height in px."""

    inside: Markup
    height: int


def label(
    y: float, words: str, value: str, classes: str = "", *, wrap: int = 0, known: bool = True
) -> tuple[Markup, float]:
    """A label with its value at the right edge, wrapped at `wrap` characters; returns the y below both."""
    lines = textwrap.wrap(words, wrap) if wrap else [words]
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


def _attribute(name: str, value: str) -> Markup:
    return Markup(' {}="{}"').format(name, value) if value else Markup("")


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
