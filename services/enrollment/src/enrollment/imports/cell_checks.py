"""What can be said of one row from its cells, the configuration and the day alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache, partial
from typing import NamedTuple

from enrollment.imports.cells import CellValue, collapsed, is_broken, is_empty, raw_text, trimmed
from enrollment.imports.columns import Column, configuration
from enrollment.imports.nip import employment_of, is_plausible, read_nip, sex_of
from enrollment.imports.problems import Problem, error, warning
from enrollment.imports.values import (
    EPOCH_1900,
    Choice,
    agency_code,
    read_date,
    read_decimal,
    read_email,
    read_grade,
    read_phone,
    read_whole,
    run_code,
)

Reading = tuple[object, Problem | None]  # the normal value, or None and why not
Cells = Mapping[str, CellValue]  # by field
_EACH_ITS_OWN = frozenset({"nip", "email", "phone"})

_SUPERVISOR = "NIP Atasan"
_GRADE = "Golongan"
_APPOINTMENT = "Status Pengangkatan"


@dataclass(frozen=True, slots=True)
class Day:
    """What dates are read against: today, and day 0 of the workbook's serials."""

    as_of: date
    epoch: date = EPOCH_1900


class Examined(NamedTuple):
    """A row's normal values by field (absent where empty or wrong) and all that is wrong in its cells."""

    values: Mapping[str, object]
    problems: tuple[Problem, ...]


class Reader:
    """Reads rows of some columns; where there are `many`, the last words of columns that repeat theirs are known."""

    def __init__(self, columns: Sequence[Column], day: Day, *, many: bool = True) -> None:
        self.names = tuple(column.name for column in columns)
        self.fields = tuple(column.field for column in columns)
        self._reads = tuple(_reader(column, day, many=many) for column in columns)

    def examine(self, cells: Sequence[CellValue]) -> Examined:
        """Check every cell of a row, then the cells against each other; one problem per cell at most."""
        values: dict[str, object] = {}
        problems: dict[str, Problem] = {}
        for name, field, read, cell in zip(self.names, self.fields, self._reads, cells, strict=True):
            value, problem = read(cell)
            if problem:
                problems[name] = problem
            if value is not None:  # an implausible NIP too: other cells are compared with it
                values[field] = value
        for problem in _cross_checks(self.fields, cells, values):
            problems.setdefault(str(problem.column), problem)
        if problems:
            wrong = {
                f
                for n, f in zip(self.names, self.fields, strict=True)
                if n in problems and problems[n].is_error
            }
            values = {field: value for field, value in values.items() if field not in wrong}
        return Examined(_with_status_word(values), tuple(problems.values()))


def _reader(column: Column, day: Day, *, many: bool) -> Callable[[CellValue], Reading]:
    read = partial(_read, column, day=day)
    return lru_cache(maxsize=256, typed=True)(read) if many and column.type not in _EACH_ITS_OWN else read


def _read(column: Column, cell: CellValue, day: Day) -> Reading:
    if cell is None:  # as most cells of many files
        return None, error(column.name, "value.missing", "") if column.required else None
    if is_broken(cell):
        return None, error(column.name, "file.formula", raw_text(cell))
    if is_empty(cell):
        return None, error(column.name, "value.missing", trimmed(cell)) if column.required else None
    return _READERS[column.type](column, cell, day)


def _nip(column: Column, cell: CellValue, day: Day) -> Reading:
    nip, code = read_nip(cell)
    if column.name == _SUPERVISOR:
        return nip or "", None  # unreadable is a warning, said once the register was asked
    if nip is None:
        return None, error(column.name, str(code), raw_text(cell))
    plausible = is_plausible(nip, day.as_of)
    return nip, None if plausible else error(column.name, "nip.checks", raw_text(cell))


def _text(column: Column, cell: CellValue, _: Day) -> Reading:
    text = trimmed(cell) if column.keep_spaces else collapsed(cell)
    if column.max is not None and len(text) > column.max:
        return None, error(column.name, "value.too_long", raw_text(cell), str(column.max))
    risky = text.startswith(("=", "+", "-", "@"))
    return text, warning(column.name, "injection.formula", raw_text(cell)) if risky else None


def _date(column: Column, cell: CellValue, day: Day) -> Reading:
    read = read_date(cell, day.epoch)
    if read is None:
        return None, error(column.name, "date.invalid", raw_text(cell))
    if read > day.as_of:
        return None, error(column.name, "date.future", raw_text(cell))
    return read, None


def _integer(column: Column, cell: CellValue, _: Day) -> Reading:
    number = read_whole(cell)
    if number is None:
        return None, error(column.name, "number.invalid", raw_text(cell))
    if number < 0:
        return None, error(column.name, "number.range", raw_text(cell), "mulai 0")
    return _within(column, cell, number, column.range)


def _year(column: Column, cell: CellValue, day: Day) -> Reading:
    """A year that has begun."""
    number = read_decimal(cell)
    if number is None or number != number.to_integral_value():
        return None, error(column.name, "number.invalid", raw_text(cell))
    least, most = column.range or (1, day.as_of.year)
    return _within(column, cell, int(number), (least, min(most, day.as_of.year)))


def _within(column: Column, cell: CellValue, number: int, bounds: tuple[int, int] | None) -> Reading:
    if bounds and not bounds[0] <= number <= bounds[1]:
        return None, error(column.name, "number.range", raw_text(cell), "–".join(map(str, bounds)))
    return number, None


