"""Workbooks of a few kilobytes that are made to take long; those that took longest once are the worst still."""

import io
import zipfile
from collections.abc import Mapping

import xlsxwriter

MIB = 1 << 20
_CASES = {
    "shared texts": ("xl/sharedStrings.xml", b"</sst>", b"<si/>", 15 * MIB),
    "styles": ("xl/styles.xml", b"</cellXfs>", b"<xf/>", 7 * MIB),
    "rows": ("xl/worksheets/sheet1.xml", b"</sheetData>", b"<row/>", 15 * MIB),
    "columns": ("xl/worksheets/sheet1.xml", b"</row>", b"<c/>", 15 * MIB),
    "what stands before the rows": ("xl/worksheets/sheet1.xml", b"<sheetData>", b"<a/>", 15 * MIB),
}
"""Which part, before what, what is repeated, in how many bytes: as much as is not refused by sizes alone."""


def workbooks() -> Mapping[str, bytes]:
    """By what there is too much of."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet().write_row(0, 0, ("NIP", "Catatan"))  # no row of it could be taken
    return {name: _stuffed(buffer.getvalue(), *case) for name, case in _CASES.items()}


def _stuffed(book: bytes, part: str, mark: bytes, unit: bytes, size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                head, found, tail = content.partition(mark)
                content = head + unit * (size // len(unit)) + found + tail
            new.writestr(name, content)
    return buffer.getvalue()
