"""What an import would do, row by row, and the hash by which exactly that is confirmed. No I/O."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from enrollment.enrolments.domain import UNDONE, UNLISTED
from enrollment.imports.balance_rules import Employed, first_day
from enrollment.imports.cells import raw_text
from enrollment.imports.checking import Checked, Row
from enrollment.imports.claims import BalanceValues, EnrolmentValues, PersonValues, ResultValues
from enrollment.imports.columns import Kind, configuration
from enrollment.imports.nip import employment_of
from enrollment.imports.problems import Problem, Severity
from enrollment.imports.tables import Sheet

Effect = Literal["added", "changed", "unchanged", "refused", "removed"]
"""`removed`: somebody who serves at the agency and is not in its full list leaves"""
NOT_LISTED = "not_listed"
"""Why they left (`left_reason`)."""
LEAVING = ("left_on", "left_reason")
"""Fields that say whether somebody has left; part of a state only where they do or are to."""
_SERVING = frozenset({"agency_code", *LEAVING})
"""Fields by which somebody decided by hand that a person serves here."""
Key = tuple[str, str]
"""A NIP, and a run's code in normal form or a balance's year; empty in files of people."""
Values = dict[str, Any]
FIELDS = {
    "name": "name",
    "agency_code": "agency_code",
    "position": "position",
    "position_type": "position_type",
    "job_level": "level",
    "grade": "grade",
    "gender": "sex",
    "email": "email",
    "phone": "phone",
    "supervisor_nip": "supervisor_nip",
    "employment": "employment",
    "started_on": "since",
}
"""Fields of a person's record, and their names in a file's row; the unit is looked up by its name"""
BLANK: Values = dict.fromkeys(FIELDS, "") | {
    "supervisor_nip": None,
    "started_on": None,
    "unit_id": None,
    "unit": "",
}


class State(NamedTuple):
    """What is recorded under a key: the person's or enrolment's id, and its values in JSON's own types."""

    ref: UUID
    values: Values


@dataclass(frozen=True)
class Recorded:
    """What a plan asks of the register, besides what the rules ask.

    `units`: id and name by agency and name in lower case, only names that one unit has; `by_hand`: fields corrected by hand;
    `employed`: how people are, by NIP, where that tells their years.
    """

    states: Mapping[Key, State]
    units: Mapping[tuple[str, str], tuple[UUID, str]]
    by_hand: Mapping[UUID, frozenset[str]]
    employed: Mapping[str, Employed] = field(default_factory=dict)


@dataclass(frozen=True)
class FullList:
    """What a file that is the full list of an agency's people, or of its people in runs, leaves out.

    `employed`: how many serve there, or are in those runs; `gone`: those it does not name; `unread`: rows of which nobody
    can tell whom they name, so that nobody is `gone`. `kept`: those of them who stay, and why (`commands.reason_words`).
    """

    employed: int
    gone: Sequence[Key]
    unread: int
    kept: Mapping[Key, str] = field(default_factory=dict)


@dataclass(slots=True)
class PlannedRow:
    """A row of the plan; of somebody whom no row of the file names, numbered from -1 downwards. `before` and `after` are whole records; `conflicts`: what the file says of fields that
    somebody decided by hand, which stay as they are unless the plan overwrites them."""

    row: int
    place: int
    nip: str | None
    run_code: str | None
    effect: Effect
    before: Values | None = None
    after: Values | None = None
    conflicts: Values | None = None
    problems: list[Values] | None = None
    cells: list[str] | None = None
    ref: UUID | None = None
    reason: str = ""

    def hashed(self) -> list[Any]:
        """What the plan's hash is of."""
        return [self.row, self.effect, self.nip, self.run_code, self.before, self.after, self.conflicts]


@dataclass(frozen=True)
class Plan:
    """All rows, and the hash over them."""

    rows: list[PlannedRow]
    hash: str

    def count(self, effect: Effect) -> int:
        """How many rows have an effect."""
        return sum(row.effect == effect for row in self.rows)


def plan_of(
    sheet: Sheet,
    checked: Checked,
    recorded: Recorded,
    *,
    agency: str,
    overwrite: bool,
    full: FullList | None = None,
) -> Plan:
    """The plan of a checked file. `overwrite`: also what was decided by hand; `full`: it replaces what is recorded."""
    found = _problems_by_row(checked.problems)
    one = _PLANNED[checked.kind]
    accepted = {row.number: one(row, recorded, overwrite) for row in checked.rows}
    warned = {problem.row for problem in checked.problems if problem.code == "run.full"}
    rows = []
    for number, cells in sheet.rows:
        planned = accepted.get(number) or PlannedRow(
            number, 0, None, None, "refused", cells=[*map(raw_text, cells)]
        )
        planned.problems = found.get(number)
        if planned.effect == "added" and number in warned and planned.after:
            planned.after["state"] = "waitlisted"
        rows.append(planned)
    _place(rows)
    head: list[Any] = [checked.kind, agency, overwrite]
    if full:
        rows += _leavers(full, recorded, overwrite=overwrite, place=len(rows))
        head.append(["replace", full.unread])
    return Plan(rows, hash_of(head, rows))


