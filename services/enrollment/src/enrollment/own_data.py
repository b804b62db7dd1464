"""What this service keeps of people."""

from bina.web.expiring import Expiry
from bina.web.language import gettext as _
from bina.web.own_data import Basis, Holding, OwnData

_MINE = "t.enrollment_id IN (SELECT enrollment_id FROM enrolments WHERE asn_id = $1)"
_RIGHT = "trainings"


def holdings() -> list[Holding]:
    """Its tables with something of a person."""
    return [*_record(), *_trainings(), *_doors()]


def _record() -> list[Holding]:
    kept = _("Pembinaan ASN oleh instansi")
    return [
        Holding("asn", _("Data kepegawaian"), kept, "t.asn_id = $1", "t.asn_id"),
        Holding(
            "asn", _("Siapa yang Anda atasi"), _("Tugas menilai sampai ke atasan"),
            "t.supervisor_id = $1", "t.asn_id", row="jsonb_build_object('asn_id', t.asn_id)",
        ),
        Holding("earlier_nips", _("NIP Anda sebelumnya"), _("Daftar lama menemukan Anda"), "t.asn_id = $1", "t.nip"),
        Holding("placements", _("Riwayat penempatan"), kept, "t.asn_id = $1", "t.from_on"),
        Holding(
            "transfers", _("Instansi yang meminta Anda pindah"), kept, "t.asn_id = $1", "t.transfer_id", "data_requests",
            hidden=("asked_by", "decided_by"),
        ),
        Holding(
            "different_people", _("Bahwa Anda bukan orang yang bernama serupa"), _("Data Anda tidak tertukar"),
            "t.asn_id = $1 OR t.other_id = $1", "t.asn_id || '/' || t.other_id",
            row="jsonb_build_object('decided_at', t.decided_at)",
        ),
        Holding(
            "contacts", _("Surel dan telepon"), _("Pemberitahuan sampai kepada Anda"), "t.asn_id = $1", "t.asn_id",
            basis=Basis.CONSENT,
        ),
        Holding(
            "data_requests", _("Permintaan Anda atas data"), _("Permintaan dijawab tepat waktu"), "t.asn_id = $1",
            "t.request_id", "data_requests", hidden=("decided_by",),
        ),
        Holding(
            "hand_edits", _("Data Anda yang diperbaiki satu per satu"), _("Berkas instansi tidak menimpanya diam-diam"),
            "t.asn_id = $1", "t.field",
        ),
        Holding(
            "import_rows", _("Baris tentang Anda dalam berkas instansi"), kept,
            """t.nip = ANY (ARRAY(SELECT nip FROM asn WHERE asn_id = $1 UNION SELECT e.nip FROM earlier_nips AS e
            WHERE e.asn_id = $1 AND NOT EXISTS (SELECT FROM asn AS n WHERE n.nip = e.nip)))""", "t.import_id || '/' || t.row", "imports",
            hidden=("cells", "ref"),
        ),
        Holding(
            "imports", _("Berkas yang Anda unggah"), kept, "t.uploaded_by = $1", "t.import_id", "imports",
            hidden=("actor",),
        ),
        Holding(
            "calendar_links", _("Tautan kalender Anda"), _("Jadwal sampai ke kalender Anda"), "t.asn_id = $1",
            "t.generation", basis=Basis.CONSENT,
        ),
        Holding("role_grants", _("Peran Anda"), _("Hak membuka halaman"), "t.asn_id = $1", "t.role", hidden=("shows",)),
    ]  # fmt: skip


