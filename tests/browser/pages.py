"""Every page of Bina: whose it is, where it lies, how heavy it may be.

A page that stands here is walked by every check of `test_pages.py` and `test_budgets.py` without being asked; a route
that answers GET and stands neither here nor below fails `tests/architecture/test_walked_pages.py`.
"""

from dataclasses import dataclass
from enum import Enum


class Weight(Enum):
    """What a first visit with an empty cache may take: (KiB over the wire, requests, KiB of JavaScript)."""

    FORM = (60, 6, 6)
    ASN = (90, 8, 8)
    STAFF = (160, 12, 30)


@dataclass(frozen=True)
class Page:
    """`who` is a part of the town, empty for a visitor; `{names}` in `path` are the town's places."""

    who: str
    path: str
    weight: Weight
    status: int = 200


def _form(who: str, path: str) -> Page:
    return Page(who, path, Weight.FORM)


def _asn(who: str, path: str, status: int = 200) -> Page:
    return Page(who, path, Weight.ASN, status)


def _staff(who: str, path: str) -> Page:
    return Page(who, path, Weight.STAFF)


PAGES = {
    "masuk": _asn("", "/masuk"),
    "galeri": _staff("", "/gallery"),
    "landing": _asn("", "/"),
    "tidak-ada": _asn("", "/enrollment/tidak-ada", 404),
    "terlarang": _asn("asn", "/evaluation/dampak", 403),
    "asn-beranda": _asn("asn", "/beranda"),
    "asn-katalog": _asn("asn", "/enrollment/katalog"),
    "asn-katalog-kosong": _asn("asn", "/enrollment/katalog?kata=tidakadaini"),
    "asn-angkatan": _asn("asn", "/enrollment/angkatan/INFODINAS-2026-01"),
    "asn-angkatan-penuh": _asn("asn", "/enrollment/angkatan/LAYANAN-2026-02"),
    "asn-hadir": _asn("attender", "/enrollment/hadir"),
    "asn-hadir-sesi": _asn("attender", "/enrollment/hadir/{session}"),
    "asn-kalender": _asn("attender", "/enrollment/kalender"),
    "asn-angkatan-sesi": _asn("attender", "/enrollment/angkatan/KINERJA-2026-03"),
    "asn-jp": _asn("asn", "/enrollment/jp"),
    "warga-verifikasi": _form("", "/enrollment/verifikasi/{certificate}"),
    "warga-verifikasi-dicabut": _form("", "/enrollment/verifikasi/{certificate revoked}"),
    "warga-verifikasi-tidak-ada": Page("", "/enrollment/verifikasi/0000-0000-0000-0000", Weight.FORM, 404),
    "asn-tes": _asn("asn", "/assessment/tes"),
    "asn-tes-soal": _form("asn", "/assessment/tes/{test}"),
    "alumnus-tes-hasil": _asn("alumnus", "/assessment/tes/{test taken}/hasil"),
    "asn-profil": _asn("asn", "/assessment/profil"),
    "alumnus-profil": _asn("alumnus", "/assessment/profil"),
    "asn-kotak-masuk": _asn("asn", "/notification/kotak-masuk"),
    "asn-belum-dibaca": _asn("asn", "/notification/kotak-masuk?saring=belum-dibaca"),
    "asn-pemberitahuan": _asn("asn", "/notification/kotak-masuk/{notice}"),
    "atasan-kotak-masuk": _asn("chief", "/notification/kotak-masuk"),
    "asn-preferensi": _asn("asn", "/notification/preferensi"),
    "asn-data-saya": _asn("asn", "/data-saya"),
    "asn-data-saya-tes": _asn("asn", "/assessment/potongan/data-saya"),
    "asn-data-saya-evaluasi": _asn("asn", "/evaluation/potongan/data-saya"),
    "alumnus-data-saya-pemberitahuan": _asn("alumnus", "/notification/potongan/data-saya"),
    "alumnus-data-saya": _asn("alumnus", "/data-saya"),
    "asn-tugas": _asn("asn", "/evaluation/tugas"),
    "atasan-tugas": _asn("chief", "/evaluation/tugas"),
    "atasan-kelompok": _asn("chief", "/evaluation/tugas?angkatan={INFODINAS-2025-02}&formulir=L3-SUPERVISOR"),
    "atasan-tugas-mulai": _form("chief", "/evaluation/tugas/{task}"),
    "atasan-formulir": _form("chief", "/evaluation/isi/{task}"),
    "atasan-lanjutkan": _form("chief", "/evaluation/lanjutkan/{kept form}"),
    "alumnus-bukti": _form("alumnus", "/evaluation/tugas/{task answered}"),
    "tautan-mulai": _form("", "/evaluation/tautan/{link}"),
    "tautan-formulir": _form("", "/evaluation/tautan/{link}/isi"),
    "evaluator-tugas": _asn("evaluator", "/evaluation/tugas"),
    "kepala-beranda": _staff("head", "/beranda"),
    "kepala-dampak": _staff("head", "/evaluation/dampak"),
    "kepala-dampak-pelatihan": _staff("head", "/evaluation/dampak/{INFODINAS-2025-02}"),
    "kepala-instansi": _staff("head", "/enrollment/instansi"),
    "kepala-instansi-urut": _staff(
        "head", "/enrollment/instansi?tertinggal_urut=nama&unit_urut=pns&unit_arah=naik"
    ),
    "operator-beranda": _staff("operator", "/beranda"),
    "operator-angkatan": _staff("operator", "/enrollment/angkatan/KINERJA-2026-01"),
    "operator-angkatan-datang": _staff("operator", "/enrollment/angkatan/INFODINAS-2026-01"),
    "operator-sertifikat": _staff("operator", "/enrollment/angkatan/LAYANAN-2026-01/sertifikat"),
    "operator-sertifikat-terbit": _staff("operator", "/enrollment/angkatan/INFODINAS-2025-02/sertifikat"),
    "operator-nomor": _staff("operator", "/enrollment/nomor-sertifikat"),
    "operator-presensi": _staff("operator", "/enrollment/angkatan/KINERJA-2026-03/presensi/{session}"),
    "operator-presensi-cetak": _staff(
        "operator", "/enrollment/angkatan/KINERJA-2026-03/presensi/{session}/cetak"
    ),
    "operator-presensi-kode": _staff(
        "operator", "/enrollment/angkatan/KINERJA-2026-03/presensi/{session}/kode"
    ),
    "operator-presensi-periksa": _staff(
        "operator", "/enrollment/angkatan/KINERJA-2026-03/presensi/{session}/periksa"
    ),
    "operator-laporan": _staff("operator", "/enrollment/angkatan/KINERJA-2026-03/laporan"),
    "operator-program": _staff("operator", "/enrollment/program"),
    "operator-program-baru": _staff("operator", "/enrollment/program-baru"),
    "operator-program-satu": _staff("operator", "/enrollment/program/KINERJA"),
    "platform-program-ubah": _staff("platform", "/enrollment/program/KINERJA/ubah"),
    "operator-angkatan-baru": _staff("operator", "/enrollment/program/KINERJA/angkatan"),
    "operator-angkatan-ubah": _staff("operator", "/enrollment/angkatan/KINERJA-2026-03/ubah"),
    "operator-seminar-baru": _staff("operator", "/enrollment/seminar-baru"),
    "operator-mitra": _staff("operator", "/enrollment/mitra"),
    "operator-narasumber": _staff("operator", "/enrollment/narasumber"),
    "operator-mitra-satu": _staff("operator", "/enrollment/mitra/{partner}"),
    "operator-narasumber-satu": _staff("operator", "/enrollment/narasumber/{speaker}"),
    "operator-penilai": _staff("operator", "/evaluation/penilai"),
    "asn-ajukan": _asn("asn", "/enrollment/jp/ajukan"),
    "operator-pengajuan": _staff("operator", "/enrollment/pengajuan-jp"),
    "operator-pengajuan-satu": _staff("operator", "/enrollment/pengajuan-jp/{credit}"),
    "operator-kalender": _staff("operator", "/enrollment/kalender"),
    "operator-integrasi": _staff("operator", "/enrollment/integrasi"),
    "platform-integrasi": _staff("platform", "/enrollment/integrasi"),
    "operator-unit": _staff("operator", "/enrollment/unit"),
    "operator-unit-cari": _staff("operator", "/enrollment/unit?cari=dinas"),
    "operator-unit-satu": _staff("operator", "/enrollment/unit/{unit}"),
    "operator-pegawai": _staff("operator", "/enrollment/pegawai/{person}"),
    "asn-pegawai": _asn("asn", "/enrollment/pegawai/{person}"),
    "platform-ganda": _staff("platform", "/enrollment/pegawai/ganda"),
    "platform-unit": _staff("platform", "/enrollment/unit"),
    "operator-impor": _staff("operator", "/enrollment/impor"),
    "operator-impor-baru": _staff("operator", "/enrollment/impor/baru"),
    "operator-impor-kolom": _staff("operator", "/enrollment/impor/{import columns}"),
    "operator-impor-uji": _staff("operator", "/enrollment/impor/{import checked}"),
    "operator-impor-uji-masalah": _staff(
        "operator", "/enrollment/impor/{import checked}?masalah=nip.format&baris=added"
    ),
    "operator-impor-daftar-lengkap": _staff("operator", "/enrollment/impor/{import listed}"),
    "operator-impor-uji-coba": _staff("operator", "/enrollment/impor/{import tried}"),
    "operator-impor-berjalan": _staff("operator", "/enrollment/impor/{import applying}"),
    "operator-impor-laporan": _staff("operator", "/enrollment/impor/{import applied}"),
    "operator-impor-dibatalkan": _staff("operator", "/enrollment/impor/{import undone}"),
    "platform-impor": _staff("platform", "/enrollment/impor"),
    "platform-impor-baru": _staff("platform", "/enrollment/impor/baru"),
    "platform-mutasi": _staff("platform", "/enrollment/mutasi"),
    "bkd-mutasi": _staff("bkd", "/enrollment/mutasi"),
    "bkd-ganda": _staff("bkd", "/enrollment/pegawai/ganda"),
    "operator-persetujuan": _staff("operator", "/enrollment/persetujuan"),
    "operator-perbaikan": _staff("operator", "/enrollment/perbaikan"),
    "operator-buku-kirim": _staff("operator", "/notification/buku-kirim"),
    "platform-ops": _staff("platform", "/enrollment/ops"),
    "platform-ops-tes": _staff("platform", "/assessment/ops"),
    "platform-ops-evaluasi": _staff("platform", "/evaluation/ops"),
    "platform-ops-notifikasi": _staff("platform", "/notification/ops"),
    "platform-gagal": _staff("platform", "/enrollment/ops/gagal/{held}"),
    "platform-kelompok": _staff("platform", "/enrollment/ops/kelompok/{cause}"),
    "platform-dibuang": _staff("platform", "/enrollment/ops/dibuang"),
    "platform-pengulangan": _staff("platform", "/enrollment/ops/pengulangan"),
    "platform-pengulangan-satu": _staff("platform", "/enrollment/ops/pengulangan/{redrive}"),
    "platform-audit": _staff("platform", "/enrollment/ops/audit"),
    "platform-audit-satu": _staff("platform", "/enrollment/ops/audit/{entry}"),
}
ROLES = {
    "bkd": ("bkd",),
    "chief": ("supervisor",),
    "evaluator": ("evaluator",),
    "head": ("head",),
    "operator": ("operator",),
    "platform": ("platform",),
}
NO_PAGES = {
    "a file to keep": {
        "/gallery/unit.{form}",
        "/enrollment/katalog.{form}",
        "/enrollment/angkatan/{reference}/peserta.{form}",
        "/enrollment/angkatan/{reference}/sertifikat/daftar.{form}",
        "/enrollment/angkatan/{reference}/sertifikat/semua.zip",
        "/enrollment/sertifikat/{kode}",
        "/enrollment/impor/templat/{kind}.{form}",
        "/enrollment/impor/{import_id}/berkas",
        "/enrollment/impor/{import_id}/ditolak.{form}",
        "/enrollment/impor/{import_id}/masalah.{form}",
        "/enrollment/instansi.{form}",
        "/enrollment/integrasi.{form}",
        "/enrollment/kalender.ics",
        "/enrollment/kalender/{token}",
        "/enrollment/angkatan/{reference}/jadwal.ics",
        "/enrollment/jp.{form}",
        "/enrollment/unit/{unit_id}/pegawai.{form}",
        "/enrollment/pengajuan-jp.{form}",
        "/enrollment/pengajuan-jp/{credit_id}/bukti",
        "/enrollment/instansi/tertinggal.{form}",
        "/evaluation/tugas.{form}",
        "/evaluation/penilai.{form}",
        "/evaluation/penilai/berjalan.{form}",
        "/evaluation/dampak.{form}",
        "/notification/buku-kirim.{form}",
        "/{service}/ops/kelompok.{form}",
        "/{service}/ops/audit/ekspor.{form}",
        "/{service}/ops/audit/ekspor.jsonl",
    },
    "a part of the pages that stand above": {"/{service}/potongan/beranda", "/gallery/potongan"},
    "leads on to another page": {
        "/enrollment/angkatan/{reference}/presensi",
        "/ops",
        "/masuk/mulai",
        "/masuk/kembali",
        "/{service}/tampilan",
    },
    "what a page hears of changes": {"/{service}/langsung"},
    "keeps a form for reloading it offline": {"/evaluation/survei.js", "/enrollment/hadir.js"},
    "for machines": {"/static/{name}", "/healthz", "/readyz", "/readyz/http", "/metrics"},
}
