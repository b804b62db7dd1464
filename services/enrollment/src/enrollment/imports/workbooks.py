"""Excel workbooks (.xlsx, .xlsm) by a parser of our own, a stream from the package to the rows.

openpyxl holds styles and sheets' heads whole, which a hostile file fills the memory with, makes objects of each cell and
text, and reads a sheet twice to see its formulas. Not calamine: it drops `#N/A` and formulas without a stored value
(both look empty), turns an 18-digit number cell into another number, and allocates the whole rectangle that two
far-apart cells span.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache, partial
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from enrollment.imports import number_formats, parts
from enrollment.imports.cells import Broken, Cells, CellValue
from enrollment.imports.parts import Texts
from enrollment.imports.source import Candidate, Candidates, Detected, FileError
from enrollment.imports.values import EPOCH_1900, EPOCH_1904

_LAST_ROW = 1_048_576  # a sheet of Excel has no more; a forged row number must not count on for ever
_LAST_COLUMN = 16_384
_DIGITS = "0123456789"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_TABLE, _TEXT, _RUN = (f"{_MAIN}{name}" for name in ("sst", "t", "r"))
_ROWS, _VALUE, _FORMULA, _INLINE = (f"{_MAIN}{name}" for name in ("sheetData", "v", "f", "is"))
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


class _Part(NamedTuple):
    """Another part that one refers to; `kind` is the last word of the reference's type."""

    name: str
    kind: str


@dataclass(frozen=True)
class _Book:
    """What the cells of a workbook refer to. `dates`, `spans`: styles that show a number as date or as duration."""

    package: zipfile.ZipFile
    texts: list[str]
    dates: frozenset[int]
    spans: frozenset[int]
    epoch: date


def candidates(package: zipfile.ZipFile) -> Candidates:
    """The visible worksheets in order; raises `FileError` if the package is no workbook."""
    with _refusing():
        main = next(part.name for part in _referred(package, "").values() if part.kind == "officeDocument")
        others = _referred(package, main)
        sheets, epoch = _sheets(package, main, others)
        named = {part.kind: part.name for part in others.values() if part.name in package.NameToInfo}
        book = _Book(package, _texts(package, named), *_styles(package, named), epoch)
    tables = (Candidate(partial(_rows, book, part), Detected(sheet=name), epoch) for name, part in sheets)
    return Candidates(tuple(tables))


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever a malformed part leads to is a refusal."""
    try:
        yield
    except FileError:
        raise
    except MemoryError as e:
        raise FileError("file.too_large") from e
    except Exception as e:
        raise FileError("file.unreadable") from e


def _referred(package: zipfile.ZipFile, part: str) -> Mapping[str, _Part]:
    """By id, the parts that a part refers to, in whatever case; those of the package itself for no part."""
    folder, name = posixpath.split(part)
    there = {one.lower(): one for one in package.NameToInfo}
    told = parts.started(package, posixpath.join(folder, "_rels", f"{name}.rels"), {"Relationship"})
    return {
        one.get("Id", ""): _Part(there.get(target.lower(), target), one["Type"].rpartition("/")[2])
        for _parent, _name, one in told
        for target in [_target(folder, one.get("Target", ""))]
    }


def _target(folder: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder, target))[1:]


def _sheets(
    package: zipfile.ZipFile, main: str, others: Mapping[str, _Part]
) -> tuple[list[tuple[str, str]], date]:
    """(name, part) of each worksheet that is shown, and day 0 of the workbook."""
    sheets, epoch = [], EPOCH_1900
    for parent, name, told in parts.started(package, main, {"sheet", "workbookPr"}):
        if name == "workbookPr":
            epoch = EPOCH_1904 if told.get("date1904") in ("1", "true", "on") else EPOCH_1900
        elif parent == "sheets" and told.get("state", "visible") == "visible":
            part = others.get(told.get("id", ""))
            if part and part.kind == "worksheet" and part.name in package.NameToInfo:
                sheets.append((told["name"], part.name))
    return sheets, epoch


def _texts(package: zipfile.ZipFile, named: Mapping[str, str]) -> list[str]:
    if "sharedStrings" not in named:
        return []
    kept = Texts()
    with package.open(named["sharedStrings"]) as stream:
        return kept.keep_all(map(_text, parts.children(stream, _TABLE)))


def _styles(package: zipfile.ZipFile, named: Mapping[str, str]) -> tuple[frozenset[int], frozenset[int]]:
    """Places of the cells' styles that show a number as date, and as duration."""
    if "styles" not in named:
        return frozenset(), frozenset()
    dates, spans, used = set(number_formats.DATES), set(number_formats.SPANS), list[int]()
    for parent, name, told in parts.started(package, named["styles"], {"numFmt", "xf"}):
        if name == "xf" and parent == "cellXfs":
            used.append(int(told.get("numFmtId", 0)))
        elif parent == "numFmts":
            _note(int(told["numFmtId"]), told.get("formatCode", ""), dates, spans)
    return (
        frozenset(place for place, number in enumerate(used) if number in dates),
        frozenset(place for place, number in enumerate(used) if number in spans),
    )


