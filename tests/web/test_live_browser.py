"""A page in a browser that keeps itself up to date: in place, without moving the focus or what is read."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Browser, Page, expect

from serving import serving
from web.conftest import token
from web.listening import write
from web.test_browser import chromium

pytestmark = pytest.mark.browser
__all__ = ["chromium"]
PAGE = "/toy/orang"
TWO_SECONDS = 2000
Opened = Callable[..., Awaitable[Page]]
ROW = "0190b5a0-0000-7000-8000-0000000000{:02}"


@pytest_asyncio.fixture
async def open_page(operating: FastAPI, chromium: Browser) -> AsyncIterator[Opened]:
    """Pages of one browser, all of them seen."""
    async with serving(operating) as site:
        context = await chromium.new_context(viewport={"width": 360, "height": 800}, locale="id-ID")
        await context.add_cookies([{"name": "bina_session", "value": token("asn"), "url": site}])

        async def opened(path: str = PAGE) -> Page:
            page = await context.new_page()
            page.set_default_timeout(10_000)
            await page.goto(site + path)
            return page

        yield opened
        await context.close()


async def streams(operating: FastAPI, n: int) -> None:
    async with asyncio.timeout(10):
        while len(operating.state.hub) != n:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)


def row(page: Page, n: int):
    return page.locator(f"#o-{ROW.format(n)}")


async def focus_of(page: Page) -> str:
    return await page.evaluate("document.activeElement.name || document.activeElement.pathname || ''")


async def test_a_row_changes_in_place_within_two_seconds_and_the_focus_stays(
    service, operating: FastAPI, open_page: Opened
):
    await write(service.sessions, "Sulastri", "Wulan")
    page = await open_page()
    await streams(operating, 1)
    await row(page, 1).locator("a").focus()
    await page.evaluate("window.kept = document.activeElement")
    await write(service.sessions, "Sulastri Handayani")
    await expect(row(page, 1)).to_contain_text("Sulastri Handayani", timeout=TWO_SECONDS)
    assert await page.locator(".pace").count() == 0
    assert await page.evaluate("window.kept === document.activeElement && window.kept.isConnected")


async def test_what_is_being_typed_stays_with_its_caret(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri", "Wulan", "Rahma")
    page = await open_page()
    await streams(operating, 1)
    await page.locator("[name=n2]").fill("Antrean loket")
    await page.locator("[name=n1]").fill("Antrean puskesmas")
    await page.locator("[name=n1]").evaluate("field => field.setSelectionRange(3, 3)")
    await write(service.sessions, "Sulastri!", "Wulan!", "Rahma!")
    # what nobody has begun to fill is exchanged, the others wait
    await expect(page.locator("#f-3")).to_contain_text("Penting", timeout=TWO_SECONDS)
    await expect(page.locator(".news")).to_have_text("2 pembaruan Tampilkan")
    assert await page.locator("[name=n1]").input_value() == "Antrean puskesmas"
    assert await page.locator("[name=n2]").input_value() == "Antrean loket"
    assert await page.evaluate("document.activeElement.selectionStart") == 3


async def test_a_part_of_another_shape_leaves_the_focus_alone(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    await page.locator("[name=n1]").focus()
    await write(service.sessions, "Sulastri!")
    await expect(page.locator(".news")).to_have_text("1 pembaruan Tampilkan", timeout=TWO_SECONDS)
    assert await focus_of(page) == "n1"


async def test_what_somebody_is_being_asked_about_stays(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    button = page.locator("#hapus button")
    await button.click()
    await page.evaluate("window.kept = document.querySelector('#hapus button')")
    await write(service.sessions, "Sulastri!")
    await expect(page.locator(".news")).to_have_text("2 pembaruan Tampilkan", timeout=TWO_SECONDS)
    assert await page.evaluate("window.kept.isConnected && document.querySelector('dialog').open")


async def test_what_comes_is_told_and_shown_when_asked_for(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    before = await row(page, 1).bounding_box()
    await write(service.sessions, "Sulastri", "Wulan", "Rahma")
    await expect(page.locator("#kepala")).to_contain_text("3 orang", timeout=TWO_SECONDS)
    # two rows and the two fields that belong to them
    await expect(page.locator(".news")).to_have_text("4 pembaruan Tampilkan")
    assert await page.locator(".rows li").count() == 1
    assert await row(page, 1).bounding_box() == before
    assert await page.locator(".news").get_attribute("role") == "status"
    await page.get_by_role("link", name="Tampilkan").click()
    await expect(page.locator(".rows li")).to_have_count(3)
    await expect(page.locator(".news")).to_have_text("")


async def test_a_page_that_is_not_seen_holds_no_stream(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    await seen(page, hidden=True)
    await streams(operating, 0)
    await write(service.sessions, "Sulastri Handayani")
    await seen(page, hidden=False)
    await expect(row(page, 1)).to_contain_text("Sulastri Handayani", timeout=TWO_SECONDS)
    await page.close()
    await streams(operating, 0)


async def seen(page: Page, *, hidden: bool) -> None:
    """Another tab comes before it, or goes: headless, all of them are seen."""
    await page.evaluate(
        """hidden => { Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange")); }""",
        hidden,
    )


