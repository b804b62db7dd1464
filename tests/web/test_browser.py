import json
import re
import shutil
from pathlib import Path

import axe_playwright_python
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from browser.states import ACTIVE, FOCUS, HOVER, forced
from web.conftest import token

pytestmark = pytest.mark.browser
CHECKS = (Path(__file__).parents[1] / "browser" / "checks.js").read_text()
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
ROLES = ("bkd", "asn", "supervisor", "platform")
PAGES = ["/toy/beranda", "/toy/isi/1", "/toy/dampak", "/toy/ops", "/toy/tidak-ada"]


@pytest_asyncio.fixture(scope="module")
async def chromium():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def page_at(chromium, site):
    contexts = []

    async def open_page(path: str, width: int = 360, scheme: str = "light", **options):
        context = await chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale="id-ID", **options
        )
        contexts.append(context)
        await context.add_cookies([{"name": "bina_session", "value": token(*ROLES), "url": site}])
        page = await context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        await page.goto(site + path)
        return page

    yield open_page
    for context in contexts:
        await context.close()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(320, "light"), (360, "light"), (360, "dark"), (768, "light"), (1440, "light"), (1440, "dark")],
)
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_accessible_and_fits(page_at, path, width, scheme):
    page = await page_at(path, width, scheme)
    # the tables are part of the page too; axe is evaluated outside the page's policy
    await page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    await page.evaluate(AXE)
    tags = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"])
    report = await page.evaluate(f"axe.run({{runOnly: {tags}, resultTypes: ['violations']}})")
    found = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in report["violations"]]
    assert found == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.locator("h1").count() == 1
    missing = path == "/toy/tidak-ada"
    assert len(page.complaints) == (1 if missing else 0), page.complaints


@pytest.mark.parametrize("path", PAGES)
async def test_targets_are_large_enough_for_a_thumb(page_at, path):
    page = await page_at(path, has_touch=True, is_mobile=True)
    small = await page.evaluate(
        """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary, textarea")]
        .filter((e) => !e.matches(".skip, .choice input, thead a, table a") && e.getClientRects().length)
        .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect().height])
        .filter(([, height]) => height < 44)"""
    )
    assert small == []


