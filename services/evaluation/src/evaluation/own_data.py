"""What this service keeps of people. Raters stay anonymous (UU 27/2022 Pasal 33): of what others answered about
somebody nothing is told but the cells of five raters or more that every impact page is made of."""

from bina.web.language import gettext as _
from bina.web.own_data import Holding, OwnData

_ENROLLED = "(SELECT enrollment_id FROM enrolments WHERE asn_id = $1)"
_ASKED = "t.task_id IN (SELECT task_id FROM tasks WHERE respondent_id = $1)"
_RUNS = "t.run_id IN (SELECT run_id FROM enrolments WHERE asn_id = $1)"
_RIGHT = "trainings"
_ABOUT = """jsonb_build_object('run_id', t.run_id, 'instrument_code', t.instrument_code, 'level', t.level,
    'method', t.method, 'role', t.role, 'opens_on', t.opens_on, 'closes_on', t.closes_on)"""


def holdings() -> list[Holding]:
    """Its tables with something of a person."""
    why = _("Dampak pelatihan diukur")
    return [
        Holding("people", _("Nama, jabatan, dan unit"), why, "t.asn_id = $1", "t.asn_id"),
        Holding(
            "people", _("Siapa yang Anda atasi"), _("Tugas menilai sampai ke atasan"),
            "t.supervisor_id = $1", "t.asn_id", row="jsonb_build_object('asn_id', t.asn_id)",
        ),
        Holding("enrolments", _("Pendaftaran pelatihan"), why, "t.asn_id = $1", "t.enrollment_id", _RIGHT),
        Holding(
            "scores", _("Nilai tes"), why, f"t.enrollment_id IN {_ENROLLED}",
            "t.enrollment_id || t.kind || t.source", _RIGHT,
        ),
        Holding("tasks", _("Tugas menilai Anda"), why, "t.respondent_id = $1", "t.task_id", _RIGHT),
        Holding("responses", _("Jawaban Anda"), why, _ASKED, "t.task_id", _RIGHT, hidden=("digest",)),
        Holding(
            "tasks", _("Penilaian tentang Anda yang diminta, tanpa penilainya"), why,
            f"t.enrollment_id IN {_ENROLLED} AND t.about_id = $1 AND t.respondent_id IS DISTINCT FROM $1", "t.task_id", _RIGHT, row=_ABOUT,
        ),
        Holding(
            "answer_cells", _("Jawaban lima orang atau lebih tentang pelatihan Anda"), why, _RUNS, "t.cell_id", _RIGHT,
            hidden=("cell_id",),
        ),
        Holding(
            "evaluators", _("Penunjukan Anda sebagai evaluator"), why, "$1 = ANY (t.evaluator_ids)",
            "t.scope || t.scope_key", hidden=("evaluator_ids", "appointed_by"),
        ),
        Holding(
            "evaluators", _("Evaluator yang Anda tunjuk"), why, "t.appointed_by = $1", "t.scope || t.scope_key",
            hidden=("evaluator_ids",),
        ),
        Holding("revoked_links", _("Tautan pribadi Anda yang dicabut"), why, _ASKED, "t.task_id", _RIGHT),
    ]  # fmt: skip


EXCLUDED = {
    "runs": "the catalogue",
    "instrument_versions": "forms",
    "publications": "sums over many people",
}
own = OwnData("evaluation", holdings, EXCLUDED, "(SELECT nip FROM people WHERE asn_id = $1 AND NOT erased)")
