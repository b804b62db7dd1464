"""Why an approval cannot be answered so."""

from bina.web.language import gettext as _
from bina.web.problems import Problem, not_found


def unknown() -> Problem:
    """No such request."""
    return not_found(_("Permintaan ini tidak ada."))


def answered() -> Problem:
    """409: it waits no more."""
    return Problem("approval-answered", 409, _("Permintaan ini sudah dijawab atau ditarik."))


def own() -> Problem:
    """409: nobody approves what they ask for themselves."""
    return Problem(
        "own-request",
        409,
        _("Permintaan sendiri disetujui orang lain."),
        mend=_("Minta atasan atau pengelola lain di instansi Anda menjawabnya."),
    )


def not_yet() -> Problem:
    """409: it waits for the supervisor's word."""
    return Problem(
        "awaits-supervisor",
        409,
        _("Permintaan ini masih menunggu jawaban atasannya."),
        mend=_("Bila mendesak, daftarkan pegawai ini di halaman angkatannya."),
    )


def agencys() -> Problem:
    """409: the supervisor said yes, or said nothing in time; it waits for the agency's word."""
    return Problem(
        "awaits-agency",
        409,
        _("Permintaan ini sekarang menunggu jawaban instansi."),
        mend=_("Pengelola instansi yang menjawabnya."),
    )
