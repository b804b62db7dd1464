"""The one writer of XLSX, through XlsxWriter: rows go to a file on disk as they come, memory holds one of them.

XlsxWriter and not openpyxl: it needs nothing else, writes twice as fast, and takes no text for a formula or an address.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook

from bina.web.formats import zone_name
from bina.web.tables.delimited import Cell

LONGEST = 32_767
"""Characters of a cell, by Excel's specification."""
EXACT = 10**15
"""Excel keeps fifteen digits of a number: what has more is written as text."""
FIRST_YEAR = 1900
"""Workbooks know no earlier one."""
WIDTH = 24


class Sheet:
    """One sheet with a header that stays in sight, in a folder of its own; `close` gives the file that it became."""

    def __init__(self, folder: Path, name: str, header: Sequence[str], zone: ZoneInfo) -> None:
        self._path = folder / "list.xlsx"
        self._book: Any = Workbook(self._path, {"constant_memory": True, "tmpdir": str(folder)})
        self._sheet: Any = self._book.add_worksheet(name[:31])
        self._zone = zone
        self._formats = {
            "text": self._book.add_format({"num_format": "@"}),
            "day": self._book.add_format({"num_format": "yyyy-mm-dd"}),
            "head": self._book.add_format({"bold": True, "num_format": "@"}),
        }
        self._columns, self._row = len(header), 0
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, max(self._columns - 1, 0), WIDTH)
        for place, label in enumerate(header):
            self._sheet.write_string(0, place, label, self._formats["head"])

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows below those there are."""
        for row in rows:
            self._row += 1
            for place, cell in enumerate(row):
                self._write(place, cell)

    def close(self) -> IO[bytes]:
        """Put the file together and open it."""
        self._sheet.autofilter(0, 0, self._row, max(self._columns - 1, 0))
        self._book.close()
        return self._path.open("rb")

    def release(self) -> None:
        """Let go of what is open, whether it was closed or not."""
        self._sheet.row_data_fh.close()

    def _write(self, place: int, cell: Cell) -> None:
        if isinstance(cell, date) and cell.year >= FIRST_YEAR:
            self._write_day(place, cell)
        elif isinstance(cell, int | float | Decimal) and -EXACT < cell < EXACT:
            self._sheet.write_number(self._row, place, cell)
        elif cell not in (None, ""):
            self._sheet.write_string(self._row, place, _cut(str(cell)), self._formats["text"])

    def _write_day(self, place: int, cell: date) -> None:
        """Workbooks know of no zones: a time is that of the sheet's, whose name stands behind it."""
        name, value = "day", cell
        if isinstance(cell, datetime):
            local = cell.astimezone(self._zone)
            name, value = zone_name(local), local.replace(tzinfo=None)
        if name not in self._formats:
            self._formats[name] = self._book.add_format({"num_format": f'yyyy-mm-dd hh:mm:ss "{name}"'})
        self._sheet.write_datetime(self._row, place, value, self._formats[name])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
