"""Rows of an import in the reader's words: what is wrong with them, what they would change."""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from bina.web.formats import Number, day, number
from bina.web.language import current
from bina.web.language import gettext as _
from enrollment.enrolments.domain import UNLISTED
from enrollment.imports.advice import ADVICE
from enrollment.imports.columns import Kind
from enrollment.imports.plan import NOT_LISTED, changes_of
from enrollment.imports.problems import Problem, Severity
from enrollment.imports.store import Cause, Import, Planned, Which
from enrollment.imports.view import removed_name
from enrollment.register.words import appointment_name

_NIP = 18
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
        "nip.earlier": _("NIP lama"),
        "nip.unknown": _("NIP tidak terdata"),
        "nip.other_agency": _("Pegawai instansi lain"),
        "run.unknown": _("Angkatan tidak dikenal"),
        "run.closed": _("Pendaftaran ditutup"),
        "run.not_open_yet": _("Pendaftaran belum dibuka"),
        "run.enrolment_over": _("Pendaftaran sudah ditutup"),
        "requirement.missing": _("Prasyarat belum terpenuhi"),
        "audience.outside": _("Di luar sasaran angkatan"),
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


def which_name(which: Which, kind: Kind) -> str:
    """What rows of one fate are called."""
    words: dict[Which, str] = {
        "added": _("Baru"),
        "changed": _("Berubah"),
        "removed": removed_name(kind),
        "unchanged": _("Tetap"),
        "conflicts": _("Keputusan manual"),
        "moved": _("Tidak diterapkan"),
        "kept": _("Tidak dibatalkan"),
    }
    return words[which]


def which_caption(which: Which, kind: Kind) -> str:
    """What a list of them is called."""
    words: dict[Which, str] = {
        "added": _("Semua yang baru"),
        "changed": _("Nilai lama dan nilai baru"),
        "removed": _("Pendaftaran yang tidak ada di daftar lengkap")
        if kind is Kind.PENDAFTARAN
        else _("Pegawai yang tidak ada di daftar lengkap"),
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
        if name != "unit_id" and (value or name == "appointment")
    ]


def place(where: str) -> str:
    """A row by its number; somebody whom the file does not name by their NIP."""
    return where if len(where) == _NIP else _("Baris %(row)s") % {"row": where}


def about(one: Import, said: str) -> str:
    """The run or the year that a row is about."""
    return _("Tahun %(year)s") % {"year": said} if one.kind is Kind.SALDO_JP else said


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
        "appointment": _("Status pengangkatan"),
        "started_on": _("Terhitung mulai tanggal (TMT)"),
        "state": _("Keadaan"),
        "note": _("Catatan"),
        "result": _("Hasil"),
        "completed_on": _("Tanggal selesai"),
        "jp": "JP",
        "pre_score": _("Nilai pre-test"),
        "post_score": _("Nilai post-test"),
        "certificate_number": _("Nomor sertifikat"),
        "left_on": _("Berhenti"),
        "left_reason": _("Alasan berhenti"),
        "reason": _("Alasan"),
        "earned_on": _("Terhitung sejak"),
        "source": _("Sumber"),
    }
    return words.get(name, name)


def _said(name: str, value: Any, told: Text) -> str:
    if name == "appointment":
        return appointment_name(value) if value is not None else ""
    if value in (None, ""):
        return ""
    if value in (NOT_LISTED, UNLISTED):
        return _("tidak ada di daftar lengkap")
    if name in ("started_on", "completed_on", "left_on", "earned_on"):
        return day(date.fromisoformat(value))
    if isinstance(value, Number) and not isinstance(value, bool):
        return number(value)
    words = {
        ("state", "accepted"): _("terdaftar"),
        ("state", "waitlisted"): _("daftar tunggu"),
        ("state", "withdrawn"): _("ditarik"),
        ("result", "passed"): _("lulus"),
        ("result", "failed"): _("tidak lulus"),
        ("result", "withdrawn"): _("mengundurkan diri"),
        ("gender", "L"): _("laki-laki"),
        ("gender", "P"): _("perempuan"),
    }
    return words.get((name, value)) or told(str(value))