def hash_of(head: Sequence[Any], rows: Iterable[PlannedRow]) -> str:
    """SHA-256 over canonical JSON, a line for the head and one for each row."""
    total = hashlib.sha256(canonical(list(head)))
    for row in rows:
        total.update(b"\n" + canonical(row.hashed()))
    return total.hexdigest()


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces."""
    return _CANONICAL.encode(value).encode()


def problem_values(problem: Problem) -> Values:
    """A problem as it is kept."""
    kept = asdict(problem) | {"severity": str(problem.severity)}
    return {name: value for name, value in kept.items() if name != "row"}


def problem_of(values: Values, row: int | None) -> Problem:
    """A kept problem again."""
    return Problem(row=row, **{**values, "severity": Severity(values["severity"])})


def decimal_of(value: float | None) -> Decimal | None:
    """A score as the rules take it."""
    return None if value is None else Decimal(str(value))


def changes_of(before: Values | None, after: Values | None) -> dict[str, list[Any]]:
    """What differs, by field: before and after."""
    old, new = before or {}, after or {}
    names = [name for name in new if name != "unit_id"]
    return {name: [old.get(name), new[name]] for name in names if old.get(name) != new[name]}


def _problems_by_row(problems: Iterable[Problem]) -> dict[int, list[Values]]:
    found: dict[int, list[Values]] = {}
    for problem in problems:
        if problem.row is not None and not problem.code.startswith("column."):
            found.setdefault(problem.row, []).append(problem_values(problem))
    return found


def _enrolment(row: Row, recorded: Recorded, overwrite: bool) -> PlannedRow:  # noqa: FBT001 - one of three alike
    values = row.values
    assert isinstance(values, EnrolmentValues)
    planned = PlannedRow(row.number, 0, values.nip, values.run_code, "unchanged")
    state = recorded.states.get((values.nip, values.run_code))
    if state and state.values["state"] != "withdrawn":
        return planned
    planned.before = state.values if state else None
    after = {"state": "accepted", "note": values.note or ""}
    if (
        state and state.values["reason"] not in (UNDONE, UNLISTED) and not overwrite
    ):  # somebody decided that this person leaves
        planned.conflicts = after
        return planned
    planned.effect, planned.after = "added", after
    return planned


def _result(row: Row, recorded: Recorded, _overwrite: bool) -> PlannedRow:  # noqa: FBT001 - as above
    values = row.values
    assert isinstance(values, ResultValues)
    state = recorded.states.get((values.nip, values.run_code))
    planned = PlannedRow(row.number, 0, values.nip, values.run_code, "added")
    after = {
        "result": values.result,
        "completed_on": values.completed_on.isoformat(),
        "jp": values.jp,
        "pre_score": _number(values.pre_score),
        "post_score": _number(values.post_score),
        "certificate_number": values.certificate_number or "",
    }
    if state is None:
        planned.after = after
    elif _says(state.values, after):
        planned.effect = "unchanged"
    else:
        planned.effect, planned.before, planned.after = "changed", state.values, after
    return planned


def _says(state: Values, after: Values) -> bool:
    """Whether the organiser's own result is recorded already; the rules refuse one that differs."""
    recorded = "passed" if state["state"] == "completed" else state["reason"]
    told = state["state"] in ("completed", "not_completed") and state["origin"] not in (
        "attendance",
        "assessment",
    )
    return told and recorded == after["result"]


