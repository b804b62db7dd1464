"""How programmes read on a page, and what differs between two versions of one."""

from typing import NamedTuple

from bina.web.formats import jp, number
from bina.web.language import gettext as _
from enrollment.catalogue.domain import Draft, Mix, Programme

KINDS = {
    1: "Struktural", 2: "Fungsional", 3: "Teknis", 4: "Workshop", 5: "Manajerial", 6: "Sosial Kultural",
    7: "Sosialisasi", 8: "Bimtek", 9: "Seminar", 10: "Magang", 11: "Kursus", 12: "Penataran",
    13: "Klasikal lainnya", 14: "Coaching", 15: "Mentoring", 16: "E-Learning", 17: "Jarak Jauh", 18: "Detasering",
    19: "Outbond", 20: "Benchmarking", 21: "Pertukaran PNS–swasta/BUMN/BUMD", 22: "Belajar Mandiri",
    23: "Komunitas Belajar", 24: "Bimbingan di Tempat Kerja", 25: "Nonklasikal lainnya",
}  # fmt: skip
"""SIASN's jenisDiklat, by its ids and in its words (ws-siasn-php, reference data of 2025-05-09)."""
POSITIONS = ("Struktural", "Fungsional", "Pelaksana")
"""Types of positions, as agencies' files name them."""


class Difference(NamedTuple):
    """One value that changed, in words; empty where there was or is none."""

    field: str
    before: str
    after: str


def ways(given: str = "") -> list[tuple[str, str]]:
    """How programmes are held, with another way that one is recorded with."""
    known = [
        ("klasikal", _("Klasikal, tatap muka")),
        ("daring", _("Daring")),
        ("campuran", _("Campuran (blended)")),
    ]
    return known + ([(given, given)] if given and given not in dict(known) else [])


def way_of(mode: str) -> str:
    """A way in words; one that nobody listed is its own."""
    return dict(ways()).get(mode.lower(), mode)


def mix_of(mix: Mix) -> str:
    """`8 JP teori, 8 JP praktik`; empty where nothing is said."""
    parts = (
        (mix.theory, _("teori")), (mix.practice, _("praktik")), (mix.simulation, _("simulasi")),
        (mix.case_study, _("studi kasus")),
    )  # fmt: skip
    return ", ".join(f"{jp(count)} {word}" for count, word in parts if count)


def competencies_of(programme: Programme) -> str:
    """`T2 tingkat 1, M1 tingkat 1`."""
    return ", ".join(_("%(code)s tingkat %(level)s") % c.model_dump() for c in programme.competencies)


def facts_of(programme: Programme) -> list[tuple[str, str]]:
    """What a programme is, as a page lists it."""
    return [
        (_("Nama"), programme.name),
        (_("Jenis pelatihan"), programme.kind),
        ("JP", jp(programme.jp)),
        (_("Metode"), mix_of(programme.mix)),
        (_("Cara belajar"), way_of(programme.mode)),
        (_("Kompetensi"), competencies_of(programme)),
        (_("Untuk jabatan"), ", ".join(programme.positions)),
        (_("Untuk jenjang"), ", ".join(programme.job_levels)),
        (_("Untuk instansi"), ", ".join(programme.agencies)),
        (_("Sifat sasaran"), _("mengikat") if programme.audience_binds else _("anjuran")),
        (_("Kursi per angkatan"), "" if programme.quota is None else number(programme.quota)),
    ]


def differences(before: Programme | None, after: Programme) -> list[Difference]:
    """What is another value in `after`; all of it where there was nothing."""
    new = facts_of(after)
    old = facts_of(before) if before else [(field, "") for field, _value in new]
    pairs = zip(old, new, strict=True)
    return [Difference(field, was, now) for (_field, was), (field, now) in pairs if was != now]


def state_of(draft: Draft) -> tuple[str, str]:
    """(word, kind of tag) of a draft."""
    if draft.state == "submitted":
        return _("Menunggu persetujuan"), "info"
    return (_("Dikembalikan"), "warning") if draft.reason else (_("Draf"), "neutral")
