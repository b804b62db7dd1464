"""What each role finds in the strip under the header: one list for the whole site, as pages live in four services."""

from dataclasses import dataclass

from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import can

SERVICES = ("enrollment", "assessment", "evaluation", "notification")
_LEARNING, _PEOPLE = "/enrollment/katalog", "/enrollment/unit"
WITHIN = {
    "/enrollment/angkatan": _LEARNING,
    "/enrollment/hadir": _LEARNING,
    "/enrollment/kalender": _LEARNING,
    "/enrollment/mitra": _LEARNING,
    "/enrollment/narasumber": _LEARNING,
    "/enrollment/nomor-sertifikat": _LEARNING,
    "/enrollment/persetujuan": _LEARNING,
    "/enrollment/program": _LEARNING,
    "/enrollment/program-baru": _LEARNING,
    "/enrollment/seminar-baru": _LEARNING,
    "/enrollment/mutasi": _PEOPLE,
    "/enrollment/pegawai": _PEOPLE,
    "/evaluation/isi": "/evaluation/tugas",
    "/notification/preferensi": "/notification/kotak-masuk",
    **{f"/{service}/potongan/data-saya": "/data-saya" for service in SERVICES},
}
"""Pages that lie within a place, though their paths do not say so."""


@dataclass(frozen=True)
class Link:
    """A place to go; `current` when the page lies under it."""

    label: str
    href: str
    current: bool = False


def links_for(person: Person | None, path: str) -> list[Link]:
    """The navigation of a person, the place they are in marked."""
    if person is None:
        return []
    mine = [(label, href) for label, href, action in _places() if can(person, action)]
    here = max((href for _label, href in mine if _under(_one_place(path), href)), key=len, default="")
    return [Link(label, href, href == here) for label, href in mine]


def operations(path: str) -> list[Link]:
    """The tab strip of `/ops` and of `/ops/audit`: one page of each in each service."""
    place = "ops/audit" if path.split("/")[2:4] == ["ops", "audit"] else "ops"
    return [Link(name, f"/{name}/{place}", _under(path, f"/{name}/{place}")) for name in SERVICES]


def _one_place(path: str) -> str:
    """The place of a page that lies elsewhere; operations are one, though each service serves its own page of them."""
    if path.split("/")[2:3] == ["ops"]:
        return "/enrollment/ops"
    return next((place for part, place in WITHIN.items() if _under(path, part)), path)


def _under(path: str, href: str) -> bool:
    return path == href or path.startswith(href + "/")


def _places() -> list[tuple[str, str, str]]:
    """(label, path, the action that opens it)."""
    return [
        (_("Beranda"), "/beranda", "home.read"),
        (_("Katalog"), "/enrollment/katalog", "catalogue.read"),
        (_("JP saya"), "/enrollment/jp", "jp.own"),
        (_("Profil"), "/assessment/profil", "profile.own"),
        (_("Tes"), "/assessment/tes", "test.own"),
        (_("Tugas menilai"), "/evaluation/tugas", "task.own"),
        (_("Instansi"), "/enrollment/instansi", "jp.shares"),
        (_("Unit"), "/enrollment/unit", "people.list"),
        (_("Impor"), "/enrollment/impor", "import.read"),
        (_("Integrasi"), "/enrollment/integrasi", "integration.read"),
        (_("Dampak"), "/evaluation/dampak", "impact.read"),
        (_("Penilai"), "/evaluation/penilai", "interview.list"),
        (_("Permintaan data"), "/enrollment/perbaikan", "data_request.list"),
        (_("Pengajuan JP"), "/enrollment/pengajuan-jp", "jp_credit.list"),
        (_("Buku kirim"), "/notification/buku-kirim", "delivery.list"),
        (_("Kotak masuk"), "/notification/kotak-masuk", "notice.own"),
        (_("Data saya"), "/data-saya", "data.own"),
        (_("Operasi"), "/enrollment/ops", "ops.read"),
    ]
