"""Why a request for somebody is not taken, or not answered so."""

from datetime import date

from bina.web.formats import day, number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found


def unknown() -> Problem:
    """404: no such request, or another agency's: both look the same."""
    return not_found(_("Permintaan ini tidak ada."))


def answered() -> Problem:
    """409: it waits no more."""
    return Problem("transfer-answered", 409, _("Permintaan ini sudah dijawab, ditarik, atau lewat waktunya."))


def asked_already() -> Problem:
    """409: one request a person and agency, whoever that is."""
    return Problem(
        "transfer-open", 409, _("Instansi Anda sudah meminta NIP ini."), mend=_("Tunggu jawabannya, atau tarik dahulu.")
    )  # fmt: skip


def own_person() -> Problem:
    """409: somebody of one's own."""
    return Problem("already-there", 409, _("Pegawai ini sudah bertugas di instansi Anda."))


def too_many(most: int) -> Problem:
    """429: more than a personnel office asks in a day."""
    return Problem(
        "transfer-limit",
        429,
        counted("Instansi Anda sudah mengajukan %(n)s permintaan hari ini.", most) % {"n": number(most)},
        mend=_("Ajukan yang lain besok."),
        headers={"Retry-After": "3600"},
    )


def not_yet(since: date) -> Problem:
    """409: nobody moves before the day."""
    return Problem(
        "transfer-not-yet",
        409,
        _("Kepindahannya berlaku %(day)s; terima pada hari itu atau sesudahnya.") % {"day": day(since)},
    )


def invalid(where: str, what: str) -> Problem:
    """422: one field of a form."""
    return Problem("invalid-input", 422, _("Permintaan belum dikirim."), errors=[Fault(where, what)])
