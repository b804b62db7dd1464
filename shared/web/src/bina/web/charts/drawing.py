"""Small pieces of SVG: text, bars and scales in percent of the width, pixels of the height, rounded by who draws them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from markupsafe import escape

Number = int | float | Decimal
Svg = str
"""Finished SVG; only `text` takes words, and escapes them."""
LINE = 17
LABEL_CHARACTERS = 26
"""What a 13 px label line holds beside its value at 320 px."""


def escaped(words: str) -> Svg:
    """A plain string: markup that is formatted into another string is asked how, each time."""
    return str(escape(words))


def all_escaped(words: Sequence[str]) -> list[Svg]:
    """Several strings, escaped in one go: each alone takes ten times as long."""
    found = escaped("\0".join(words)).split("\0")
    return found if len(found) == len(words) else [escaped(one) for one in words]


def join(parts: Iterable[Svg]) -> Svg:
    """Pieces one after another."""
    return "".join(parts)


def within(least: float, value: float, most: float) -> float:
    """The value, or the end that it lies beyond."""
    return least if value <= least else value if value <= most else most


def hundredths(value: float) -> Svg:
    """`str(round(value, 2))` in a third of its time."""
    written = f"{value:.2f}"
    return written[:-1] if written[-1] == "0" else written


def all_hundredths(values: Sequence[float]) -> list[Svg]:
    """Each as `hundredths` writes it, in one go."""
    return ("%.2f\n" * len(values) % tuple(values)).replace("0\n", "\n").split("\n")[:-1]


def share(value: Number, of: Number) -> float:
    """Percent of the width, 0 to 100."""
    return float(hundredths(within(0.0, 100 * float(value) / float(of), 100.0))) if of else 0.0


def text(x: float | Svg, y: float, words: str, classes: str = "", dx: float = 0) -> Svg:
    """Words at x % and y px."""
    named = f' class="{classes}"' if classes else ""
    moved = f' dx="{dx}"' if dx else ""
    return f'<text x="{x}%" y="{y}"{named}{moved}>{escaped(words)}</text>'


def bar(y: float, width: float, height: float, classes: str, x: float = 0) -> Svg:
    """A bar from x % over a width in percent."""
    begun = f' x="{x}%"' if x else ""
    return f'<rect{begun} y="{y}" width="{width}%" height="{height}" rx="2" class="{classes}"/>'


def dot(x: float | Svg, y: float, radius: float, classes: str) -> Svg:
    """A circle at x % and y px."""
    return f'<circle cx="{x}%" cy="{y}" r="{radius}" class="{classes}"/>'


def rule(x1: float | Svg, y1: float, x2: float | Svg, y2: float, classes: str) -> Svg:
    """A straight line; x in percent, y in px."""
    return f'<line x1="{x1}%" y1="{y1}" x2="{x2}%" y2="{y2}" class="{classes}"/>'


@dataclass(frozen=True)
class Drawing:
    """What lies inside an `<svg>`, and its height in px."""

    inside: Svg
    height: int


class Row(NamedTuple):
    """A label with its value at the right edge and marks below, their y counted from the label's lower edge."""

    label: str
    value: str
    marks: Svg
    classes: str = ""
    known: bool = True


def stacked(
    rows: Sequence[Row], pitch: float, gap: float, *, above: Svg = "", top: float = 0
) -> list[Drawing]:
    """Rows one below the other, marks `pitch` high with the `gap` after them, under what stands `above` them.

    A second drawing with wrapped labels comes along where one of them is too long for a phone.
    """
    values = all_escaped([row.value for row in rows])
    marks = [
        f'<text x="100%" y="13" class="{"v" if row.known else "t2"} end">{value}</text>'
        f'<g transform="translate(0 {LINE})">{row.marks}</g></g>'
        for row, value in zip(rows, values, strict=True)
    ]
    kinds = [f' class="{row.classes}"' if row.classes else "" for row in rows]
    labels = [[[row.label] for row in rows]]
    if any(len(row.label) > LABEL_CHARACTERS for row in rows):
        labels.append([_lines(row.label, LABEL_CHARACTERS) for row in rows])
    drawn = [_stack(lines, kinds, marks, pitch, top) for lines in labels]
    return [Drawing(above + inside, int(max(end - gap + 4, 4))) for inside, end in drawn]


def _stack(
    labels: Sequence[Sequence[str]], kinds: Sequence[Svg], marks: Sequence[Svg], pitch: float, y: float
) -> tuple[Svg, float]:
    """Each row's group lies where its label's last line does; the lines before stand above it. And where they end."""
    words, parts = iter(all_escaped([line for lines in labels for line in lines])), []
    for lines, kind, drawn in zip(labels, kinds, marks, strict=True):
        higher = (len(lines) - 1) * LINE
        y += higher
        parts.append(f'<g transform="translate(0 {y})">')
        parts += [f'<text y="{at}"{kind}>{next(words)}</text>' for at in range(13 - higher, 14, LINE)]
        parts.append(drawn)
        y += LINE + pitch
    return join(parts), y


def _lines(words: str, most: int) -> list[str]:
    """Lines of at most so many characters, a longer word on a line of its own: textwrap takes ten times as long."""
    left = words if len(words) <= most else " ".join(words.split())
    lines = []
    while len(left) > most:
        end = left.rfind(" ", 0, most + 1)
        if end < 0 and (end := left.find(" ")) < 0:
            break
        lines.append(left[:end])
        left = left[end + 1 :]
    return [*lines, left or words]


def nice_top(value: Number) -> float:
    """The next round number at or above a value, to end a scale with."""
    if value <= 0:
        return 1.0
    size = 10.0 ** (len(str(int(value))) - 1)
    return next(step * size for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * size >= float(value))
