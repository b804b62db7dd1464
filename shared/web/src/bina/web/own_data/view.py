"""What is kept and who looked, in the reader's words."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from bina.web.language import gettext as _
from bina.web.own_data.holding import Holding, basis_of
from bina.web.own_data.reading import Look
from bina.web.retention import Period, words_of

RATERS = tuple(
    f"/evaluation/{page}"
    for page in (
        *("tugas", "isi", "tautan", "potongan/beranda"),
        *("api/v1/tasks", "api/v1/links", "api/v1/responses"),
    )
)
"""Pages of whoever rates others, who stay anonymous (UU 27/2022 Pasal 33)."""


@dataclass(frozen=True)
class Row:
    """One kind of data: how many rows, why, on what basis, how long, by which law if it is a law."""

    what: str
    count: int
    why: str
    basis: str
    kept: str
    source: str


class Seen(NamedTuple):
    """One look at the person's record."""

    id: int
    at: Any
    what: str
    who: str
    agency: str
    why: str
    by_day: bool = False


def service_name(service: str) -> str:
    """What a person knows the service as."""
    words = {
        "enrollment": _("Kepegawaian dan pelatihan"),
        "assessment": _("Tes dan kompetensi"),
        "evaluation": _("Penilaian sesudah pelatihan"),
        "notification": _("Pemberitahuan"),
    }
    return words.get(service, service)


def row(holding: Holding, count: int, period: Period) -> Row:
    """One kind of data."""
    basis = basis_of(holding.basis)
    return Row(holding.what, count, holding.why, basis, words_of(period), period.source)


def seen(look: Look) -> Seen:
    """A look in words; whoever looked is told by role and agency, whoever rated by neither, nor by the hour."""
    if is_rating(look):
        return Seen(look.id, look.at, _what(look), _("Penilai"), "", "", by_day=True)
    return Seen(look.id, look.at, _what(look), who_of(look), look.agency_code or "", "; ".join(look.why))


def is_rating(look: Look) -> bool:
    """Whether a rater looked: at what hour, in what role and from where would say who it was."""
    _method, _space, path = look.action.partition(" ")
    return path.startswith(RATERS) and not {"auditor", "platform"} & set(look.roles)


def told(look: Look) -> dict[str, Any]:
    """The same for machines."""
    if is_rating(look):
        return {
            "at": look.at.date().isoformat(),
            "page": page_of(look.action),
            "kind": look.kind,
            "actor": "rater",
        }
    names = ("id", "kind", "actor", "roles", "agency_code", "action", "asked", "why")
    return {"at": look.at.isoformat(), "page": page_of(look.action)} | {n: getattr(look, n) for n in names}


def who_of(look: Look) -> str:
    """By which roles somebody looked; never their name."""
    if look.actor != "person":
        kinds = {"machine": _("Sistem instansi"), "link": _("Evaluator lewat tautan pribadi")}
        return kinds.get(look.actor, _("Tamu"))
    words = {
        "operator": _("Operator"),
        "bkd": _("BKPSDM"),
        "head": _("Pimpinan"),
        "auditor": _("Auditor"),
        "platform": _("Pengelola platform"),
        "assessor": _("Asesor"),
        "evaluator": _("Evaluator"),
        "trainer": _("Pengajar"),
        "supervisor": _("Atasan"),
    }
    roles = [words[role] for role in look.roles if role in words]
    return ", ".join(roles) or _("Pegawai")


def page_of(action: str) -> str:
    """What kind of page it was, by the route: the longest beginning that is known."""
    _method, _space, path = action.partition(" ")
    inside = "/" + path.partition("/")[2].partition("/")[2]
    known = [
        (begin, words) for begin, words in _pages() if path.startswith(begin) or inside.startswith(begin)
    ]
    return max(known, key=lambda one: len(one[0]))[1] if known else _("Halaman lain")


def _what(look: Look) -> str:
    page = page_of(look.action)
    return _("Mengubah: %(page)s") % {"page": page} if look.kind == "command" else page


def _pages() -> list[tuple[str, str]]:
    return [
        ("/api/v1/ops/audit", _("Catatan audit")),
        ("/ops/audit", _("Catatan audit")),
        ("/api/v1/ops/audit/export", _("Ekspor seluruh catatan audit")),
        ("/ops/audit/ekspor.jsonl", _("Ekspor seluruh catatan audit")),
        ("/ops/audit/ekspor.{", _("Ekspor sebagian catatan audit, mungkin memuat data Anda")),
        ("/api/v1/ops", _("Pesan yang tertahan")),
        ("/ops", _("Pesan yang tertahan")),
        ("/enrollment/api/v1/asn", _("Data pegawai")),
        ("/enrollment/unit", _("Pegawai unit")),
        ("/enrollment/pegawai", _("Data pegawai")),
        ("/enrollment/api/v1/imports", _("Impor berkas")),
        ("/enrollment/impor", _("Impor berkas")),
        ("/enrollment/perbaikan", _("Permintaan atas data")),
        ("/enrollment/persetujuan", _("Persetujuan pendaftaran")),
        ("/enrollment/api/v1/approvals", _("Persetujuan pendaftaran")),
        ("/enrollment/mutasi", _("Permintaan mutasi")),
        ("/enrollment/api/v1/transfers", _("Permintaan mutasi")),
        ("/enrollment/api/v1/roles", _("Peran")),
        ("/enrollment/api/v1/accounts", _("Akun")),
        ("/enrollment/api/v1/enrolments", _("Pendaftaran pelatihan")),
        ("/enrollment/api/v1/attendance", _("Kehadiran pelatihan")),
        ("/enrollment/api/v1/sessions", _("Kehadiran pelatihan")),
        ("/enrollment/api/v1/results", _("Hasil pelatihan")),
        ("/enrollment/api/v1/runs", _("Angkatan pelatihan")),
        ("/enrollment/angkatan", _("Peserta angkatan")),
        ("/enrollment/sertifikat", _("Sertifikat")),
        ("/enrollment/api/v1/certificates", _("Sertifikat")),
        ("/enrollment/api/v1/jp", _("Catatan JP")),
        ("/enrollment/instansi", _("JP instansi")),
        ("/enrollment/narasumber", _("Narasumber")),
        ("/enrollment/pengajuan-jp", _("Pengajuan JP")),
        ("/enrollment/jp", _("JP saya")),
        ("/assessment/api/v1/assessments", _("Tes")),
        ("/assessment/api/v1/people", _("Profil kompetensi")),
        ("/evaluation/api/v1", _("Tugas menilai")),
        ("/evaluation/tugas", _("Tugas menilai")),
        ("/evaluation/isi", _("Tugas menilai")),
        ("/evaluation/tautan", _("Tugas menilai")),
        ("/evaluation/potongan/beranda", _("Tugas menilai")),
        ("/evaluation/penilai", _("Evaluator wawancara")),
        ("/notification/api/v1/notices", _("Pemberitahuan")),
        ("/notification/api/v1/deliveries", _("Buku kirim")),
        ("/notification/buku-kirim", _("Buku kirim")),
    ]
