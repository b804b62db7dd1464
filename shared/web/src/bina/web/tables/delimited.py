"""The one writer of CSV: as spreadsheets in Indonesia read it, and nothing in it is ever a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

Cell = str | int | float | Decimal | date | datetime | UUID | None
"""What a file can hold. Identifiers are text, however many digits they have; times carry their zone."""
BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How what a spreadsheet takes for a formula begins (OWASP, CSV Injection), full width as in East Asia too."""


def csv_text(rows: Iterable[Sequence[Cell]], zone: ZoneInfo | None = None) -> str:
    """Lines with semicolons and decimal commas; times in a zone, in ISO 8601 with its offset."""
    buffer = io.StringIO()
    columns = [_column(cells, zone) for cells in zip(*rows, strict=True)]
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(zip(*columns, strict=True))
    return buffer.getvalue()


def _column(cells: Sequence[Cell], zone: ZoneInfo | None) -> list[str]:
    """One below the other: figures alone are written in one go."""
    if set(map(type, cells)) <= {int, float}:
        return "\n".join(map(str, cells)).replace(".", ",").split("\n")
    return [_written(cell, zone) for cell in cells]


def _written(cell: Cell, zone: ZoneInfo | None) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(cell, date | UUID):
        return str(cell)
    return str(cell).replace(".", ",")
