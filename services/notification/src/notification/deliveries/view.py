"""How the ledger of deliveries reads."""

from bina.web.language import gettext as _

TABS = {
    "": (),
    "gagal": ("failed",),
    "kedaluwarsa": ("expired",),
    "menunggu": ("waiting", "sending"),
    "terkirim": ("sent",),
    "tidak-diminta": ("skipped",),
}
"""Address part in the URL → states it shows."""
TAGS = {"sent": "success", "failed": "danger", "expired": "warning", "waiting": "info", "sending": "info"}


def name_of_tab(code: str) -> str:
    """A tab as it is labelled: the first of its states names it."""
    return name_of_state(TABS[code][0]) if TABS[code] else _("Semua")


def name_of_state(state: str) -> str:
    """What became of a mail, in a word or two."""
    return {
        "waiting": _("Menunggu"),
        "sending": _("Sedang dikirim"),
        "sent": _("Terkirim"),
        "failed": _("Gagal"),
        "expired": _("Kedaluwarsa"),
        "skipped": _("Tidak diminta"),
    }[state]


def words_of_reason(code: str) -> str:
    """Why a mail is not sent; empty where there is nothing to explain."""
    return {
        "no_address": _("Alamat surel belum tercatat."),
        "too_late": _("Tidak sempat terkirim selagi masih berguna."),
        "not_wanted": _("Penerima memilih tanpa surel."),
        "moot": _("Yang ditanyakan sudah dijawab atau ditarik sebelum surel terkirim."),
        "bad_address": _("Alamat surel tidak sah."),
        "wordless": _("Isi pemberitahuan tidak dapat disusun; hubungi operator platform."),
        "refused": _("Server surel penerima menolak."),
        "deferred": _("Server surel penerima meminta dicoba lagi nanti."),
        "connection_lost": _("Sambungan ke server surel terputus; akan dicoba lagi."),
        "tries_exhausted": _("Server surel penerima belum dapat menerima setelah beberapa kali dicoba."),
    }.get(code, "")


def name_of_kind(kind: str) -> str:
    """A kind of notice as staff call it."""
    return {
        "training_announced_gap": _("Pelatihan untuk kesenjangan"),
        "training_announced_job": _("Pelatihan sesuai jabatan"),
        "enrollment_accepted": _("Terdaftar"),
        "enrollment_waitlisted": _("Daftar tunggu"),
        "enrollment_rejected": _("Pendaftaran ditolak"),
        "enrollment_withdrawn": _("Pendaftaran ditarik"),
        "pretest_ready": _("Tes awal siap"),
        "posttest_ready": _("Tes akhir siap"),
        "test_reminder": _("Pengingat tes"),
        "test_scored": _("Nilai tes"),
        "training_completed": _("Pelatihan selesai"),
        "training_not_completed": _("Pelatihan belum selesai"),
        "result_corrected": _("Hasil diperbaiki"),
        "certificate_revoked": _("Sertifikat dicabut"),
        "training_recommended": _("Saran pelatihan"),
        "training_recommended_unscheduled": _("Saran pelatihan"),
        "training_changed": _("Perubahan jadwal"),
        "training_cancelled": _("Pelatihan dibatalkan"),
        "data_request_accepted": _("Permintaan data diterima"),
        "data_request_refused": _("Permintaan data ditolak"),
        "jp_credit_accepted": _("Pengajuan JP diterima"),
        "jp_credit_refused": _("Pengajuan JP ditolak"),
        "jp_credit_corrected": _("JP dikoreksi"),
        "approval_requested": _("Permintaan menunggu persetujuan"),
        "task_opened": _("Tugas menilai"),
        "task_reminder": _("Pengingat tugas"),
        "task_expired": _("Tugas berakhir"),
    }.get(kind, kind)
