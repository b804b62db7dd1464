"""The facts of `world.json`: kept exactly, since the import samples' outcomes are judged against them."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from .model import Agency, Programme

AUDIENCE: dict[str, tuple[str, ...]] = {
    "PKA": ("Administrator",),
    "PKP": ("Pengawas",),
    "MAN": ("Administrator",),
    "COA": ("Pengawas",),
    "AUD": ("Ahli Pertama",),
    "PER": ("Ahli Pertama", "Ahli Muda"),
}
POSITIONS: dict[str, tuple[str, ...]] = {
    "AUD": ("Auditor", "Pengawas Penyelenggaraan Urusan Pemerintahan Daerah"),
    "PER": ("Perencana", "Analis Kebijakan"),
}


def facts() -> dict[str, Any]:
    """The parsed file."""
    return document("world.json")


@cache
def document(name: str) -> dict[str, Any]:
    """One of the data files beside this module."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def agencies() -> tuple[Agency, ...]:
    """The four agencies and whose results each may report."""
    trusted = facts()["uploaders"]
    return tuple(
        Agency(row["code"], row["name"], tuple(trusted[row["code"]]["kelulusan"]))
        for row in facts()["agencies"]
    )


def programmes() -> tuple[Programme, ...]:
    """The catalogue, with the audience that the names of its programmes imply."""
    return tuple(_programme(row) for row in facts()["programmes"])


def _programme(row: dict[str, Any]) -> Programme:
    return Programme(
        code=row["code"],
        name=row["name"],
        kind_id=row["jenisDiklatId"],
        kind=row["jenisDiklat"],
        jp=row["jp"],
        competencies=tuple(row["competencies"]),
        level=row["level"],
        quota=row["quota"],
        mode=row["mode"],
        job_levels=AUDIENCE.get(row["code"], ()),
        positions=POSITIONS.get(row["code"], ()),
    )
