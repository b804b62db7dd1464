"""Who leads a unit, and which jobs its staff hold."""

import random
from dataclasses import dataclass

from .chance import weighted
from .facts import document
from .model import Unit

HEADS: tuple[tuple[str, str, str], ...] = (
    ("Sekretariat ", "Sekretaris pada {rest}", "Administrator"),
    ("Biro ", "Kepala {name}", "JPT Pratama"),
    ("Inspektur Pembantu", "{name}", "Administrator"),
    ("Inspektorat", "Inspektur pada {name}", "JPT Pratama"),
    ("Kecamatan ", "Camat {rest}", "Administrator"),
    ("Kelurahan ", "Lurah {rest}", "Pengawas"),
    ("Rumah Sakit", "Direktur {name}", "Administrator"),
    ("Puskesmas", "Kepala {name}", "Pengawas"),
    ("UPTD", "Kepala {name}", "Pengawas"),
    ("Panti", "Kepala {name}", "Pengawas"),
    ("KPHP", "Kepala {name}", "Pengawas"),
    ("Bidang ", "Kepala {name}", "Administrator"),
    ("Bagian ", "Kepala {name}", "Administrator"),
)
SECOND_LINE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Sekretariat Kecamatan", ("Kepala Seksi Pemerintahan", "Kepala Seksi Pelayanan")),
    ("Sekretariat ", ("Kepala Subbagian Umum dan Kepegawaian", "Kepala Subbagian Keuangan")),
)
WEIGHTS: tuple[tuple[str, int], ...] = (
    ("SD Negeri", 15),
    ("SMP Negeri", 18),
    ("SMA Negeri", 20),
    ("SMK Negeri", 20),
    ("Puskesmas", 18),
    ("Rumah Sakit", 24),
    ("Kelurahan", 7),
    ("Sekretariat", 9),
    ("Inspektur Pembantu", 12),
)


@dataclass(frozen=True, slots=True)
class Post:
    """A job: `women` is the share of women among those who hold it."""

    position: str
    position_type: str
    job_level: str
    women: float


def head_of(unit: Unit) -> Post:
    """The post that leads the unit."""
    if " Negeri " in unit.name:
        return Post(f"Kepala {unit.name}", "Fungsional", "Ahli Madya", 0.5)
    for start, title, level in HEADS:
        if unit.name.startswith(start):
            position = title.format(name=unit.name, rest=unit.name.removeprefix(start))
            return Post(position, "Struktural", level, 0.36)
    return Post(f"Kepala {unit.name}", "Struktural", "JPT Pratama", 0.25)


def second_line_of(unit: Unit) -> tuple[Post, ...]:
    """The posts directly below the head, who lead the unit's staff; none in most units."""
    titles = next((titles for start, titles in SECOND_LINE if unit.name.startswith(start)), ())
    return tuple(Post(title, "Struktural", "Pengawas", 0.45) for title in titles)


def staff_weight(unit: Unit) -> int:
    """How many staff a unit has compared with others; none directly under an OPD's head."""
    if unit.parent is None:
        return 0
    return next((weight for start, weight in WEIGHTS if unit.name.startswith(start)), 8)


def staff_post(rng: random.Random, work: str) -> Post:
    """A job as it occurs in this kind of work."""
    rows = document("positions.json")["staff"][work]
    position, position_type, levels, women, _ = weighted(rng, ((row, row[4]) for row in rows))
    return Post(position, position_type, weighted(rng, levels.items()), women)