async def faults(page, *checks: str) -> list[str]:
    await page.evaluate(CHECKS)
    return await page.evaluate(f"[{''.join(f'...bina.{check}(),' for check in checks)}]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("path", [*PAGES, "/gallery"])
async def test_what_is_pointed_at_pressed_or_focused_stays_readable(page_at, path, width, scheme):
    page = await page_at(path, width, scheme)
    await page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    found = {}
    for states in (HOVER, ACTIVE, FOCUS):
        async with forced(page, *states):
            found[states] = await faults(page, "contrast", *(["rings"] if states == FOCUS else []))
    assert not any(found.values()), found


@pytest.mark.parametrize("width", [360, 1440])
async def test_a_closed_list_shows_all_of_what_is_chosen(page_at, width):
    page = await page_at("/gallery", width)
    long = page.locator("#f-panjang")
    await long.select_option("skm")
    assert await faults(page, "clipped", "sideways") == []
    assert (await page.locator("#f-unit").bounding_box())["height"] == 44
    # what a browser does that cannot wrap there
    await long.evaluate("field => { field.style.appearance = 'auto' }")
    assert len(await faults(page, "clipped")) == 1


async def test_what_is_chosen_is_told_beneath_where_a_closed_list_cannot_wrap_it(page_at):
    page = await page_at("/toy/beranda", 360)
    await page.add_init_script("CSS.supports = () => false")
    await page.goto(page.url.replace("/toy/beranda", "/gallery"))
    long, line = page.locator("#f-panjang"), page.locator("#f-panjang + .chosen")
    await long.select_option("skm")
    await expect(line).to_have_text(await long.evaluate("field => field.selectedOptions[0].text"))
    await long.select_option("prima")
    await expect(line).to_have_count(0)
    # a list that is just as wide as its widest words tells nothing twice
    await long.evaluate("field => { field.style.width = 'max-content'; field.style.maxWidth = 'none' }")
    await long.select_option("skm")
    await expect(line).to_have_count(0)


async def test_what_was_found_by_typing_is_told_beneath_where_its_field_cuts_it(page_at):
    page = await page_at("/gallery", 360)
    line = page.locator(".field:has(select[name=instansi]) > p.chosen")
    field = page.get_by_role("combobox", name="Instansi tujuan")
    await expect(line).to_have_text(await field.input_value())
    await page.set_viewport_size({"width": 1440, "height": 800})
    await expect(line).to_have_text(await field.input_value())
    await field.click()
    await page.get_by_role("option", name="BKPSDMD Kota Jambi").click()
    await expect(line).to_have_count(0)
    assert await page.locator("#f-panjang + .chosen").count() == 0  # a list that wraps tells it by itself


async def test_without_javascript_a_list_that_cannot_wrap_tells_what_was_chosen(page_at):
    page = await page_at("/gallery", 360, java_script_enabled=False)
    told = page.locator(".field:has(#f-panjang) noscript .chosen")
    chosen = page.locator("#f-panjang option:checked")
    assert await told.text_content() == f"Saat halaman dibuka: {await chosen.text_content()}"
    assert not await told.is_visible()  # this browser's list wraps
    assert await page.locator(".field:has(#f-unit) noscript").count() == 0  # short


async def test_a_state_in_which_words_fade_is_found(page_at):
    page = await page_at("/gallery", 1440)
    sheet = "new CSSStyleSheet()"
    for rule in (
        "tr:hover > * { color: #999 }",
        "button:active { background: #174a78 }",
        "a:focus { outline: 0; box-shadow: none }",
    ):
        await page.evaluate(f"document.adoptedStyleSheets = [{sheet}]")
        await page.evaluate("rule => document.adoptedStyleSheets[0].replaceSync(rule)", rule)
        told = {}
        for states in (HOVER, ACTIVE, FOCUS):
            async with forced(page, *states):
                told[states] = await faults(page, "contrast", "rings" if states == FOCUS else "contrast")
        assert any(told.values()), rule


@pytest.mark.parametrize("path", ["/toy/dampak", "/toy/isi/1", "/gallery"])
async def test_a_page_is_printed_dark_on_white_a4_without_what_is_for_screens(page_at, path):
    """Whoever reads by night prints as by day: paper is white, and printers leave backgrounds out."""
    page = await page_at(f"/toy/tampilan?tema=gelap&lanjut={path}", 760, "dark")
    assert await page.locator("html").get_attribute("data-theme") == "dark"
    on_screen = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.emulate_media(media="print", color_scheme="dark")
    on_paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (on_screen, on_paper) == ("rgb(15, 23, 32)", "rgb(255, 255, 255)")
    assert await faults(page, "contrast") == []
    for left_out in ("header.top", "nav.places", ".chart-tools", "footer.foot"):
        assert [await one.is_visible() for one in await page.locator(left_out).all()].count(True) == 0, (
            left_out
        )
    assert await page.locator("h1").is_visible()
    paper = await page.pdf(prefer_css_page_size=True)
    assert {tuple(round(float(side)) for side in box.split()) for box in boxes_of(paper)} == {
        (0, 0, 595, 842)
    }


def boxes_of(paper: bytes) -> list[str]:
    return re.findall(r"/MediaBox \[(.*?)\]", paper.decode("latin-1"))


async def test_no_text_becomes_markup_nor_script(page_at):
    """A policy of one's own is refused as well, so what somebody slips into a page's data stays text."""
    page = await page_at("/toy/beranda")
    for attempt in (
        "document.body.innerHTML = '<p>x'",
        "new DOMParser().parseFromString('<p>x', 'text/html')",
        "document.createElement('script').src = '/static/x.js'",
        "navigator.serviceWorker.register('/toy/x.js')",
        "trustedTypes.createPolicy('anything', { createHTML: (html) => html })",
        "trustedTypes.createPolicy('page', { createHTML: (html) => html })",
    ):
        said = await page.evaluate(
            f"async () => {{ try {{ await ({attempt}); return 'done' }} catch (e) {{ return e.name }} }}"
        )
        assert said == "TypeError", attempt


async def test_the_skip_link_leads_into_the_content(page_at):
    page = await page_at("/toy/beranda")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "isi"


async def test_the_places_are_one_row_on_a_phone_and_open_by_keyboard_without_javascript(page_at):
    page = await page_at("/toy/ops", java_script_enabled=False)
    menu = page.locator(".places")
    last = menu.get_by_role("link", name="Kotak masuk")
    assert (await menu.bounding_box())["height"] <= 56
    assert await menu.locator("summary").inner_text() == "Menu\nOperasi"
    assert not await last.is_visible()
    await menu.locator("summary").press("Enter")
    assert await last.is_visible()
    for _place in range(await menu.locator("a").count()):
        await page.keyboard.press("Tab")
    assert await menu.locator("a").last.evaluate("link => link === document.activeElement")


async def test_the_places_lie_open_at_a_desk(page_at):
    page = await page_at("/toy/ops", 1440)
    assert not await page.locator(".places summary").is_visible()
    shown = [await link.is_visible() for link in await page.locator(".places a").all()]
    assert len(shown) > 10
    assert all(shown)
    current = page.locator('.places [aria-current="page"]')
    assert await current.inner_text() == "Operasi"


async def test_a_refused_form_works_without_javascript(page_at):
    page = await page_at("/toy/isi/1", java_script_enabled=False)
    await page.locator("[required]").evaluate_all("all => all.forEach((e) => e.removeAttribute('required'))")
    await page.get_by_role("button", name="Lanjut").click()
    link = page.get_by_role("link", name="Isi jumlah rekan, boleh 0.")
    assert await link.get_attribute("href") == "#f-people"
    assert await page.locator("#f-people").get_attribute("aria-invalid") == "true"


async def test_answers_survive_a_closed_tab(page_at):
    page = await page_at("/toy/isi/1")
    await page.get_by_label("Contoh yang paling berguna").fill("Antrean puskesmas kini tercatat.")
    await page.get_by_text("Sangat setuju").click()
    assert await page.locator("[data-draft-state]").inner_text() == "Tersimpan di perangkat ini"
    again = await page.context.new_page()
    await again.goto(page.url)
    assert (
        await again.get_by_label("Contoh yang paling berguna").input_value()
        == "Antrean puskesmas kini tercatat."
    )
    assert await again.locator("[name=u1]:checked").get_attribute("value") == "4"


async def test_what_cannot_be_undone_is_asked_first_and_the_keyboard_may_say_no(page_at):
    page = await page_at("/gallery", 1440)
    dangerous = page.get_by_role("button", name="Berbahaya").first
    await dangerous.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Buang 12 pesan ini?")
    assert "Akibatnya tidak akan pernah berlaku." in await dialog.inner_text()
    assert await page.evaluate("document.activeElement.textContent") == "Batal"
    await page.keyboard.press("Enter")
    assert await dialog.count() == 0
    assert await dangerous.evaluate("button => button === document.activeElement")
    assert page.url.endswith("/gallery")
    await dangerous.click()
    await page.keyboard.press("Escape")
    assert await dialog.count() == 0
    assert page.url.endswith("/gallery")
    await dangerous.click()
    async with page.expect_navigation():
        await dialog.get_by_role("button", name="Berbahaya").click()
    assert page.url.endswith("/gallery?yakin=ya")
    assert page.complaints == []


async def test_a_long_list_is_searched_by_typing(page_at):
    page = await page_at("/gallery", 360)
    field = page.get_by_role("combobox", name="Penyelenggara")
    value = page.locator("select[name=penyelenggara]")
    await field.fill("dinas pe")
    offered = page.get_by_role("listbox", name="Penyelenggara").get_by_role("option")
    assert await offered.all_inner_texts() == ["Dinas Pendidikan", "Dinas Pekerjaan Umum dan Penataan Ruang"]
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.evaluate(AXE)
    report = await page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'best-practice']})")
    assert [(v["id"], v["nodes"][0]["html"]) for v in report["violations"]] == []
    await page.keyboard.press("Enter")
    assert (await field.input_value(), await value.input_value()) == (
        "Dinas Pekerjaan Umum dan Penataan Ruang",
        "pupr",
    )
    await field.fill("tidak ada")
    assert await offered.count() == 0
    await page.keyboard.press("Tab")  # what is no option is not taken
    assert await field.input_value() == "Dinas Pekerjaan Umum dan Penataan Ruang"
    await field.click()
    await page.get_by_role("option", name="Semua").click()
    assert (await field.input_value(), await value.input_value()) == ("Semua", "")
    assert page.complaints == []


