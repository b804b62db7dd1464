"""Fragments of siblings on an open page: they renew themselves, and never show somebody else's."""

import pytest
from playwright.async_api import Page, Route, expect

from journeys.running import eventually
from web.test_browser import chromium, page_at

pytestmark = pytest.mark.browser
__all__ = ["chromium", "page_at"]
PLACE = "[data-fragment]"


class Sibling:
    """A service whose answers a test chooses."""

    def __init__(self) -> None:
        self.says, self.reader, self.language, self.status = "Satu tugas", "a", "id", 200
        self.asked: list[dict[str, str]] = []

    async def answer(self, route: Route) -> None:
        """One fragment."""
        self.asked.append(route.request.headers)
        headers = {"X-Reader": self.reader, "Content-Language": self.language}
        body = f'<p>{self.says}</p><a href="/toy/beranda">Buka</a>'
        await route.fulfill(status=self.status, headers=headers, content_type="text/html", body=body)


async def begun(page_at) -> tuple[Page, Sibling]:
    """The gallery once its fragment stands there, on a clock that is moved by hand."""
    page, sibling = await page_at("/gallery"), Sibling()
    await page.route("**/gallery/potongan", sibling.answer)
    await page.clock.install()
    await page.reload()
    await expect(page.locator(PLACE)).to_contain_text("Satu tugas")
    return page, sibling


async def asked_again(page: Page, sibling: Sibling) -> None:
    """Let time pass until the fragment was asked for once more, and a little longer."""
    before = len(sibling.asked)

    async def once_more() -> bool:
        await page.clock.fast_forward(40_000)
        return len(sibling.asked) > before

    await eventually(once_more)


async def test_what_a_sibling_has_new_comes_by_itself_and_the_focus_stays(page_at):
    page, sibling = await begun(page_at)
    await page.locator(f"{PLACE} a").focus()
    await page.evaluate("window.held = document.activeElement")
    sibling.says = "Dua tugas"
    await asked_again(page, sibling)
    await expect(page.locator(PLACE)).to_contain_text("Dua tugas")
    assert await page.evaluate("window.held === document.activeElement && window.held.isConnected")
    first, second = sibling.asked[0], sibling.asked[-1]
    assert ("x-live" in first, second["x-live"]) == (False, "1")  # renewing keeps no session alive


async def test_a_sibling_that_is_away_is_asked_again_and_what_is_there_stays(page_at):
    page, sibling = await begun(page_at)
    sibling.status = 503
    await asked_again(page, sibling)
    await expect(page.locator(PLACE)).to_contain_text("Satu tugas")
    sibling.status, sibling.says = 200, "Tiga tugas"
    await asked_again(page, sibling)
    await expect(page.locator(PLACE)).to_contain_text("Tiga tugas")


async def test_who_is_answered_by_nobody_is_not_kept_signed_in_by_asking_again(page_at):
    page, sibling = await page_at("/gallery"), Sibling()
    sibling.status = 503
    await page.route("**/gallery/potongan", sibling.answer)
    await page.clock.install()
    await page.reload()
    await asked_again(page, sibling)
    await asked_again(page, sibling)
    assert ["x-live" in headers for headers in sibling.asked][:3] == [False, True, True]


@pytest.mark.parametrize(("reader", "language"), [("b", "id"), ("a", "en")])
async def test_what_another_person_or_language_has_there_is_not_mixed_in(page_at, reader, language):
    page, sibling = await begun(page_at)
    sibling.says, sibling.reader, sibling.language = "Milik lain", reader, language
    await asked_again(page, sibling)
    asked = len(sibling.asked)
    for _minute in range(5):
        await page.clock.fast_forward(60_000)
        await expect(page.locator(PLACE)).to_contain_text("Satu tugas")
    assert len(sibling.asked) == asked  # nor is it asked for again
