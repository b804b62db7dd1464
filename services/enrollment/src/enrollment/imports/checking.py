"""A whole sheet: its columns, its rows, its duplicates; everything that needs no register."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any

from enrollment.imports.cell_checks import Day, Reader
from enrollment.imports.cells import CellValue, raw_text
from enrollment.imports.claims import CLAIMS, VALUES, Claim, Values
from enrollment.imports.columns import Kind, configuration
from enrollment.imports.duplicates import duplicates_in
from enrollment.imports.problems import Problem, Severity
from enrollment.imports.reading import encoding_guessed
from enrollment.imports.source import Detected
from enrollment.imports.tables import Sheet, is_ignored, known_columns, required_names


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted row: its spreadsheet row (1-based) and its values in normal form."""

    number: int
    values: Values


@dataclass(frozen=True, slots=True)
class Draft:
    """A row under examination: what it claims so far, its cells by column, all found so far."""

    number: int
    claim: Claim
    cells: Mapping[str, CellValue]
    problems: tuple[Problem, ...]

    @property
    def refused(self) -> bool:
        """Whether any problem is an error."""
        return bool(self.problems) and any(problem.is_error for problem in self.problems)

    def also(self, found: Iterable[Problem]) -> "Draft":
        """The draft with more findings; a cell that has an error gets no second one."""
        found = tuple(found)
        if not found:  # as of nearly every row
            return self
        wrong = {problem.column for problem in self.problems if problem.is_error}
        new = tuple(self._placed(problem) for problem in found if problem.column not in wrong)
        return replace(self, problems=self.problems + new) if new else self

    def _placed(self, problem: Problem) -> Problem:
        name = str(problem.column)
        value = raw_text(self.cells[name]) if name in self.cells else None
        return replace(problem, row=self.number, value=value)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome for a file: accepted rows in order, every problem, and the counts.

    accepted + refused = rows_total; `warned` counts accepted rows with at least one warning. A refused file
    has counts 0.
    """

    kind: Kind
    detected: Detected
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    rows_total: int
    warned: int

    @property
    def accepted(self) -> int:
        """Rows without error."""
        return len(self.rows)

    @property
    def refused(self) -> int:
        """Rows with an error."""
        return self.rows_total - len(self.rows)

    @property
    def file_refused(self) -> bool:
        """Whether the file as a whole was refused (file.* or a column problem)."""
        return any(p.is_error and (p.row is None or p.code.startswith("column.")) for p in self.problems)


def check(sheet: Sheet, kind: Kind, as_of: date) -> Checked:
    """Everything that can be decided from the file, the configuration and `as_of` alone.

    A sheet read as another kind is looked at with this kind's columns.
    """
    file_problems, drafts = drafts_of(sheet, kind, as_of)
    return conclude(sheet, kind, file_problems, without_duplicates(drafts))


def drafts_of(sheet: Sheet, kind: Kind, as_of: date) -> tuple[tuple[Problem, ...], list[Draft]]:
    """(problems of the file and its columns, rows with their cells' problems); no rows if it is refused."""
    problems = tuple(_file_problems(sheet, kind))
    if any(problem.is_error for problem in problems):
        return problems, []
    places = dict(known_columns(kind, sheet.header))
    reader = Reader([*places.values()], Day(as_of, sheet.epoch))
    end = (None,) * (max(places, default=0) + 1)
    rows = ((number, row if len(row) >= len(end) else row + end) for number, row in sheet.rows)
    return problems, [_draft(number, [row[place] for place in places], kind, reader) for number, row in rows]


def _draft(number: int, cells: Sequence[CellValue], kind: Kind, reader: Reader) -> Draft:
    examined = reader.examine(cells)
    problems = tuple([problem.at(number) for problem in examined.problems])
    by_name = dict(zip(reader.names, cells, strict=True))
    return Draft(number, CLAIMS[kind](**examined.values), by_name, problems)  # type: ignore[arg-type]  # by field


def _file_problems(sheet: Sheet, kind: Kind) -> Iterable[Problem]:
    if sheet.guessed:
        yield encoding_guessed()
    columns = list(_column_problems(sheet, kind))
    yield from columns
    if not sheet.rows and not any(problem.is_error for problem in columns):
        yield Problem(None, None, "file.empty")


def _column_problems(sheet: Sheet, kind: Kind) -> Iterable[Problem]:
    row = sheet.detected.header_row
    known = dict(known_columns(kind, sheet.header))
    times = Counter(column.name for column in known.values())
    for name in sorted(required_names(kind) - set(times)):
        yield Problem(row, name, "column.missing")
    for name in (name for name, count in times.items() if count > 1):
        yield Problem(row, name, "column.duplicate")
    for place, text in enumerate(sheet.header):
        if place not in known and not is_ignored(configuration(), text):
            yield Problem(row, text, "column.unknown", Severity.WARNING, text)


def without_duplicates(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with duplicate.in_file on those rows without other error that must go."""
    sound = {draft.number: draft.claim for draft in drafts if not draft.refused}
    repeated = {number: (problem,) for number, problem in duplicates_in(sound).items()}
    return [draft.also(repeated.get(draft.number, ())) for draft in drafts]


def conclude(sheet: Sheet, kind: Kind, file_problems: Sequence[Problem], drafts: Sequence[Draft]) -> Checked:
    """Accepted rows, problems and counts of the examined drafts."""
    accepted = [draft for draft in drafts if not draft.refused]
    return Checked(
        kind=kind,
        detected=sheet.detected,
        rows=tuple(Row(draft.number, _values(kind, draft.claim)) for draft in accepted),
        problems=(*file_problems, *(problem for draft in drafts for problem in draft.problems)),
        rows_total=len(drafts),
        warned=sum(bool(draft.problems) for draft in accepted),
    )


def _values(kind: Kind, claim: Claim) -> Values:
    names = tuple(claim.__dataclass_fields__)
    values: dict[str, Any] = dict(zip(names, attrgetter(*names)(claim), strict=True))
    if "" in values.values():  # an unreadable supervisor is an empty text until here
        values = {name: None if value == "" else value for name, value in values.items()}
    return VALUES[kind](**values)
