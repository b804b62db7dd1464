"""The runs: those of `world.json` exactly as they stand there, and a year of others around them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .facts import document, facts
from .model import Run

LEAD_DAYS = 45
FIRST_DAY = date(2025, 11, 20)
AGENCY_PLACES = {
    "5500": "Kampus BPSDM Provinsi Jambi, Kota Jambi",
    "5508": "Aula BKPSDM, Sengeti",
    "5571": "Ruang Pola BKPSDMD, Kota Jambi",
    "6472": "Ruang Kaloka, Setda Kota Salatiga",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """An invented run: how many seats are asked for, and how well it teaches (1 is usual)."""

    run: Run
    demand: int
    teaching: float


def as_of() -> date:
    """The day on which the world stands."""
    return date.fromisoformat(facts()["as_of"])


def workday(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def given_runs() -> tuple[Run, ...]:
    """The runs of `world.json`."""
    return tuple(_given(row) for row in facts()["runs"])


def planned_runs() -> tuple[Plan, ...]:
    """The invented runs, by start."""
    return tuple(_plan(row) for row in document("runs.json")["runs"])


def _given(row: dict[str, Any]) -> Run:
    starts_on = date.fromisoformat(row["start"])
    online = row["code"].startswith("ELK")
    return Run(
        code=row["code"],
        programme=row["programme"],
        agency=row["agency"],
        open_to=tuple(row["open_to"]),
        starts_on=starts_on,
        ends_on=date.fromisoformat(row["end"]),
        announced_on=_announced(starts_on),
        quota=row["quota"],
        location="Daring, dengan pendampingan" if online else AGENCY_PLACES[row["agency"]],
        status=row["status"],
    )


def _plan(row: dict[str, Any]) -> Plan:
    starts_on, ends_on = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
    cancelled_on = date.fromisoformat(row["cancelled_on"]) if row["cancelled_on"] else None
    full = row["demand"] >= row["quota"]
    run = Run(
        code=row["code"],
        programme=row["code"][:3],
        agency=row["agency"],
        open_to=tuple(row["open_to"]),
        starts_on=starts_on,
        ends_on=ends_on,
        announced_on=_announced(starts_on),
        quota=row["quota"],
        location=row["location"],
        status="cancelled" if cancelled_on else _status(starts_on, full=full),
        pass_score=row["pass_score"],
        tested_in_bina=row["tested_in_bina"],
        cancelled_on=cancelled_on,
    )
    return Plan(run, row["demand"], row["teaching"])


def _status(starts_on: date, *, full: bool) -> Any:
    if starts_on <= as_of():
        return "closed"
    return "full" if full else "open"


def _announced(starts_on: date) -> date:
    usual = min(starts_on - timedelta(days=LEAD_DAYS), as_of() - timedelta(days=14))
    return workday(max(usual, FIRST_DAY))