def _decimal(column: Column, cell: CellValue, _: Day) -> Reading:
    number = read_decimal(cell)
    if number is None:
        return None, error(column.name, "number.invalid", raw_text(cell))
    if column.range and not column.range[0] <= number <= column.range[1]:
        return None, error(column.name, "number.range", raw_text(cell), "–".join(map(str, column.range)))
    return number, None


def _choice(column: Column, cell: CellValue, _: Day) -> Reading:
    if column.name == _GRADE:
        return raw_text(cell), None  # which grades exist depends on the NIP
    choice = _choices(column.name)
    word = choice.read(raw_text(cell))
    return word, None if word else error(
        column.name, "choice.unknown", raw_text(cell), ", ".join(choice.words)
    )


@cache
def _choices(column: str) -> Choice:
    return Choice(configuration().choices[column])


def _email(column: Column, cell: CellValue, _: Day) -> Reading:
    text = trimmed(cell)
    if column.max is not None and len(text) > column.max:
        return None, error(column.name, "value.too_long", raw_text(cell), str(column.max))
    address = read_email(text)
    return address, None if address else error(column.name, "email.invalid", raw_text(cell))


def _phone(column: Column, cell: CellValue, _: Day) -> Reading:
    number = read_phone(cell)
    return number, None if number else error(column.name, "phone.invalid", raw_text(cell))


_READERS: Mapping[str, Callable[[Column, CellValue, Day], Reading]] = {
    "nip": _nip,
    "text": _text,
    "date": _date,
    "integer": _integer,
    "year": _year,
    "decimal": _decimal,
    "choice": _choice,
    "email": _email,
    "phone": _phone,
    "run": lambda _column, cell, _day: (run_code(raw_text(cell)), None),
    "agency": lambda _column, cell, _day: (agency_code(cell), None),
}


def _cross_checks(
    fields: Sequence[str], cells: Sequence[CellValue], values: dict[str, object]
) -> list[Problem]:
    checks = [check for field, check in _CROSS_CHECKS if field in values]
    if not checks:
        return []
    by_field = dict(zip(fields, cells, strict=True))
    found = [check(values, by_field) for check in checks]
    return [problem for problem in found if problem]


def _status_fits_nip(values: Mapping[str, object], cells: Cells) -> Problem | None:
    nip, employment = values.get("nip"), values.get("employment")
    if nip and employment and employment_of(str(nip)) != employment:
        return error("NIP", "nip.checks", raw_text(cells["nip"]))
    return None


def _sex_fits_nip(values: Mapping[str, object], cells: Cells) -> Problem | None:
    nip, sex = values.get("nip"), values.get("sex")
    if nip and sex and sex_of(str(nip)) != sex:
        return warning("NIP", "nip.checks", raw_text(cells["nip"]))
    return None


def _grade_fits_status(values: dict[str, object], cells: Cells) -> Problem | None:
    if "grade" not in values:
        return None
    nip = values.get("nip")
    employment = (employment_of(str(nip)) if nip else None) or values.get("employment")
    grades = _grades(employment)
    grade = read_grade(str(values["grade"]), grades)
    values["grade"] = grade
    return None if grade else error(_GRADE, "choice.unknown", raw_text(cells["grade"]), ", ".join(grades))


def _appointment_fits_status(values: Mapping[str, object], cells: Cells) -> Problem | None:
    nip = values.get("nip")
    employment = (employment_of(str(nip)) if nip else None) or values.get("employment")
    known = configuration().appointments
    fitting = [one for one, (belongs, _) in known.items() if employment in (None, belongs)]
    if values["appointment"] in fitting:
        return None
    return error(_APPOINTMENT, "choice.unknown", raw_text(cells["appointment"]), ", ".join(fitting))


@cache
def _grades(employment: object) -> tuple[str, ...]:
    by_status = configuration().choices[_GRADE]
    return tuple(g for status, words in by_status.items() if employment in (None, status) for g in words)


def _passed_with_jp(values: Mapping[str, object], cells: Cells) -> Problem | None:
    passed = _status_word(values) == "passed"
    return (
        error("JP", "number.range", raw_text(cells["jp"]), "mulai 1")
        if passed and values.get("jp") == 0
        else None
    )


def _not_own_supervisor(values: Mapping[str, object], cells: Cells) -> Problem | None:
    if values.get("supervisor_nip") and values.get("supervisor_nip") == values.get("nip"):
        return error(_SUPERVISOR, "supervisor.self", raw_text(cells["supervisor_nip"]))
    return None


# Each with the field without which it has nothing to say.
_CROSS_CHECKS: tuple[tuple[str, Callable[[dict[str, object], Cells], Problem | None]], ...] = (
    ("employment", _status_fits_nip),
    ("sex", _sex_fits_nip),
    ("grade", _grade_fits_status),
    ("appointment", _appointment_fits_status),
    ("jp", _passed_with_jp),
    ("supervisor_nip", _not_own_supervisor),
)


def _status_word(values: Mapping[str, object]) -> str | None:
    return configuration().result_status.get(str(values.get("status")))


def _with_status_word(values: Mapping[str, object]) -> Mapping[str, object]:
    """A result's word as status_text, the machine's word for it as result."""
    if "status" not in values:
        return values
    others = {field: value for field, value in values.items() if field != "status"}
    return {**others, "result": _status_word(values), "status_text": values["status"]}
