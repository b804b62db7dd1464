"""Text that fits: sizes that go down before lines go up, signs that the font has."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTFont
from fpdf import FPDF

from bina.web.static import DIST, PRINT_FONTS

LINE = 1.22
"""Height of a line, by its size."""
ASCENT = 0.95
"""How far below a line's upper edge its letters stand, by its size."""
FAMILY = "jakarta"
MISSING = "?"
"""Stands for a sign that the font has neither whole nor in parts, so that nothing vanishes unseen."""
_MM = 25.4 / 72
_PIECES = re.compile(r"\s+|[^\s/-]*[/-]+|[^\s/-]+")
"""Words, the space between them, and words' parts up to where an address or a number may be broken."""


class Box(NamedTuple):
    """Where a text goes: its left upper corner, width and most lines; in millimetres."""

    x: float
    y: float
    width: float
    lines: int = 1
    right: bool = False


@dataclass(frozen=True)
class Style:
    """How a text is written: its sizes (points), the largest that fits is taken; red, green, blue; bold or not."""

    sizes: Sequence[float]
    colour: tuple[int, int, int]
    bold: bool = False

    @property
    def weight(self) -> int:
        """The font's weight."""
        return 750 if self.bold else 400


def embed(pdf: FPDF) -> None:
    """Give a document the letters that `write` uses."""
    pdf.add_font(FAMILY, "", _path(400))
    pdf.add_font(FAMILY, "B", _path(750))


def write(pdf: FPDF, text: str, box: Box, style: Style) -> float:
    """Write a text as large as it fits and give the y below it. What fits in no size is written in the smallest, in as
    many lines as it takes: nothing is cut."""
    size, lines = fitted(text, box, style)
    pdf.set_font(FAMILY, "B" if style.bold else "", size)
    pdf.set_text_color(*style.colour)
    y = box.y
    for line in lines:
        x = box.x + box.width - width_of(line, style.weight, size) if box.right else box.x
        pdf.text(x, y + size * _MM * ASCENT, line)
        y += size * _MM * LINE
    return y


def fitted(text: str, box: Box, style: Style) -> tuple[float, list[str]]:
    """The size (points) in which a text goes into a box, and its lines there."""
    shown = drawable(text)
    for size in style.sizes:
        lines = _lines(shown, box.width, style.weight, size)
        if len(lines) <= box.lines:
            break
    return size, lines


def drawable(text: str) -> str:
    """The same in signs that the font has: composed, else taken apart, else `MISSING`."""
    return "".join(_sign(sign) for sign in unicodedata.normalize("NFC", text))


def width_of(text: str, weight: int, size: float) -> float:
    """How wide a text is, in millimetres; its size in points."""
    widths = _widths(weight)
    return sum(widths[ord(sign)] for sign in text) * size * _MM


def _lines(text: str, width: float, weight: int, size: float) -> list[str]:
    lines = [""]
    for piece in _PIECES.findall(text):
        if width_of((lines[-1] + piece).rstrip(), weight, size) <= width:
            lines[-1] += piece
        elif not piece.isspace():
            lines += _broken(piece, width, weight, size)
    return [line.strip() for line in lines if line.strip()] or [""]


def _broken(piece: str, width: float, weight: int, size: float) -> list[str]:
    """A word on a line of its own, or on as many as one that is wider takes."""
    lines = [""]
    for sign in piece:
        if width_of(lines[-1] + sign, weight, size) > width and lines[-1]:
            lines.append("")
        lines[-1] += sign
    return lines


def _sign(sign: str) -> str:
    known = _widths(400)
    if ord(sign) in known:
        return sign
    parts = "".join(part for part in unicodedata.normalize("NFKD", sign) if ord(part) in known)
    return parts or ("" if unicodedata.combining(sign) else MISSING)


@cache
def _widths(weight: int) -> dict[int, float]:
    """By sign, in parts of its size."""
    font = TTFont(_path(weight))
    unit = font["head"].unitsPerEm
    return {sign: font["hmtx"][name][0] / unit for sign, name in font.getBestCmap().items()}


def _path(weight: int) -> Path:
    return DIST / PRINT_FONTS[weight]