async def test_enter_never_sends_what_was_chosen_before_under_other_words(page_at):
    page = await page_at("/gallery", 360)
    field = page.get_by_role("combobox", name="Penyelenggara")
    value = page.locator("select[name=penyelenggara]")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.is_navigation_request() else None)
    await value.evaluate(
        "field => { field.form.noValidate = true; field.form.append(document.createElement('button')) }"
    )
    await field.fill("kota")
    await page.keyboard.press("Enter")  # the only one that fits
    assert (await field.input_value(), await value.input_value()) == ("BKPSDMD Kota Jambi", "5571")
    await field.fill("dinas")
    await page.keyboard.press("Enter")  # several: none is chosen yet
    assert (await field.input_value(), await value.input_value()) == ("dinas", "5571")
    await field.fill("tidak ada")
    await page.keyboard.press("Enter")
    assert (await field.input_value(), await value.input_value()) == ("BKPSDMD Kota Jambi", "5571")
    assert sent == []
    async with page.expect_navigation():
        await page.keyboard.press("Enter")  # nothing else stands in the field: the form goes
    assert "penyelenggara=5571" in sent[0]


async def test_a_long_list_is_a_list_without_javascript(page_at):
    page = await page_at("/gallery", java_script_enabled=False)
    chosen = page.get_by_label("Penyelenggara")
    await chosen.select_option("pupr")
    assert await chosen.is_visible()
