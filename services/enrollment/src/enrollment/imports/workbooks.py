"""Excel workbooks (.xlsx, .xlsm) through openpyxl.

openpyxl and not calamine: calamine drops `#N/A` and formulas without a stored value (both look empty), turns an
18-digit number cell into another number, and allocates the whole rectangle that two far-apart cells span.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.utils.escape import unescape

from enrollment.imports.cells import Broken, Cells, CellValue
from enrollment.imports.source import Candidate, Candidates, Detected, FileError

_LAST_ROW = 1_048_576  # a sheet of Excel has no more; a forged row number must not count on for ever
_WINDOW = 200


@dataclass(frozen=True)
class _Book:
    """The workbook read for its stored values, and, only when needed, once more for its formulas."""

    data: bytes

    @cached_property
    def stored(self) -> Any:
        return self._load(values=True)

    @cached_property
    def formulas(self) -> Any:
        return self._load(values=False)

    def _load(self, *, values: bool) -> Any:
        return load_workbook(io.BytesIO(self.data), read_only=True, data_only=values, keep_links=False)


def candidates(data: bytes) -> Candidates:
    """The visible worksheets in order; raises `FileError` if openpyxl cannot open the workbook."""
    with _refusing():
        book = _Book(data)
        epoch = book.stored.epoch.date()
        visible = [ws.title for ws in book.stored.worksheets if ws.sheet_state == "visible"]
    tables = (Candidate(partial(_rows, book, name), Detected(sheet=name), epoch) for name in visible)
    return Candidates(tuple(tables))


@contextmanager
def _refusing() -> Iterator[None]:
    """openpyxl raises whatever a malformed part leads it to, and warns of what it leaves out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as e:
        raise FileError("file.unreadable") from e


def _rows(book: _Book, sheet: str, width: int | None) -> Iterator[Cells]:
    """Rows of a sheet in windows, so that warnings are silenced only while openpyxl works."""
    values = _cells(book, sheet, width, stored=True)
    formulas: Iterator[tuple[Any, ...]] | None = None
    at = 0
    while window := _next_window(values):
        if formulas is None and any(_may_hide_formula(c) for row in window for c in row):
            formulas = islice(_cells(book, sheet, width, stored=False), at, None)
        beside = _next_window(formulas) if formulas is not None else window
        at += len(window)
        if at > _LAST_ROW:
            raise FileError("file.unreadable")
        yield from map(_row, window, beside)


def _next_window(rows: Iterator[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    with _refusing():
        return list(islice(rows, _WINDOW))


def _cells(book: _Book, sheet: str, width: int | None, *, stored: bool) -> Iterator[tuple[Any, ...]]:
    worksheet = (book.stored if stored else book.formulas)[sheet]
    worksheet.reset_dimensions()  # the tag may lie
    yield from worksheet.iter_rows(max_col=width, max_row=_LAST_ROW + 1)


def _may_hide_formula(cell: Any) -> bool:
    """A cell that is in the file without a value: only styled, or a formula never calculated."""
    return cell is not EMPTY_CELL and cell.value is None and cell.data_type != "str"


def _row(stored: tuple[Any, ...], beside: tuple[Any, ...]) -> Cells:
    return tuple(_value(cell, other) for cell, other in zip(stored, beside, strict=True))


def _value(cell: Any, beside: Any) -> CellValue:
    if cell.data_type == "e":
        return Broken(str(cell.value or "#VALUE!"))
    if _may_hide_formula(cell) and beside.data_type == "f":
        return Broken(str(getattr(beside.value, "text", beside.value)))
    value: CellValue = cell.value
    return unescape(value) if isinstance(value, str) and "_x" in value else value
