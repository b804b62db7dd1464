"""The cells' checks for values that came as one event instead of a file: the same code path."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

from enrollment.imports.cell_checks import Day, Examined, Reader
from enrollment.imports.cells import CellValue
from enrollment.imports.claims import EnrolmentClaim, ResultClaim
from enrollment.imports.columns import Column, Kind, configuration
from enrollment.imports.problems import Problem


def check_enrolment(
    as_of: date, *, nip: str, run_code: str, note: str | None = None
) -> tuple[EnrolmentClaim, tuple[Problem, ...]]:
    """An event's request in normal form, and what is wrong with it without asking the register."""
    found = [_reader("nip", as_of).examine((nip,)), _of_run(run_code, as_of)]
    if note is not None:
        found.append(_reader("note", as_of).examine((note,)))
    values = {field: value for one in found for field, value in one.values.items()}
    problems = tuple(problem for one in found for problem in one.problems)
    return EnrolmentClaim(**values), problems  # type: ignore[arg-type]  # by field


@lru_cache(maxsize=2_000)
def _of_run(run_code: str, as_of: date) -> Examined:
    """Thousands ask for a few runs; no check compares this cell with the others."""
    return _reader("run_code", as_of).examine((run_code,))


@lru_cache(maxsize=16)
def _reader(field: str, as_of: date) -> Reader:
    """Of one cell of a request; as no check compares it with the others, each is read by itself."""
    return Reader([_enrolment_columns()[field]], Day(as_of), many=False)


@cache
def _enrolment_columns() -> Mapping[str, Column]:
    return {column.field: column for column in configuration().columns[Kind.PENDAFTARAN]}


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
    reader = _result_reader(as_of)
    examined = reader.examine([cells[field] for field in reader.fields])
    return ResultClaim(**examined.values), examined.problems  # type: ignore[arg-type]  # by field


def _number(score: Decimal | float | None) -> CellValue:
    return format(score, "f") if isinstance(score, Decimal) else score


@lru_cache(maxsize=8)
def _result_reader(as_of: date) -> Reader:
    return Reader(configuration().columns[Kind.KELULUSAN], Day(as_of), many=False)
