"""What a clerk filled in about who met a run's attendance: one radio group for each participant."""

from uuid import UUID

from starlette.datastructures import FormData

from bina.web.language import gettext as _
from bina.web.problems import Problem, not_found

FIELD = "attendance."
"""A participant's field is this and their enrolment's id; its value is `met`, `missed`, or empty for not filled in."""


def read_attendance(form: FormData) -> tuple[list[UUID], list[UUID]]:
    """Enrolments that met the attendance and those that did not; 422 unless each is said once and somebody is."""
    fields = [name for name in form if name.startswith(FIELD)]
    if any(len(form.getlist(name)) > 1 or form[name] not in ("met", "missed", "") for name in fields):
        raise _refused(_("Pilih satu saja untuk setiap orang: memenuhi, tidak memenuhi, atau belum diisi."))
    met, missed = ([_id(name) for name in fields if form[name] == value] for value in ("met", "missed"))
    if not met and not missed:
        raise _refused(_("Isi kehadiran sedikitnya satu orang."))
    return sorted(met), sorted(missed)


def _id(name: str) -> UUID:
    try:
        return UUID(name.removeprefix(FIELD))
    except ValueError:
        raise not_found(_("Pendaftaran ini tidak dikenal.")) from None


def _refused(words: str) -> Problem:
    return Problem("invalid-input", 422, _("Presensi belum dapat disimpan."), words)