def _trainings() -> list[Holding]:
    jp = _("Hak dan kewajiban pengembangan kompetensi (UU 20/2023 Pasal 49)")
    return [
        Holding("enrolments", _("Pendaftaran pelatihan"), jp, "t.asn_id = $1", "t.enrollment_id", _RIGHT),
        Holding("jp_entries", _("Catatan JP"), jp, "t.asn_id = $1", "t.entry_id", _RIGHT),
        Holding(
            "jp_credits", _("Sertifikat dan kegiatan belajar yang Anda ajukan"), jp, "t.asn_id = $1", "t.credit_id",
            _RIGHT, hidden=("decided_by",),
        ),
        Holding(
            "jp_evidence", _("Bukti yang Anda lampirkan"), _("JP dicatat menurut bukti"), "t.asn_id = $1", "t.credit_id",
            "jp_evidence", row="jsonb_build_object('credit_id', t.credit_id, 'media_type', t.media_type)",
        ),
        Holding("post_tests", _("Nilai tes sesudah pelatihan"), jp, _MINE, "t.enrollment_id", _RIGHT),
        Holding(
            "attendance", _("Kehadiran di setiap sesi, dan sidik perangkat yang Anda pakai untuk hadir"), jp, _MINE,
            "t.session_id || t.enrollment_id::text", _RIGHT, hidden=("marked_by",),
        ),
        Holding(
            "reports", _("Laporan sesudah pelatihan"), jp, _MINE, "t.enrollment_id", _RIGHT, hidden=("received_by",),
        ),
        Holding(
            "run_sessions", _("Sesi yang Anda ajar"), _("Pelatih mencatat kehadiran"), "t.trainer_id = $1",
            "t.session_id", _RIGHT,
        ),
        Holding(
            "speakers", _("Catatan tentang Anda sebagai narasumber"), _("Sesi diberi narasumber"), "t.asn_id = $1",
            "t.speaker_id", _RIGHT,
        ),
        Holding(
            "waiting_asks", _("Instansi yang mendaftarkan Anda"), _("Instansi mendapat jawaban"), _MINE,
            "t.enrollment_id", _RIGHT,
        ),
        Holding(
            "approvals", _("Permintaan Anda yang perlu persetujuan, catatan Anda, dan jawabannya"), jp, "t.asn_id = $1",
            "t.approval_id", "approvals", hidden=("supervisor_id", "decided_by"),
        ),
        Holding("certificates", _("Sertifikat"), jp, _MINE, "t.certificate_id", _RIGHT),
        Holding(
            "revoked_certificates", _("Sertifikat yang dicabut"), _("Nomornya tidak dipakai lagi"), _MINE,
            "t.enrollment_id || t.number", _RIGHT,
        ),
        Holding(
            "competency_levels", _("Tingkat kompetensi Anda"), _("Syarat mengikuti pelatihan diperiksa"), "t.asn_id = $1",
            "t.competency_code",
        ),
        Holding(
            "programme_drafts", _("Draf program yang Anda ajukan"), _("Program disetujui oleh orang lain"),
            "t.submitted_by = $1", "t.programme_code",
        ),
        Holding("recommendations", _("Pelatihan yang disarankan"), jp, "t.asn_id = $1", "t.competency_code"),
    ]  # fmt: skip


def _doors() -> list[Holding]:
    safe = _("Hanya Anda yang masuk sebagai Anda")
    return [
        Holding("identities", _("Akun untuk masuk"), safe, "t.asn_id = $1", "t.issuer", basis=Basis.SERVICE),
        Holding(
            "sessions", _("Sesi yang terbuka"), safe, "t.asn_id = $1", "t.session_id", "sessions", Basis.SERVICE,
            ("id_token", "provider_session"),
        ),
    ]  # fmt: skip


EXCLUDED = {
    "agencies": "agencies",
    "jp_histories": "what agencies declare",
    "publisher_rights": "agencies",
    "units": "units",
    "unit_states": "units",
    "partners": "institutions",
    "programmes": "the catalogue",
    "programme_versions": "the catalogue",
    "runs": "the catalogue",
    "run_seats": "sums",
    "certificate_series": "agencies' numbers",
    "machines": "agencies' systems",
    "import_columns": "names of columns",
    "agency_tallies": "counts of agencies' messages",
    "import_files": "agencies' own files; what they say of a person is in their rows",
}
_UPLOADED = "(SELECT i.uploaded_at FROM imports AS i WHERE i.import_id = t.import_id)"
EXPIRIES = (
    Expiry("imports", "import_files", _UPLOADED, business=True),
    Expiry("imports", "import_rows", _UPLOADED, business=True),
    Expiry("kept_forms", "imports", "t.uploaded_at", "t.state = 'draft'", business=True),
    Expiry("sessions", "sessions", "t.until"),
    Expiry("jp_evidence", "jp_evidence", "t.decided_at", "t.decided_at IS NOT NULL", business=True),
    Expiry("approvals", "approvals", "t.decided_at", "t.state <> 'open'", business=True),
    Expiry("data_requests", "data_requests", "t.decided_at", "t.state <> 'open'", business=True),
    Expiry("data_requests", "transfers", "t.decided_at", "t.state <> 'open'", business=True),
)
own = OwnData("enrollment", holdings, EXCLUDED, "(SELECT nip FROM asn WHERE asn_id = $1)")
