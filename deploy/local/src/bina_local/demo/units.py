"""The agencies' unit trees: OPD, their divisions, and the schools, clinics and villages below."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

from .facts import document
from .model import Unit

NAMESPACE = UUID("6b0e3f0e-3f3c-5d0e-9d58-b1a0a5a5c0de")

WORK: tuple[tuple[str, str], ...] = (
    ("SD Negeri", "sekolah"),
    ("SMP Negeri", "sekolah"),
    ("SMA Negeri", "sekolah"),
    ("SMK Negeri", "sekolah"),
    ("Puskesmas", "kesehatan"),
    ("Rumah Sakit", "kesehatan"),
    ("Laboratorium Kesehatan", "kesehatan"),
    ("Inspekt", "pengawasan"),
    ("Bappeda", "perencanaan"),
    ("BKPSDM", "kepegawaian"),
    ("BPSDM", "kepegawaian"),
    ("Kepegawaian", "kepegawaian"),
    ("Pajak", "keuangan"),
    ("Keuangan", "keuangan"),
    ("BPKAD", "keuangan"),
    ("Kominfo", "kominfo"),
    ("Komunikasi", "kominfo"),
    ("Pengadaan", "pengadaan"),
    ("Kelurahan", "wilayah"),
    ("Kecamatan", "wilayah"),
)


def grow_units() -> tuple[Unit, ...]:
    """All units, parents before children."""
    found = document("units.json")
    remote = frozenset(found["remote"])
    return tuple(
        unit for agency, tree in found["trees"].items() for unit in _branch(agency, tree, None, remote)
    )


def _branch(agency: str, tree: dict[str, Any], parent: UUID | None, remote: frozenset[str]) -> Iterator[Unit]:
    for name, children in tree.items():
        unit = Unit(uuid5(NAMESPACE, f"{agency}/{name}"), agency, name, parent, name in remote)
        yield unit
        yield from _branch(agency, children, unit.id, remote)


def work_of(unit: Unit, units: dict[UUID, Unit]) -> str:
    """The kind of work done there, by its own name or else its parent's: decides the positions."""
    own = next((work for part, work in WORK if part in unit.name), None)
    if own is not None or unit.parent is None:
        return own or "umum"
    return work_of(units[unit.parent], units)
