"""Every main page of every role, on a phone and at a desk."""

import pytest

from browser.town import Town
from browser.visiting import DESK, PHONE, Door

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
PAGES = {
    "masuk": ("", "/masuk"),
    "landing": ("", "/"),
    "asn-beranda": ("asn", "/beranda"),
    "asn-katalog": ("asn", "/enrollment/katalog"),
    "asn-angkatan": ("asn", "/enrollment/angkatan/INFODINAS-2026-01"),
    "asn-angkatan-penuh": ("asn", "/enrollment/angkatan/LAYANAN-2026-02"),
    "asn-jp": ("asn", "/enrollment/jp"),
    "asn-tes": ("asn", "/assessment/tes"),
    "asn-profil": ("asn", "/assessment/profil"),
    "asn-kotak-masuk": ("asn", "/notification/kotak-masuk"),
    "asn-preferensi": ("asn", "/notification/preferensi"),
    "atasan-tugas": ("chief", "/evaluation/tugas"),
    "evaluator-tugas": ("evaluator", "/evaluation/tugas"),
    "kepala-beranda": ("head", "/beranda"),
    "kepala-dampak": ("head", "/evaluation/dampak"),
    "kepala-dampak-pelatihan": ("head", "/evaluation/dampak/{INFODINAS-2025-02}"),
    "kepala-instansi": ("head", "/enrollment/instansi"),
    "operator-beranda": ("operator", "/beranda"),
    "operator-angkatan": ("operator", "/enrollment/angkatan/KINERJA-2026-01"),
    "operator-penilai": ("operator", "/evaluation/penilai"),
    "operator-buku-kirim": ("operator", "/notification/buku-kirim"),
    "platform-ops": ("platform", "/enrollment/ops"),
    "platform-ops-notifikasi": ("platform", "/notification/ops"),
}
ROLES = {"chief": "supervisor", "evaluator": "evaluator", "head": "head", "operator": "operator", "platform": "platform"}  # fmt: skip


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_accessible_and_fits(town: Town, door: Door, name: str, width: int):
    who, path = PAGES[name]
    for code, run_id in town.runs.items():
        path = path.replace("{" + code + "}", str(run_id))
    roles = [ROLES[who]] if who in ROLES else []
    visitor = await door.enter(getattr(town, who) if who else None, *roles, width=width)
    await visitor.go(path)
    await visitor.shoot(name)
    await visitor.is_sound()
    await visitor.is_accessible()
