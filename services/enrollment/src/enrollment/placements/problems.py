"""Why somebody stays where they are, in words."""

from datetime import date

from bina.web.formats import day
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem


def invalid(where: str, what: str) -> Problem:
    """422: one field of a form."""
    return Problem("invalid-input", 422, _("Perubahan belum disimpan."), errors=[Fault(where, what)])


def too_early(where: str, last: date) -> Problem:
    """422: a day that the history says something else of."""
    words = _("Isi tanggal sesudah penempatan terakhir, %(day)s.") % {"day": day(last)}
    return invalid(where, words)


def has_left(left_on: date) -> Problem:
    """409: whoever does not serve is placed nowhere."""
    return Problem(
        "has-left",
        409,
        _("Pegawai ini sudah berhenti sejak %(day)s.") % {"day": day(left_on)},
        mend=_("Catat lebih dahulu bahwa ia kembali bertugas."),
    )


def already_there() -> Problem:
    """409: the agency that somebody serves in anyway."""
    return Problem(
        "already-there",
        409,
        _("Pegawai ini sudah bertugas di instansi itu."),
        mend=_("Pilih instansi tujuan lain, atau pindahkan ke unit lain."),
    )


def serves() -> Problem:
    """409: nobody returns who has not left."""
    return Problem("has-not-left", 409, _("Pegawai ini belum berhenti."))