def _person(row: Row, recorded: Recorded, overwrite: bool) -> PlannedRow:  # noqa: FBT001 - as above
    values = row.values
    assert isinstance(values, PersonValues)
    state = recorded.states.get((values.nip, ""))
    planned = PlannedRow(row.number, 0, values.nip, "", "added", ref=state.ref if state else None)
    told = _told(values, recorded)
    if state is None:
        employment = "PPPK" if employment_of(values.nip) == "PPPK" else "PNS"
        planned.after = {**BLANK, "employment": employment, **told}
        return planned
    differing = {name: value for name, value in told.items() if state.values.get(name, "") != value}
    held = recorded.by_hand.get(state.ref, frozenset())
    if conflicts := {name: value for name, value in differing.items() if name in held and name != "unit"}:
        planned.conflicts = conflicts
        if not overwrite:
            gone = conflicts.keys() | ({"unit"} if "unit_id" in conflicts else set())
            differing = {name: value for name, value in differing.items() if name not in gone}
    if not differing:
        planned.effect = "unchanged"
        return planned
    planned.effect, planned.before, planned.after = "changed", state.values, {**state.values, **differing}
    if "employment" in differing and "appointment" not in differing:
        planned.after.pop("appointment", None)  # it went with the employment that it belonged to
    return planned


def _balance(row: Row, recorded: Recorded, overwrite: bool) -> PlannedRow:  # noqa: FBT001 - as above
    """What somebody said stays; what a file said gives way to the next."""
    values = row.values
    assert isinstance(values, BalanceValues)
    state = recorded.states.get((values.nip, str(values.year)))
    planned = PlannedRow(row.number, 0, values.nip, str(values.year), "unchanged")
    day = first_day(values.year, recorded.employed.get(values.nip)).isoformat()
    after = {"jp": values.jp, "earned_on": day, "source": values.source}
    differing = {
        name: after[name] for name in ("jp", "earned_on") if state and state.values[name] != after[name]
    }
    if state and not differing:
        return planned
    if state and state.values["import_id"] is None:
        planned.conflicts = differing
        if not overwrite:
            return planned
    planned.effect = "changed" if state else "added"
    planned.before, planned.after = state.values if state else None, after
    return planned


def _leavers(full: FullList, recorded: Recorded, *, overwrite: bool, place: int) -> list[PlannedRow]:
    """Who is not in the full list, after all that the file says."""
    states = [(key, state) for key in full.gone if (state := recorded.states.get(key))]
    return [
        _out_of_run(PlannedRow(-number, place + number, *key, "removed"), state, full.kept.get(key, ""))
        if key[1]
        else _leaver(PlannedRow(-number, place + number, *key, "removed"), state, recorded, overwrite)
        for number, (key, state) in enumerate(states, 1)
    ]


def _out_of_run(planned: PlannedRow, state: State, kept: str) -> PlannedRow:
    planned.ref = state.ref
    if kept:
        planned.effect, planned.reason = "unchanged", kept
    else:
        planned.before, planned.after = state.values, {"state": "withdrawn", "reason": UNLISTED}
    return planned


def _leaver(planned: PlannedRow, state: State, recorded: Recorded, overwrite: bool) -> PlannedRow:  # noqa: FBT001 - as above
    planned.ref = state.ref
    held = _SERVING & recorded.by_hand.get(state.ref, frozenset())
    if held:
        planned.conflicts = dict.fromkeys(sorted(held), NOT_LISTED)
    if held and not overwrite:
        planned.effect = "unchanged"
    else:
        planned.before, planned.after = state.values, {**state.values, "left_reason": NOT_LISTED}
    return planned


def _told(values: PersonValues, recorded: Recorded) -> Values:
    """What a row says, without what it leaves out; a unit that nobody knows by that name counts as left out."""
    said = {name: _plain(getattr(values, given)) for name, given in FIELDS.items()}
    told = {name: value for name, value in said.items() if value not in (None, "")}
    if values.appointment:  # the machine's word may be an empty one: no longer on probation
        told["appointment"] = configuration().appointments[values.appointment][1]
    unit = recorded.units.get((values.agency_code, (values.unit or "").casefold()))
    return told | {"unit_id": str(unit[0]), "unit": unit[1]} if unit else told


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _place(rows: Sequence[PlannedRow]) -> None:
    """Order the application by the file; supervisors before those they supervise."""
    above = {row.nip: row.after.get("supervisor_nip") for row in rows if row.after and not row.run_code}
    depths: dict[str | None, int] = {}

    def depth(nip: str | None) -> int:
        path: dict[str | None, None] = {}
        while nip in above and nip not in depths and nip not in path:
            path[nip] = None
            nip = above[nip]
        deep = depths.get(nip, -1)
        for one in reversed(path):
            deep += 1
            depths[one] = deep
        return deep

    ordered = sorted(rows, key=lambda row: (depth(row.nip) if row.nip in above else 0, row.row))
    for place, row in enumerate(ordered):
        row.place = place


_PLANNED = {
    Kind.PENDAFTARAN: _enrolment,
    Kind.KELULUSAN: _result,
    Kind.PEGAWAI: _person,
    Kind.SALDO_JP: _balance,
}
