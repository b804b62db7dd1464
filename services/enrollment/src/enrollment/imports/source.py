"""What reading a file passes on: candidate tables, and the refusal that ends it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from enrollment.imports.cells import Cells
from enrollment.imports.values import EPOCH_1900


class FileError(Exception):
    """The file as a whole cannot be taken; `code` is one of the file.* codes."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Detected:
    """How the file was read; None where it does not apply. `header_row` is 1-based."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One table that the file may mean: a sheet, or the text read with one delimiter.

    `rows(width)` reads every row anew, at most `width` cells each (None: all); blank rows are empty tuples,
    so that a row's place is its spreadsheet row. It may raise `FileError`.
    """

    rows: Callable[[int | None], Iterator[Cells]]
    detected: Detected
    epoch: date = EPOCH_1900


@dataclass(frozen=True, slots=True)
class Candidates:
    """All tables of a file; `guessed` says that its encoding was guessed."""

    tables: tuple[Candidate, ...]
    guessed: bool = False
