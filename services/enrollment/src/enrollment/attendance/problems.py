"""Why attendance cannot be recorded, in words."""

from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem


def unreadable() -> Problem:
    """422: a form that our pages do not send."""
    return Problem(
        "invalid-input", 422, _("Presensi belum dapat disimpan."), _("Pilih satu saja untuk setiap orang.")
    )


def nothing_said() -> Problem:
    """422: nobody's attendance was changed."""
    return Problem(
        "invalid-input",
        422,
        _("Belum ada yang berubah."),
        mend=_("Isi kehadiran sedikitnya satu orang, lalu simpan."),
    )


def cancelled(reason: str) -> Problem:
    """409: a run that will not be held."""
    return Problem("run-cancelled", 409, _("Angkatan ini sudah dibatalkan."), reason)


def no_sessions() -> Problem:
    """409: a run whose attendance is recorded as a whole."""
    return Problem(
        "run-without-sessions",
        409,
        _("Angkatan ini tidak punya sesi."),
        mend=_("Catat presensinya langsung di halaman angkatan."),
    )


def not_yet() -> Problem:
    """409: a session that lies ahead."""
    return Problem(
        "session-ahead",
        409,
        _("Sesi ini belum dimulai."),
        mend=_("Presensi dibuka setengah jam sebelum sesi dimulai."),
    )


def settled(names: str) -> Problem:
    """409: attendance that follows from a result by now."""
    return Problem(
        "attendance-settled",
        409,
        _("Kehadiran ini sudah ditetapkan: %(names)s.") % {"names": names},
        _("Tidak ada yang disimpan."),
        mend=_("Bila keliru, perbaiki hasilnya lewat koreksi hasil."),
    )


def unfinished(words: str) -> Problem:
    """409: something lacks before attendance can be settled."""
    return Problem(
        "attendance-unfinished",
        409,
        _("Kehadiran belum dapat ditetapkan."),
        words,
        mend=_("Lengkapi dahulu."),
    )


def not_taking_part(status: int = 409) -> Problem:
    """No session that somebody could check in to: 409 for who tries, 404 for its page."""
    return Problem(
        "no-open-attendance",
        status,
        _("Tidak ada presensi yang terbuka untuk Anda di sesi ini."),
        mend=_("Bila Anda peserta, minta pelatih mencatat kehadiran Anda di daftar."),
    )


def wrong_code() -> Problem:
    """409: a code that the screen does not show, or no longer."""
    return Problem(
        "code-refused",
        409,
        _("Kode ini tidak berlaku, atau sudah berganti."),
        _("Foto kode yang lama tidak dapat dipakai."),
        mend=_("Pindai atau ketik kode yang sekarang tampil di layar ruangan."),
    )


def too_late() -> Problem:
    """409: a check-in that was kept on the phone for too long."""
    return Problem(
        "check-in-too-late",
        409,
        _("Kehadiran ini terkirim terlambat, jadi tidak dapat dicatat."),
        mend=_("Minta pelatih mencatat kehadiran Anda di daftar."),
    )


def said_otherwise() -> Problem:
    """409: the list says that somebody was not there."""
    return Problem(
        "marked-otherwise",
        409,
        _("Pelatih sudah mencatat Anda tidak hadir di sesi ini."),
        mend=_("Temui pelatih atau penyelenggara bila itu keliru."),
    )


def no_device() -> Problem:
    """409: a browser that keeps no cookie of ours."""
    return Problem(
        "device-unknown",
        409,
        _("Perangkat ini belum dikenal."),
        mend=_("Buka lagi halaman presensi, lalu tekan Saya hadir."),
    )


def no_reason() -> Problem:
    """422: somebody's attendance was denied without a word."""
    fault = Fault("reason", _("Tulis mengapa kehadirannya tidak benar."))
    return Problem("invalid-input", 422, _("Pemeriksaan belum dapat disimpan."), errors=[fault])