def _note(number: int, code: str, dates: set[int], spans: set[int]) -> None:
    dates.discard(number)
    spans.discard(number)
    if number_formats.is_date(code):
        dates.add(number)
        if number_formats.is_span(code):
            spans.add(number)


def _rows(book: _Book, part: str, width: int | None) -> Iterator[Cells]:
    """Rows in their places: missing ones are empty, one that comes after its place is left out."""
    at = 0
    with _refusing():
        for number, cells in _numbered(book, part, width):
            if number > _LAST_ROW:
                raise FileError("file.unreadable")
            if number > at:
                yield from ((),) * (number - at - 1)
                yield cells
                at = number


def _numbered(book: _Book, part: str, width: int | None) -> Iterator[tuple[int, Cells]]:
    number, kept = 0, Texts()
    with book.package.open(part) as stream:
        for row in parts.children(stream, _ROWS):
            told = row.get("r")
            number = int(float(told)) if told else number + 1
            yield number, _cells(book, kept, row, width or _LAST_COLUMN) if len(row) else ()


def _cells(book: _Book, kept: Texts, row: Element, width: int) -> Cells:
    """A row's values up to its last cell; none past `width`."""
    values: list[CellValue] = []
    at = 0
    for cell in row:
        place = cell.get("r")
        at = _column(place.rstrip(_DIGITS)) if place else at + 1
        if at == len(values) + 1 <= width:  # nearly every one follows the one before
            values.append(_value(book, kept, cell))
        elif at <= width:
            values += [None] * (at - len(values))
            values[at - 1] = _value(book, kept, cell)
    return tuple(values)


@lru_cache(maxsize=1024)
def _column(letters: str) -> int:
    """The number of a column; raises ValueError for what is none."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    if not (letters.isascii() and letters.isalpha() and 0 < number <= _LAST_COLUMN):
        raise ValueError("no column")
    return number


def _value(book: _Book, kept: Texts, cell: Element) -> CellValue:
    """What a cell shows: its stored value; `Broken` for an error, and for a formula that was never calculated."""
    if cell.get("t") == "s" and len(cell) == 1:  # nearly every one
        stored = cell[0]
        if stored.tag == _VALUE and (place := stored.text):
            return book.texts[int(place)]
    return _other_value(book, kept, cell)


def _other_value(book: _Book, kept: Texts, cell: Element) -> CellValue:
    kind, inline = cell.get("t", "n"), cell.find(_INLINE)
    stored = cell.findtext(_VALUE)
    if kind == "e":
        return Broken(kept.keep(stored or "#VALUE!"))
    if kind == "inlineStr" and inline is not None:
        return kept.keep(_text(inline))
    if stored and kind != "inlineStr":
        return book.texts[int(stored)] if kind == "s" else _typed(book, kept, kind, stored, cell.get("s"))
    formula = cell.findtext(_FORMULA)
    return None if formula is None or kind == "str" else Broken(kept.keep("=" + formula))


def _typed(book: _Book, kept: Texts, kind: str, stored: str, style: str | None) -> CellValue:
    if kind == "n":
        number = float(stored) if "." in stored or "E" in stored or "e" in stored else int(stored)
        if style is None or int(style) not in book.dates:
            return number
        return number_formats.moment(number, book.epoch, span=int(style) in book.spans)
    if kind == "b":
        return bool(int(stored))
    return _written(stored) if kind == "d" else kept.keep(_unescaped(stored))


def _written(stored: str) -> CellValue:
    """A date or time as ISO 8601 has it."""
    read: Any = time if stored[2:3] == ":" else datetime if "T" in stored else date
    moment: CellValue = read.fromisoformat(stored)
    return moment


def _text(item: Element) -> str:
    """A text, whole or in runs of formatting; what is only said aloud (phonetic runs) is not of it."""
    if not len(item):
        return ""
    if len(item) == 1 and (only := item[0]).tag == _TEXT:  # nearly every one
        return _unescaped(only.text or "")
    texts = [
        e.text or "" for child in item for e in (child if child.tag == _RUN else (child,)) if e.tag == _TEXT
    ]
    return _unescaped("".join(texts))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