async def test_eight_tabs_hold_three_streams_and_leave_room_for_a_ninth_request(
    operating: FastAPI, open_page: Opened
):
    pages = [await open_page() for _n in range(8)]
    await streams(operating, 3)
    answers = await asyncio.gather(*(page.evaluate(f"fetch('{PAGE}').then(a => a.status)") for page in pages))
    assert answers == [200] * 8
    assert await pages[0].evaluate("navigator.locks.query().then(all => all.held.length)") == 3
    await pages[0].close()
    await pages[1].close()
    again = await open_page()
    await expect(again.locator("h1")).to_have_text("Orang")


async def test_without_a_stream_the_page_asks_by_itself(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri")
    operating.state.hub.close()
    page = await open_page("/toy/beranda")
    await page.clock.install()
    refused = asyncio.create_task(page.wait_for_event("response", lambda a: "/langsung" in a.url))
    await page.goto(page.url.replace("/toy/beranda", PAGE))
    assert (await refused).status == 503
    await expect(page.locator(".pace")).to_have_text(
        "Halaman ini memperbarui diri sekitar tiap setengah menit."
    )
    await write(service.sessions, "Sulastri Handayani")
    await page.clock.fast_forward(40_000)
    await expect(row(page, 1)).to_contain_text("Sulastri Handayani")


async def test_signed_out_elsewhere_the_page_stays_as_it_is(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    await page.context.clear_cookies()
    await write(service.sessions, "Sulastri Handayani")
    await streams(operating, 0)
    assert page.url.endswith(PAGE)
    await expect(row(page, 1)).to_have_text(re.compile(r"Sulastri\s*$"))


async def test_without_script_the_page_is_whole(service, operating: FastAPI, chromium: Browser):
    await write(service.sessions, "Sulastri")
    async with serving(operating) as site:
        context = await chromium.new_context(java_script_enabled=False)
        await context.add_cookies([{"name": "bina_session", "value": token("asn"), "url": site}])
        page = await context.new_page()
        await page.goto(site + PAGE)
        assert await row(page, 1).inner_text() == "Sulastri"
        assert await page.locator(".news").inner_text() == ""
        assert len(operating.state.hub) == 0
        await context.close()


async def test_a_renewed_form_that_asks_before_it_is_sent_can_still_be_sent(
    service, operating: FastAPI, open_page: Opened
):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    for name in ("Sulastri Handayani", "Sulastri!"):  # in place, then exchanged
        await write(service.sessions, name)
        await expect(page.locator("#hapus button")).to_have_text(f"Hapus {name}")
        assert await page.locator("#hapus form").evaluate("form => form.checkValidity()")
    await page.locator("#hapus button").click()
    async with page.expect_request(lambda request: request.method == "POST"):
        await page.locator("dialog button").first.click()


async def test_the_words_of_what_somebody_is_being_asked_about_stay(
    service, operating: FastAPI, open_page: Opened
):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    await page.locator("#hapus button").click()
    await write(service.sessions, "Wulan")
    await expect(page.locator(".news")).to_have_text("1 pembaruan Tampilkan", timeout=TWO_SECONDS)
    assert await page.locator("#hapus button").text_content() == "Hapus Sulastri"


@pytest.mark.parametrize("other", ["person", "language"])
async def test_what_another_person_or_language_has_there_is_never_mixed_in(
    service, operating: FastAPI, open_page: Opened, other: str
):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    if other == "person":
        cookie = {"name": "bina_session", "value": token("asn", name="Wulan")}
        await page.context.add_cookies([{**cookie, "url": page.url.removesuffix(PAGE)}])
    else:
        await page.evaluate("document.documentElement.lang = 'en'")
    await write(service.sessions, "Sulastri Handayani")
    await expect(page.locator(".news")).to_have_text("1 pembaruan Tampilkan", timeout=TWO_SECONDS)
    assert await row(page, 1).inner_text() == "Sulastri"
    await streams(operating, 0)


async def test_a_page_that_is_no_more_is_told_and_not_asked_for_again(
    service, operating: FastAPI, open_page: Opened
):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    await page.route(f"**{PAGE}", lambda route: route.fulfill(status=404, body="Tidak ada"))
    await write(service.sessions, "Sulastri Handayani")
    await expect(page.locator(".news")).to_have_text("1 pembaruan Tampilkan", timeout=TWO_SECONDS)
    await streams(operating, 0)


async def test_what_never_rests_is_asked_for_ever_less_often(service, operating: FastAPI, open_page: Opened):
    await write(service.sessions, "Sulastri")
    page = await open_page()
    await streams(operating, 1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(PAGE) else None)
    for n in range(20):
        await write(service.sessions, f"Sulastri {n}")
        await asyncio.sleep(0.5)
    assert 2 <= len(asked) <= 6
    await expect(row(page, 1)).to_have_text(re.compile(r"Sulastri 19"))
