"""Agencies' spreadsheets: reading a file, checking its rows, judging them against the register.

    sheet = read(data, "kelulusan.xlsx", Kind.KELULUSAN)   # Sheet or FileRefused; never raises
    checked = check(sheet, sheet.kind, as_of)              # without register: accepted rows and problems
    judged = judge(sheet, sheet.kind, scope, register)     # with the register's rules

The rules of `register_rules` are the same for a file at once and for one event at a time.
"""

from enrollment.imports.checking import Checked, Row, check
from enrollment.imports.claims import (
    EnrolmentClaim,
    EnrolmentValues,
    PersonClaim,
    PersonValues,
    ResultClaim,
    ResultValues,
)
from enrollment.imports.columns import Kind
from enrollment.imports.problems import Problem, Severity
from enrollment.imports.reading import FileRefused, kind_of, read
from enrollment.imports.tables import Sheet

__all__ = [
    "Checked",
    "EnrolmentClaim",
    "EnrolmentValues",
    "FileRefused",
    "Kind",
    "PersonClaim",
    "PersonValues",
    "Problem",
    "ResultClaim",
    "ResultValues",
    "Row",
    "Severity",
    "Sheet",
    "check",
    "kind_of",
    "read",
]
