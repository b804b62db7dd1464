"""Every main page of every role, on a phone and at a desk."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from browser.town import Town
from browser.visiting import DESK, PHONE, Door, Visitor
from journeys.running import Bina

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
PAGES = {
    "masuk": ("", "/masuk"),
    "galeri": ("", "/gallery"),
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
ROLES = {
    "chief": ("supervisor",),
    "evaluator": ("evaluator",),
    "head": ("head",),
    "operator": ("operator",),
    "platform": ("platform",),
}
Seats = Callable[[str, int], Awaitable[Visitor]]


@pytest_asyncio.fixture(scope="module")
async def seats(bina: Bina, town: Town, chromium: Browser) -> AsyncIterator[Seats]:
    """One browser window for each person and width, kept open: a page more costs little then."""
    door = Door(bina, chromium)
    seated: dict[tuple[str, int], Visitor] = {}

    async def seat(who: str, width: int) -> Visitor:
        if (who, width) not in seated:
            person = getattr(town, who) if who else None
            seated[who, width] = await door.enter(person, *ROLES.get(who, ()), width=width)
        seated[who, width].complaints.clear()
        return seated[who, width]

    yield seat
    await door.close()


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_accessible_and_fits(town: Town, seats: Seats, name: str, width: int):
    who, path = PAGES[name]
    for code, run_id in town.runs.items():
        path = path.replace("{" + code + "}", str(run_id))
    visitor = await seats(who, width)
    await visitor.go(path)
    await visitor.shoot(name)
    await visitor.is_sound()
    await visitor.hides_nothing_sideways()
    if width == PHONE:  # the same elements at the desk; axe takes longer than all else
        await visitor.is_accessible()


@pytest.mark.parametrize("who", ["asn", *ROLES])
async def test_every_place_in_the_strip_exists(seats: Seats, who: str):
    visitor = await seats(who, DESK)
    await visitor.go("/beranda")
    links = await visitor.page.locator("nav a").evaluate_all("found => found.map(one => one.pathname)")
    assert len(links) > 3
    answers = {path: await visitor.page.request.get(visitor.url + path) for path in links}
    assert {path: answer.status for path, answer in answers.items() if not answer.ok} == {}


ENGLISH = ("asn-beranda", "asn-katalog", "asn-angkatan", "asn-jp", "asn-tes", "asn-profil", "asn-kotak-masuk")


@pytest.mark.parametrize("name", [*ENGLISH, "atasan-tugas"])
async def test_a_page_speaks_english_to_who_asked_for_it(town: Town, door: Door, name: str):
    who, path = PAGES[name]
    visitor = await door.enter(getattr(town, who), *ROLES.get(who, ()))
    choice = {"name": "bina_bahasa", "value": "en", "url": visitor.url}
    await visitor.page.context.add_cookies([choice])
    await visitor.go(path)
    assert await visitor.page.locator("html").get_attribute("lang") == "en"
    await visitor.is_sound()
    await visitor.hides_nothing_sideways()
    await visitor.is_accessible()


async def test_the_catalogues_filters_fold_on_a_phone_alone(town: Town, door: Door):
    phone, desk = await door.enter(town.asn), await door.enter(town.asn, width=DESK)
    shown = []
    for visitor, path in ((phone, ""), (phone, "?kata=layanan"), (desk, "")):
        await visitor.go(f"/enrollment/katalog{path}")
        shown.append(await visitor.page.locator("#f-kata").is_visible())
    assert shown == [False, True, True]


async def test_attendance_comes_first_once_a_run_has_begun(town: Town, door: Door):
    visitor = await door.enter(town.operator, "operator")
    await visitor.go("/enrollment/angkatan/KINERJA-2026-01")
    assert await visitor.page.locator("main .primary").all_inner_texts() == ["Simpan presensi"]
    await visitor.go("/enrollment/angkatan/INFODINAS-2026-01")
    assert await visitor.page.locator("main .primary").all_inner_texts() == ["Daftarkan pegawai"]
