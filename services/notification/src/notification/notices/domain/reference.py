"""Dated figures and names that notices mention, with their sources."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from notification.notices.templates import Language


@dataclass(frozen=True, slots=True)
class Entitlement:
    """JP per year of one employment status, from a day on; for PNS a floor, for PPPK a ceiling."""

    employment: str
    since: date
    jp: int


def entitlement_on(employment: str, day: date) -> Entitlement | None:
    """The rule in force on a day; None where none is known."""
    found = [e for e in _entitlements() if e.employment == employment and e.since <= day]
    return max(found, key=lambda e: e.since, default=None)


def competency_name(code: str, language: Language) -> str:
    """A competency as people call it; an unknown code stands for itself."""
    names = _competencies().get(code)
    return names[language] if names else code


@cache
def _entitlements() -> list[Entitlement]:
    rows = json.loads(_text("entitlement.json"))
    return [Entitlement(row["employment"], date.fromisoformat(row["from"]), row["jp"]) for row in rows]


@cache
def _competencies() -> dict[str, dict[str, str]]:
    names: dict[str, dict[str, str]] = json.loads(_text("competencies.json"))["names"]
    return names


def _text(name: str) -> str:
    return files("notification.notices").joinpath(name).read_text(encoding="utf-8")
