"""The competency dictionary and job standards that Bina ships; an agency's own standards replace them."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Status = Literal["usual, not verified", "summarised, wording not verified", "assumption"]


@dataclass(frozen=True, slots=True)
class Competency:
    """A competency with its five level descriptors (index 0 is level 1), in Bahasa Indonesia."""

    code: str
    name_id: str
    name_en: str
    group: str
    definition: str
    levels: tuple[str, ...]
    citation: str | None
    status: Status


@dataclass(frozen=True, slots=True)
class Standard:
    """Levels 1-5 that a job requires, by competency code.

    Applies to the named job levels (jenjang) and positions; an empty tuple applies to all.
    `effective_from` is the day from which Bina uses the row, not a regulation's date.
    """

    job_levels: tuple[str, ...]
    positions: tuple[str, ...]
    required: dict[str, int]
    citation: str | None
    effective_from: date
    status: Status
    note: str

    def fits(self, job_level: str, position: str, on: date) -> bool:
        """Whether the row speaks about this job on that day."""
        return (
            self.effective_from <= on
            and (not self.job_levels or job_level in self.job_levels)
            and (not self.positions or position in self.positions)
        )


@dataclass(frozen=True, slots=True)
class Standards:
    """One version of dictionary and standards."""

    version: str
    competencies: dict[str, Competency]
    rows: tuple[Standard, ...]

    def required(self, job_level: str, position: str, on: date) -> dict[str, int]:
        """Required level by competency code; the highest wins where several rows fit.

        Empty for a job level that no row knows: a gap is shown, never invented.
        """
        known = {level for row in self.rows for level in row.job_levels}
        fitting = [row for row in self.rows if job_level in known and row.fits(job_level, position, on)]
        levels: dict[str, int] = {}
        for row in fitting:
            levels.update({code: max(level, levels.get(code, 0)) for code, level in row.required.items()})
        return levels


@cache
def load_standards() -> Standards:
    """The standards shipped with this version of the service."""
    raw = json.loads(files(__package__).joinpath("standards.json").read_text(encoding="utf-8"))
    rows = [_standard(row, (row["job_level"],), ()) for row in raw["job_standards"]]
    rows += [_standard(row, row["job_levels"], row["positions"]) for row in raw["technical_standards"]]
    competencies = {row["code"]: _competency(row) for row in raw["competencies"]}
    return Standards(raw["version"], competencies, tuple(rows))


def _competency(row: dict[str, Any]) -> Competency:
    return Competency(
        code=row["code"],
        name_id=row["name"]["id"],
        name_en=row["name"]["en"],
        group=row["group"],
        definition=row["definition"],
        levels=tuple(row["levels"]),
        citation=row["citation"],
        status=row["status"],
    )


def _standard(
    row: dict[str, Any], job_levels: list[str] | tuple[str, ...], positions: list[str] | tuple[str, ...]
) -> Standard:
    return Standard(
        job_levels=tuple(job_levels),
        positions=tuple(positions),
        required=row["required"],
        citation=row["citation"],
        effective_from=date.fromisoformat(row["effective_from"]),
        status=row["status"],
        note=row["note"],
    )
