"""The cells' checks for values that came as one event instead of a file: the same code path."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from enrollment.imports.cell_checks import Day, Examined, examine
from enrollment.imports.cells import CellValue
from enrollment.imports.claims import EnrolmentClaim, ResultClaim
from enrollment.imports.columns import Kind, configuration
from enrollment.imports.problems import Problem


def check_enrolment(
    as_of: date, *, nip: str, run_code: str, note: str | None = None
) -> tuple[EnrolmentClaim, tuple[Problem, ...]]:
    """An event's request in normal form, and what is wrong with it without asking the register."""
    cells: dict[str, CellValue] = {"nip": nip, "run_code": run_code, "note": note}
    examined = _examine(Kind.PENDAFTARAN, cells, as_of)
    return EnrolmentClaim(**examined.values), examined.problems  # type: ignore[arg-type]  # by field


def check_result(
    as_of: date,
    *,
    nip: str,
    run_code: str,
    result: str,
    completed_on: date,
    jp: int,
    pre_score: Decimal | float | None = None,
    post_score: Decimal | float | None = None,
    certificate_number: str | None = None,
) -> tuple[ResultClaim, tuple[Problem, ...]]:
    """An event's result in normal form, and what is wrong with it; `result` is the machine's word."""
    words = {machine: word for word, machine in configuration().result_status.items()}
    cells: dict[str, CellValue] = {
        "nip": nip,
        "run_code": run_code,
        "status": words.get(result, result),
        "completed_on": completed_on,
        "jp": jp,
        "pre_score": _number(pre_score),
        "post_score": _number(post_score),
        "certificate_number": certificate_number,
    }
    examined = _examine(Kind.KELULUSAN, cells, as_of)
    return ResultClaim(**examined.values), examined.problems  # type: ignore[arg-type]  # by field


def _number(score: Decimal | float | None) -> CellValue:
    return format(score, "f") if isinstance(score, Decimal) else score


def _examine(kind: Kind, cells: Mapping[str, CellValue], as_of: date) -> Examined:
    return examine([(column, cells[column.field]) for column in configuration().columns[kind]], _day(as_of))


@lru_cache(maxsize=8)
def _day(as_of: date) -> Day:
    return Day(as_of)
