"""Why two records stay two, in words."""

from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.problems import Problem
from enrollment.duplicates.domain import Clash, Dependent


def clashing(clash: Clash) -> Problem:
    """409: both records have what one person cannot have twice."""
    return Problem(
        "both-have-it",
        409,
        _("Kedua data ini belum dapat digabungkan."),
        words_of(clash),
        mend=_("Tarik, batalkan, atau perbaiki salah satunya lebih dahulu, lalu gabungkan lagi."),
        more=clash._asdict(),
    )


def same_person() -> Problem:
    """422: one record named twice."""
    return Problem("invalid-input", 422, _("Pilih dua data yang berbeda."))


def not_alike() -> Problem:
    """409: whoever does not look like the other is erased as the law says, and not by a merge."""
    return Problem(
        "not-alike",
        409,
        _("Dua data ini tidak tercatat mungkin satu orang."),
        mend=_("Gabungkan pasangan di halaman Data ganda. Perbaiki lebih dahulu nama atau NIP yang keliru."),
        way=(_("Buka Data ganda"), "/enrollment/pegawai/ganda"),
    )


def words_of(clash: Clash) -> str:
    """What both have."""
    if clash.what == "run":
        return _("Keduanya terdaftar di %(run)s.") % {"run": clash.name}
    if clash.what == "balance":
        return _("Keduanya mencatat saldo awal JP tahun %(year)s.") % {"year": clash.name}
    return _("Keduanya mencatat sertifikat %(number)s.") % {"number": clash.name}


def said_of(found: Dependent) -> str:
    """What hangs on a record; empty where nothing does."""
    said = [
        (found.enrolments, counted("%(n)s pendaftaran", found.enrolments)),
        (found.certificates, counted("%(n)s sertifikat", found.certificates)),
        (found.jp, "%(n)s JP"),
        (found.credits, counted("%(n)s pengajuan JP", found.credits)),
        (found.levels, counted("%(n)s tingkat kompetensi", found.levels)),
        (found.roles, counted("%(n)s peran", found.roles)),
        (found.accounts, counted("%(n)s akun", found.accounts)),
        (found.requests, counted("%(n)s permintaan kursi", found.requests)),
    ]
    return ", ".join(words % {"n": number(n)} for n, words in said if n)
