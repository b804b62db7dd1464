"""Looking into workbooks that a service gave out."""

import io
from typing import Any

import httpx
from openpyxl import load_workbook


def cells_of(answer: httpx.Response) -> list[Any]:
    """Every cell that holds something, row by row."""
    return [cell for row in rows_of(answer) for cell in row if cell is not None]


def rows_of(answer: httpx.Response) -> list[tuple[Any, ...]]:
    """The rows of the first sheet, its header first."""
    assert answer.status_code == 200, answer.text
    return list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
