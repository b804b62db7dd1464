"""What this service keeps of people."""

from bina.web.language import gettext as _
from bina.web.own_data import Holding, OwnData

_RIGHT = "trainings"


def holdings() -> list[Holding]:
    """Its tables with something of a person."""
    tests = _("Tes sebelum dan sesudah pelatihan")
    gaps = _("Kesenjangan kompetensi terlihat dan ditutup")
    return [
        Holding("people", _("Jabatan Anda"), gaps, "t.asn_id = $1", "t.asn_id"),
        Holding("enrollments", _("Pendaftaran pelatihan"), tests, "t.asn_id = $1", "t.enrollment_id", _RIGHT),
        Holding("assessments", _("Tes dan jawaban Anda"), tests, "t.asn_id = $1", "t.assessment_id", _RIGHT),
        Holding(
            "competency_results",
            _("Hasil per kompetensi"),
            gaps,
            "t.asn_id = $1",
            "t.assessment_id || t.code",
            _RIGHT,
        ),
        Holding("profile_entries", _("Profil kompetensi"), gaps, "t.asn_id = $1", "t.code"),
        Holding("recommendations", _("Pelatihan yang disarankan"), gaps, "t.asn_id = $1", "t.asn_id"),
    ]


EXCLUDED = {"runs": "the catalogue", "run_targets": "the catalogue"}
own = OwnData("assessment", holdings, EXCLUDED)
