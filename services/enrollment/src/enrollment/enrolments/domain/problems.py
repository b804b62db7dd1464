"""What an agency is told: the import rules' problems, and those only its events can have."""

from collections.abc import Iterable, Sequence
from typing import Literal

from bina.events.agency import Problem
from enrollment.imports import Problem as Found

_ADVICE = {
    "enrollment.unknown": "Pegawai ini tidak terdaftar di angkatan ini. Periksa NIP dan kode angkatan.",
    "enrollment.ended": "Pegawai ini sudah mempunyai hasil di angkatan ini. Ajukan perbaikan hasil.",
    "run.concluded": "Kursi tidak tersedia sampai angkatan selesai. Pilih angkatan lain di katalog.",
    "certificate.revoked": "Sertifikat bernomor ini sudah dicabut. Pakai nomor baru, lalu kirim ulang.",
    "substitute.seated": "Pegawai ini sudah mempunyai kursi di angkatan ini. Pilih pegawai lain.",
    "substitute.other_agency": "Peserta hanya digantikan pegawai dari instansi yang sama. Pilih pegawai lain.",
    "substitute.held": "Kursi ini ditahan untuk kelompok yang bukan kelompok pegawai ini. Pilih pegawai lain.",
    "run.held": "Kursi umum penuh; sisanya ditahan untuk kelompok tertentu. Yang tidak terpakai dibagikan menurut antrean.",
    "withdrawal.existing": "Pendaftaran ini sudah ditarik. Tidak ada yang perlu dilakukan.",
    "message.header.encoding": "Tajuk pesan bukan UTF-8. Kirim ulang dengan tajuk UTF-8.",
    "message.header.nul": "Tajuk pesan memuat karakter NUL. Hapus karakter itu, lalu kirim ulang.",
    "message.envelope.missing": "Tajuk ce_type tidak ada. Lengkapi tajuk CloudEvents, lalu kirim ulang.",
    "message.envelope.version": "Versi CloudEvents tidak didukung. Pakai ce_specversion 1.0.",
    "message.envelope.invalid": "Tajuk CloudEvents tidak lengkap atau salah. Periksa ce_id, ce_source, dan ce_time.",
    "message.version.unknown": "Versi pesan lebih baru daripada yang dikenal. Kirim dengan versi yang didukung.",
    "message.tombstone": "Pesan kosong tidak punya arti di sini. Untuk menarik pendaftaran, kirim WithdrawalRequested.",
    "message.too_large": "Pesan terlalu besar. Ringkas isinya, lalu kirim ulang.",
    "message.json.invalid": "Isi pesan bukan JSON yang sah. Perbaiki, lalu kirim ulang.",
    "message.contract.violated": "Isi pesan tidak sesuai kontrak. Perbaiki isian yang disebut, lalu kirim ulang.",
    "message.content.nul": "Isi pesan memuat karakter NUL. Hapus karakter itu, lalu kirim ulang.",
    "message.key.mismatch": "Kunci rekaman harus sama dengan NIP di dalam pesan.",
    "message.id.conflict": "Nomor pesan (ce_id) pernah dipakai untuk isi yang lain. Beri setiap pesan nomor sendiri.",
}
_OTHERWISE = "Pesan tidak dapat dibaca. Periksa bentuknya dengan kontrak, lalu kirim ulang."
_LONGEST = 4000


def told(found: Sequence[Found]) -> tuple[Problem, ...]:
    """The import rules' problems as an agency is told them."""
    if not found:
        return ()
    return tuple(
        Problem(
            column=problem.column or "",
            code=problem.code,
            severity="error" if problem.is_error else "warning",
            advice=problem.advice[:_LONGEST],
        )
        for problem in found
    )


def refused_because(
    column: str, code: str, severity: Literal["error", "warning"] = "error"
) -> tuple[Problem, ...]:
    """One problem of this service's own."""
    return (Problem(column=column, code=code, severity=severity, advice=_ADVICE[code]),)


def unreadable(code: str, error: str) -> Problem:
    """Why a message could not be read; `error` is the reader's own finding."""
    code = f"message.{code}"
    advice = f"{_ADVICE.get(code, _OTHERWISE)} ({error})" if error else _ADVICE.get(code, _OTHERWISE)
    return Problem(code=code[:64], advice=advice[:_LONGEST])


def refuses(problems: Iterable[Problem]) -> bool:
    """Whether any of them is an error."""
    return "error" in [problem.severity for problem in problems]


def advice_on(code: str) -> str:
    """How to mend what this service alone refuses, in Bahasa Indonesia; empty for the import rules' codes."""
    return _ADVICE.get(code) or (_OTHERWISE if code.startswith("message.") else "")
