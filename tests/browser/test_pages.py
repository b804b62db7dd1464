"""Every page of every role: on a phone, a tablet and at a desk, light and dark, enlarged, by keyboard, in English."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bina.web import catalogue
from bina_local.state import project_root
from browser.pages import PAGES, ROLES
from browser.town import Town
from browser.visiting import DESK, PHONE, SMALLEST, TABLET, VIEWS, Door, View, Visitor
from journeys.running import Bina

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
LOOKED_AT_BY_AXE = {View(PHONE), View(TABLET), View(DESK, "dark")}
"""Where elements or colours differ; axe takes longer than all else, and contrast is computed everywhere."""
STILL = 0.05
"""Most cumulative layout shift."""
Seats = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture(scope="module")
async def seats(bina: Bina, town: Town, chromium: Browser) -> AsyncIterator[Seats]:
    """One browser window for each person and language, kept open: a page more costs little then."""
    door = Door(bina, chromium)
    seated: dict[tuple[str, str], Visitor] = {}

    async def seat(who: str, language: str = "id") -> Visitor:
        if (who, language) not in seated:
            person = getattr(town, who) if who else None
            seated[who, language] = await door.enter(person, *ROLES.get(who, ()), language=language)
        seated[who, language].complaints.clear()
        return seated[who, language]

    yield seat
    await door.close()


async def open_page(visitor: Visitor, town: Town, name: str) -> None:
    page = PAGES[name]
    await visitor.see(View(PHONE))
    await visitor.go(page.path.format_map(town.places), page.status)


def complaints(visitor: Visitor, status: int) -> list[str]:
    """What the browser says of the page, but for the page's own refusal."""
    return [said for said in visitor.complaints if f"status of {status}" not in said]


def told(found: dict[str, list[str]]) -> str:
    return "\n".join(f"at {where}: {fault}" for where, faults in found.items() for fault in faults)


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_well_made(town: Town, seats: Seats, name: str):
    visitor = await seats(PAGES[name].who)
    await open_page(visitor, town, name)
    shift = await visitor.shifted()
    found = {"loading": [f"what was shown moved by {shift:.3f}"] if shift > STILL else []}
    for view in VIEWS:
        await visitor.see(view)
        found[str(view)] = await faults_at(visitor, view)
        await visitor.shoot(name, view)
    await visitor.see(View(SMALLEST))
    await visitor.page.evaluate(
        "document.querySelectorAll('main details').forEach((one) => (one.open = true))"
    )
    found["320, opened"] = await visitor.faults("sideways", "targets", "clipped", "contrast")
    found["browser"] = complaints(visitor, PAGES[name].status)
    assert not any(found.values()), told(found)


async def faults_at(visitor: Visitor, view: View) -> list[str]:
    found = await visitor.faults("sideways", "clipped", "contrast")
    if view == View(PHONE):
        found += await visitor.faults("frame", "charts", "targets")
        found += await visitor.skip_to_content()
    if view in (View(PHONE), View(DESK)):
        found += await visitor.walk_by_keyboard()
    if view.width == DESK:
        found += await visitor.touched()
    return found + (await visitor.accessibility() if view in LOOKED_AT_BY_AXE else [])


def english() -> dict[str, str]:
    """Texts of all pages with their English ones, where the two differ and neither has something filled in."""
    folders = [one.parent.parent.parent for one in project_root().glob("*/*/src/**/locale/en/messages.po")]
    texts = [message for folder in folders for message in catalogue.update(folder)]
    plain = [(m.id, m.string) for m in texts if isinstance(m.id, str) and isinstance(m.string, str)]
    return {ours: theirs for ours, theirs in plain if ours and ours != theirs and is_sentence(ours + theirs)}


def is_sentence(text: str) -> bool:
    """A word in small letters may be data: a code, somebody's answer."""
    return "%(" not in text and text != text.lower()


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    found = english()
    assert len(found) > 400
    return found


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_speaks_the_language_that_was_chosen(
    town: Town, seats: Seats, texts: dict[str, str], name: str
):
    found = {}
    for language, foreign in (
        ("id", set(texts.values()) - texts.keys()),
        ("en", texts.keys() - set(texts.values())),
    ):
        visitor = await seats(PAGES[name].who, language)
        await open_page(visitor, town, name)
        assert await visitor.page.locator("html").get_attribute("lang") == language
        found[language] = await visitor.words(sorted(foreign))
        if language == "en":
            found["en, phone"] = await visitor.faults("sideways", "clipped")
    assert not any(found.values()), told(found)


async def test_no_two_pages_have_one_title(town: Town, seats: Seats):
    titles: dict[str, set[str]] = {}
    for name, page in PAGES.items():
        visitor = await seats(page.who)
        await open_page(visitor, town, name)
        titles.setdefault(await visitor.page.title(), set()).add(page.path.partition("?")[0])
    assert {title: paths for title, paths in titles.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("who", ["asn", *ROLES])
async def test_every_place_in_the_strip_exists(seats: Seats, who: str):
    visitor = await seats(who)
    await visitor.go("/beranda")
    links = await visitor.page.locator("nav a").evaluate_all("found => found.map(one => one.pathname)")
    assert len(links) > 3
    answers = {path: await visitor.page.request.get(visitor.url + path) for path in links}
    assert {path: answer.status for path, answer in answers.items() if not answer.ok} == {}


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
