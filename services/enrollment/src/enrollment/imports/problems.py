"""A problem of an import file: where it is, what it is, how to mend it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from enrollment.imports.advice import ADVICE


class Severity(StrEnum):
    """An error refuses the row (or the file); a warning is only told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    `row` is the spreadsheet row, 1-based; None for the file, and for a request that came as an event.
    `column` is the canonical column name; `code` is stable and for machines; `value` is the raw text;
    `allowed` says what would have been right, where the advice names it.
    """

    row: int | None
    column: str | None
    code: str
    severity: Severity = Severity.ERROR
    value: str | None = None
    allowed: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether it refuses the row or the file."""
        return self.severity is Severity.ERROR

    @property
    def advice(self) -> str:
        """How to mend it, in Bahasa Indonesia."""
        where = f" di baris {self.row}" if self.row else ""
        return ADVICE[self._advice_key()].indonesian.format(where=where, **self._words())

    @property
    def advice_en(self) -> str:
        """How to mend it, in English."""
        where = f" in row {self.row}" if self.row else ""
        return ADVICE[self._advice_key()].english.format(where=where, **self._words())

    def at(self, row: int | None) -> "Problem":
        """The same problem, standing on a row."""
        return replace(self, row=row)

    def _words(self) -> dict[str, str]:
        return {"column": self.column or "", "value": self.value or "", "allowed": self.allowed or "?"}

    def _advice_key(self) -> str:
        specific = f"{self.code}/{self.severity}"
        return specific if specific in ADVICE else self.code


def error(column: str | None, code: str, value: str | None = None, allowed: str | None = None) -> Problem:
    """A problem that refuses its row; the row is set where it is known."""
    return Problem(None, column, code, Severity.ERROR, value, allowed)


def warning(column: str | None, code: str, value: str | None = None, allowed: str | None = None) -> Problem:
    """A problem that is told without refusing the row."""
    return Problem(None, column, code, Severity.WARNING, value, allowed)
