"""Excel workbooks (.xlsx, .xlsm): their structure and styles through openpyxl, their rows by a parser of our own.

openpyxl's own makes objects of each cell and text, and reads a sheet twice to see its formulas: several times as long
for 100,000 rows. Not calamine: it drops `#N/A` and formulas without a stored value (both look empty),
turns an 18-digit number cell into another number, and allocates the whole rectangle that two far-apart cells span.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import IO, Any
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.utils.escape import unescape
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from enrollment.imports.cells import Broken, Cells, CellValue
from enrollment.imports.source import Candidate, Candidates, Detected, FileError

_LAST_ROW = 1_048_576  # a sheet of Excel has no more; a forged row number must not count on for ever
_CHUNK = 1 << 16
_DIGITS = "0123456789"
_TABLE, _TEXT, _RUN = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("sst", "t", "r"))
_ROWS, _VALUE, _FORMULA, _INLINE = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("sheetData", "v", "f", "is"))


class _Reader(ExcelReader):
    """openpyxl's, with shared texts read our way. `visible`: (name, part) of each worksheet that is shown."""

    visible: Sequence[tuple[str, str]] = ()

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is not None:
            with self.archive.open(part.PartName[1:]) as stream:
                self.shared_strings = [_text(item) for item in _children(stream, _TABLE)]

    def read_worksheets(self) -> None:
        self.visible = [
            (sheet.name, part.target)
            for sheet, part in self.parser.find_sheets()
            if sheet.state == "visible" and part.target in self.valid_files and "chartsheet" not in part.Type
        ]


@dataclass(frozen=True)
class _Book:
    """What the cells of a workbook refer to. `dates`, `spans`: styles that show a number as date or as duration."""

    reader: _Reader
    texts: list[str]
    dates: frozenset[int]
    spans: frozenset[int]
    epoch: datetime

    def open(self, part: str) -> IO[bytes]:
        """A part of the package, unpacked as it is read."""
        stream: IO[bytes] = self.reader.archive.open(part)
        return stream


def candidates(data: bytes) -> Candidates:
    """The visible worksheets in order; raises `FileError` if openpyxl cannot open the workbook."""
    with _refusing(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what openpyxl leaves out, which concerns nobody
        book = _open(data)
    epoch = book.epoch.date()
    tables = [
        Candidate(partial(_rows, book, part), Detected(sheet=name), epoch)
        for name, part in book.reader.visible
    ]
    return Candidates(tuple(tables))


def _open(data: bytes) -> _Book:
    reader = _Reader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    reader.read()
    workbook: Any = reader.wb
    dates, spans = workbook._date_formats, workbook._timedelta_formats  # noqa: SLF001 - as its own reader asks
    return _Book(reader, reader.shared_strings, frozenset(dates), frozenset(spans), workbook.epoch)


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever a malformed part leads to is a refusal."""
    try:
        yield
    except FileError:
        raise
    except Exception as e:
        raise FileError("file.unreadable") from e


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
    number = 0
    with book.open(part) as stream:
        for row in _children(stream, _ROWS):
            told = row.get("r")
            number = int(float(told)) if told else number + 1
            yield number, _cells(book, row, width)


def _children(stream: IO[bytes], parent: str) -> Iterator[Element]:
    """The children of the first element of that name, each whole and let go of: the tree never holds more than a chunk.

    The tree grows under an element of ours, by which it can be looked at while it grows.
    """
    builder = TreeBuilder()
    root: Element = builder.start("", {})
    parser = XMLParser(target=builder)  # noqa: S314 - a part with a DOCTYPE was refused before
    found: Element | None = None
    while chunk := stream.read(_CHUNK):
        parser.feed(chunk)
        found = next(root.iter(parent), None) if found is None else found
        if found is not None and len(found) > 1:  # the last may still be read
            yield from found[:-1]
            del found[:-1]
    parser.close()
    yield from found if found is not None else ()


def _cells(book: _Book, row: Element, width: int | None) -> Cells:
    placed, at = {}, 0
    for cell in row:
        place = cell.get("r")
        at = _column(place.rstrip(_DIGITS)) if place else at + 1
        if width is None or at <= width:
            placed[at] = _value(book, cell)
    return tuple(map(placed.get, range(1, (at if width is None else width) + 1)))


@lru_cache(maxsize=1024)
def _column(letters: str) -> int:
    return int(column_index_from_string(letters))


def _value(book: _Book, cell: Element) -> CellValue:
    """What a cell shows: its stored value; `Broken` for an error, and for a formula that was never calculated."""
    if cell.get("t") == "s" and len(cell) == 1 and (place := cell[0].text) and cell[0].tag == _VALUE:
        return book.texts[int(place)]  # nearly every one
    return _other_value(book, cell)


def _other_value(book: _Book, cell: Element) -> CellValue:
    kind, stored, formula, inline = cell.get("t", "n"), None, None, None
    for child in cell:
        if child.tag == _VALUE:
            stored = child.text
        elif child.tag == _FORMULA:
            formula = child
        elif child.tag == _INLINE:
            inline = child
    if kind == "e":
        return Broken(stored or "#VALUE!")
    if kind == "inlineStr" and inline is not None:
        return _text(inline)
    if stored and kind != "inlineStr":
        return book.texts[int(stored)] if kind == "s" else _typed(book, kind, stored, cell.get("s"))
    return Broken("=" + (formula.text or "")) if formula is not None and kind != "str" else None


def _typed(book: _Book, kind: str, stored: str, style: str | None) -> CellValue:
    if kind == "n":
        number = float(stored) if "." in stored or "E" in stored or "e" in stored else int(stored)
        if style is None or int(style) not in book.dates:
            return number
        return _moment(number, book.epoch, span=int(style) in book.spans)
    if kind == "b":
        return bool(int(stored))
    moment: CellValue = from_ISO8601(stored) if kind == "d" else _unescaped(stored)  # type: ignore[no-untyped-call]
    return moment


@lru_cache(maxsize=32_768)  # the days of 90 years
def _moment(serial: float, epoch: datetime, *, span: bool) -> CellValue:
    try:
        moment: CellValue = from_excel(serial, epoch, timedelta=span)
    except (OverflowError, ValueError):
        return Broken("#VALUE!")
    return moment


def _text(item: Element) -> str:
    """A text, whole or in runs of formatting; what is only said aloud (phonetic runs) is not of it."""
    texts = [
        e.text or "" for child in item for e in (child if child.tag == _RUN else (child,)) if e.tag == _TEXT
    ]
    return _unescaped("".join(texts))


def _unescaped(text: str) -> str:
    return unescape(text) if "_x" in text else text
