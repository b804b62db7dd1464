"""Agencies' spreadsheets: reading a file, checking its rows, judging them against the register.

    sheet = read(data, "kelulusan.xlsx", Kind.KELULUSAN)   # Sheet or FileRefused; never raises
    checked = check(sheet, sheet.kind, as_of)              # without register: accepted rows and problems
    judged = judge(sheet, sheet.kind, as_of, scope, register)  # with the register's rules

One event at a time goes through the same rules: `check_enrolment` or `check_result` gives the claim and its cells'
problems, `judge_enrolment` or `judge_result` the verdict on the facts that were loaded for it.
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
from enrollment.imports.columns import IGNORE, Kind, chosen, header_key
from enrollment.imports.judging import Register, judge
from enrollment.imports.problems import Problem, Severity
from enrollment.imports.reading import FileRefused, kind_of, read
from enrollment.imports.register_rules import (
    ExistingResult,
    PersonFact,
    RunFact,
    Scope,
    Seats,
    Unmet,
    Verdict,
    enrolment_errors,
    judge_enrolment,
    judge_result,
)
from enrollment.imports.single import check_enrolment, check_result
from enrollment.imports.tables import Sheet
from enrollment.imports.values import run_code

__all__ = [
    "IGNORE",
    "Checked",
    "EnrolmentClaim",
    "EnrolmentValues",
    "ExistingResult",
    "FileRefused",
    "Kind",
    "PersonClaim",
    "PersonFact",
    "PersonValues",
    "Problem",
    "Register",
    "ResultClaim",
    "ResultValues",
    "Row",
    "RunFact",
    "Scope",
    "Seats",
    "Severity",
    "Sheet",
    "Unmet",
    "Verdict",
    "check",
    "check_enrolment",
    "check_result",
    "chosen",
    "enrolment_errors",
    "header_key",
    "judge",
    "judge_enrolment",
    "judge_result",
    "kind_of",
    "read",
    "run_code",
]
