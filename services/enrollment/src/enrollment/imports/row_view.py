"""Rows of an import in the reader's words: what is wrong with them, what they would change."""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from bina.web.formats import Number, day, number
from bina.web.language import current
from bina.web.language import gettext as _
from enrollment.imports.advice import ADVICE
from enrollment.imports.plan import changes_of
from enrollment.imports.problems import Problem, Severity
from enrollment.imports.store import Cause, Planned, Which

Text = Callable[[str], str]
"""Makes of a text of the file what its reader may see of it."""


class Diff(NamedTuple):
    """One value of a planned change, in words; empty where there was or will be none."""

    field: str
    before: str
    after: str


def advice_of(cause: Cause) -> str:
    """How to mend all rows of one cause."""
    problem = Problem(None, cause.column, cause.code, Severity(cause.severity), "…", cause.allowed)
    return problem.advice_en if current() == "en" else problem.advice


def cause_name(code: str, severity: str = "error") -> str:
    """What is wrong, in few words."""
    return (
        _causes().get(code, code)
        if f"{code}/{severity}" not in ADVICE or severity == "error"
        else _warned(code)
    )


def _warned(code: str) -> str:
    return {"nip.checks": _("Jenis kelamin berbeda dengan NIP")}.get(code, code)


def _causes() -> dict[str, str]:
    return {
        "file.formula": _("Rumus tanpa hasil"),
        "value.missing": _("Kosong"),
        "value.too_long": _("Terlalu panjang"),
        "nip.format": _("NIP bukan 18 digit"),
        "nip.scientific": _("NIP rusak oleh Excel"),
        "nip.checks": _("NIP tidak wajar"),
        "nip.unknown": _("NIP tidak terdata"),
        "nip.other_agency": _("Pegawai instansi lain"),
        "run.unknown": _("Angkatan tidak dikenal"),
        "run.closed": _("Pendaftaran ditutup"),
        "run.full": _("Masuk daftar tunggu"),
        "run.cancelled": _("Angkatan dibatalkan"),
        "duplicate.in_file": _("Ganda di berkas"),
        "duplicate.existing": _("Sudah tercatat"),
        "date.invalid": _("Tanggal tidak terbaca"),
        "date.future": _("Tanggal belum terjadi"),
        "date.before_start": _("Sebelum angkatan mulai"),
        "number.invalid": _("Bukan angka"),
        "number.range": _("Di luar batas"),
        "choice.unknown": _("Pilihan tidak dikenal"),
        "email.invalid": _("Email tidak sah"),
        "phone.invalid": _("Nomor HP tidak sah"),
        "supervisor.self": _("Atasan diri sendiri"),
        "supervisor.cycle": _("Atasan berputar"),
        "supervisor.unknown": _("Atasan tidak terdata"),
        "injection.formula": _("Diawali tanda rumus"),
    }


def which_name(which: Which) -> str:
    """What rows of one fate are called."""
    words: dict[Which, str] = {
        "added": _("Baru"),
        "changed": _("Berubah"),
        "unchanged": _("Tetap"),
        "conflicts": _("Keputusan manual"),
        "moved": _("Tidak diterapkan"),
        "kept": _("Tidak dibatalkan"),
    }
    return words[which]


def which_caption(which: Which) -> str:
    """What a list of them is called."""
    words: dict[Which, str] = {
        "added": _("Semua yang baru"),
        "changed": _("Nilai lama dan nilai baru"),
        "unchanged": _("Sudah sama, tidak disentuh"),
        "conflicts": _("Kata berkas tentang yang diputuskan manual"),
        "moved": _("Berubah sejak rencana dibuat, maka tidak diterapkan"),
        "kept": _("Sudah dipakai data lain, maka tidak ditarik"),
    }
    return words[which]


def diffs(row: Planned, told: Text) -> list[Diff]:
    """What a row changes, in words. `told`: makes of a text what the reader may see of it."""
    return [
        Diff(field_name(name), _said(name, before, told), _said(name, after, told))
        for name, (before, after) in changes_of(row.before, row.after).items()
        if before or after
    ]


def conflicts(row: Planned, told: Text) -> list[Diff]:
    """What the file says against what was decided by hand."""
    return [
        Diff(field_name(name), "", _said(name, value, told))
        for name, value in (row.conflicts or {}).items()
        if name != "unit_id" and value
    ]


def field_name(name: str) -> str:
    """What a field of a record is called."""
    words = {
        "name": _("Nama"),
        "agency_code": _("Instansi"),
        "unit": _("Unit kerja"),
        "position": _("Jabatan"),
        "position_type": _("Jenis jabatan"),
        "job_level": _("Jenjang"),
        "grade": _("Golongan"),
        "gender": _("Jenis kelamin"),
        "email": _("Surel"),
        "phone": _("Telepon"),
        "supervisor_nip": _("Atasan (NIP)"),
        "employment": _("Status kepegawaian"),
        "started_on": _("Terhitung mulai tanggal (TMT)"),
        "state": _("Keadaan"),
        "note": _("Catatan"),
        "result": _("Hasil"),
        "completed_on": _("Tanggal selesai"),
        "jp": "JP",
        "pre_score": _("Nilai pre-test"),
        "post_score": _("Nilai post-test"),
        "certificate_number": _("Nomor sertifikat"),
    }
    return words.get(name, name)


def _said(name: str, value: Any, told: Text) -> str:
    if value in (None, ""):
        return ""
    if name in ("started_on", "completed_on"):
        return day(date.fromisoformat(value))
    if isinstance(value, Number) and not isinstance(value, bool):
        return number(value)
    words = {
        ("state", "accepted"): _("terdaftar"),
        ("state", "waitlisted"): _("daftar tunggu"),
        ("state", "withdrawn"): _("mengundurkan diri"),
        ("result", "passed"): _("lulus"),
        ("result", "failed"): _("tidak lulus"),
        ("result", "withdrawn"): _("mengundurkan diri"),
        ("gender", "L"): _("laki-laki"),
        ("gender", "P"): _("perempuan"),
    }
    return words.get((name, value)) or told(str(value))
