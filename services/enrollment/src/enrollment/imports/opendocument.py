"""OpenDocument spreadsheets (.ods), read as a stream of XML events.

Not through calamine: it drops error values and formulas without a stored value, and expands repeated rows and
columns without bound, so that a small file takes all memory.
"""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from itertools import islice
from xml.etree.ElementTree import Element

from enrollment.imports import parts
from enrollment.imports.cells import Broken, Cells, CellValue, is_broken
from enrollment.imports.parts import Texts
from enrollment.imports.source import Candidate, Candidates, Detected, FileError

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_NS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _TABLE, _TEXT, _STYLE = (_NS % name for name in ("office", "table", "text", "style"))
_CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_LET_GO = frozenset({f"{_TABLE}table-row", f"{_STYLE}style"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576


def candidates(package: zipfile.ZipFile) -> Candidates:
    """The visible sheets in order; raises `FileError` if the content is no spreadsheet."""
    tables = (
        Candidate(partial(_rows, package, place), Detected(sheet=name))
        for place, name in enumerate(_sheets(package))
        if name is not None
    )
    return Candidates(tuple(tables))


def _events(package: zipfile.ZipFile) -> Iterator[tuple[str, Element]]:
    try:
        with package.open("content.xml") as content:
            yield from parts.events(content, _LET_GO)
    except FileError:
        raise
    except MemoryError as e:
        raise FileError("file.too_large") from e
    except Exception as e:
        raise FileError("file.unreadable") from e


def _sheets(package: zipfile.ZipFile) -> list[str | None]:
    """Names of the sheets in order, None for the hidden ones."""
    hidden: set[str] = set()
    sheets: list[str | None] = []
    rows = 0
    for event, element in _events(package):
        if event == "end" and element.tag == f"{_STYLE}style":
            hidden |= _hidden_style(element)
        elif event == "start" and element.tag == f"{_TABLE}table":
            style = element.get(f"{_TABLE}style-name")
            sheets.append(None if style in hidden else element.get(f"{_TABLE}name", ""))
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            rows += 1
            if rows > _LAST_ROW:
                raise FileError("file.too_large")
    return sheets


def _hidden_style(style: Element) -> set[str]:
    properties = style.find(f"{_STYLE}table-properties")
    shown = properties is None or properties.get(f"{_TABLE}display", "true") != "false"
    return set() if shown else {style.get(f"{_STYLE}name", "")}


def _rows(package: zipfile.ZipFile, place: int, width: int | None) -> Iterator[Cells]:
    try:
        yield from islice(_all_rows(package, place, width or _LAST_COLUMN), _LAST_ROW)
    except FileError:
        raise
    except Exception as e:  # a value that is none of its type, spans nested without end
        raise FileError("file.unreadable") from e


def _all_rows(package: zipfile.ZipFile, place: int, width: int) -> Iterator[Cells]:
    at, kept = -1, Texts()
    for event, element in _events(package):
        if event == "start":
            at += element.tag == f"{_TABLE}table"
        elif element.tag == f"{_TABLE}table" and at == place:
            return
        elif element.tag == f"{_TABLE}table-row" and at == place:
            yield from _repeated_row(element, width, kept)


def _repeated_row(row: Element, width: int, kept: Texts) -> Iterator[Cells]:
    cells = _row(row, width, kept)
    for _ in range(_repeats(row, "number-rows-repeated", _LAST_ROW)):
        yield cells


def _repeats(element: Element, attribute: str, most: int) -> int:
    return min(max(int(element.get(f"{_TABLE}{attribute}", "1")), 1), most)


def _row(row: Element, width: int, kept: Texts) -> Cells:
    values: list[CellValue] = []
    for cell in row:
        if cell.tag in _CELLS and len(values) < width:
            times = _repeats(cell, "number-columns-repeated", width - len(values))
            values += [_value(cell, kept)] * times
    while values and values[-1] is None:
        values.pop()
    return tuple(values)


def _value(cell: Element, kept: Texts) -> CellValue:
    if cell.tag != _CELLS[0]:
        return None  # covered by a merge
    text = kept.keep("\n".join(map(_paragraph, cell.findall(f"{_TEXT}p"))))
    formula = cell.get(f"{_TABLE}formula")
    failed = cell.get(f"{_CALCEXT}value-type") == "error"
    if failed or (formula is not None and is_broken(text)):
        return Broken(text or "#VALUE!")
    kind = cell.get(f"{_OFFICE}value-type")
    if kind is None and not text:
        return None if formula is None else Broken(formula)
    return _typed(cell, kind, text)


def _typed(cell: Element, kind: str | None, text: str) -> CellValue:
    if kind in ("float", "percentage", "currency"):
        return _number(cell.get(f"{_OFFICE}value", ""))
    if kind == "date":
        return _date(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    stored = cell.get(f"{_OFFICE}string-value") if kind == "string" else None
    return text or stored or None


def _number(text: str) -> CellValue:
    return int(text) if _WHOLE.fullmatch(text) else float(text)


def _date(text: str) -> CellValue:
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return text


_SPACES = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}


def _paragraph(element: Element) -> str:
    if element.tag == f"{_TEXT}s":
        return " " * min(int(element.get(f"{_TEXT}c", "1")), 1000)
    inner = "".join(_paragraph(child) + (child.tail or "") for child in element)
    return _SPACES.get(element.tag, "") + (element.text or "") + inner
