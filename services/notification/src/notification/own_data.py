"""What this service keeps of people."""

from bina.web.expiring import Expiry
from bina.web.language import gettext as _
from bina.web.own_data import Basis, Holding, OwnData


def holdings() -> list[Holding]:
    """Its tables with something of a person."""
    why = _("Anda diberi tahu yang menyangkut Anda")
    return [
        Holding("people", _("Nama, jabatan, dan unit"), why, "t.asn_id = $1", "t.asn_id"),
        Holding(
            "people", _("Siapa yang Anda atasi"), _("Tugas menilai sampai ke atasan"),
            "t.supervisor_id = $1", "t.asn_id", row="jsonb_build_object('asn_id', t.asn_id)",
        ),
        Holding("gaps", _("Kesenjangan kompetensi"), why, "t.asn_id = $1", "t.competency_code"),
        Holding("enrolments", _("Pendaftaran pelatihan"), why, "t.asn_id = $1", "t.enrollment_id", "trainings"),
        Holding("notices", _("Pemberitahuan kepada Anda"), why, "t.recipient_id = $1", "t.notice_id", "notices"),
        Holding(
            "deliveries", _("Pengiriman lewat surel"), _("Yang gagal dapat dikirim ulang"),
            "t.notice_id IN (SELECT notice_id FROM notices WHERE recipient_id = $1)",
            "t.notice_id || t.channel", "deliveries", Basis.CONSENT, ("lease", "leased_until", "worker"),
        ),
        Holding(
            "contacts", _("Alamat surel"), _("Pemberitahuan sampai kepada Anda"), "t.asn_id = $1", "t.asn_id",
            basis=Basis.CONSENT,
        ),
        Holding(
            "preferences", _("Pilihan saluran dan bahasa"), _("Anda dihubungi sesuai pilihan Anda"), "t.asn_id = $1",
            "t.asn_id", basis=Basis.CONSENT,
        ),
    ]  # fmt: skip


EXCLUDED = {
    "trainings": "the catalogue",
    "training_versions": "the catalogue",
    "open_tasks": "tasks by opaque id, without people",
    "forgotten": "who was erased: nobody who still asks",
}
# A notice goes after its mails, those that failed, too: a clerk may try them again, and they are written from it.
_MAILS = "SELECT FROM deliveries d WHERE d.notice_id = t.notice_id"
EXPIRIES = (
    Expiry("deliveries", "deliveries", "t.ended_at", "t.state NOT IN ('waiting', 'sending')", business=True),
    Expiry("notices", "notices", "t.occurred_at", f"NOT EXISTS ({_MAILS})", business=True),
)
own = OwnData("notification", holdings, EXCLUDED)
