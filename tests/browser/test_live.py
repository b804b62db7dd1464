"""Pages that are open while others act: what changed shows within two seconds of the command, and nothing moves."""

import asyncio
import re

import httpx
import pytest
from playwright.async_api import Page, expect

from browser.town import Town
from browser.visiting import DESK, Door, Visitor
from journeys.running import SERVICES, Bina, eventually

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
TWO_SECONDS = 2000
ANSWERED = 3.0
"""Seconds in which a page is answered at the latest."""
PATIENCE = 60_000
"""Milliseconds, for what goes through Kafka first."""
KATALOG = "/enrollment/katalog"


async def watches(visitor: Visitor, path: str) -> Page:
    """Open a page and wait until its stream is open."""
    async with visitor.page.expect_response(lambda answer: "/langsung" in answer.url) as came:
        await visitor.go(path)
    answer = await came.value
    assert answer.status == 200
    assert "content-encoding" not in answer.headers
    return visitor.page


async def half_a_minute_later(page: Page) -> None:
    """What waits for its time asks now. Whoever hurries on cuts its answer off: the page's limits run by this clock too."""
    await page.clock.fast_forward(40_000)
    await asyncio.sleep(ANSWERED)


async def keep_focus(page: Page, selector: str) -> None:
    await page.locator(selector).first.focus()
    await page.evaluate("window.held = document.activeElement")


async def has_focus(page: Page) -> bool:
    return await page.evaluate("window.held === document.activeElement && window.held.isConnected")


async def test_seats_change_before_the_readers_eyes(town: Town, door: Door):
    at_run = await door.enter(town.staff[15])
    run = await watches(at_run, "/enrollment/angkatan/KINERJA-2026-02")
    in_list = await door.enter(town.staff[16], width=DESK)
    catalogue = await watches(in_list, KATALOG)
    row = catalogue.locator("li", has_text="KINERJA-2026-02").or_(
        catalogue.locator('li[id$="KINERJA-2026-02"]')
    )
    await expect(row).to_contain_text("25 kursi")
    await keep_focus(run, "main button")
    await keep_focus(catalogue, 'li[id$="KINERJA-2026-02"] a')
    await town.world.as_asn(town.staff[14]).post("/enrollment/api/v1/enrolments", {"run": "KINERJA-2026-02"})
    await expect(run.locator("#isi-kursi")).to_contain_text("1 dari 25 kursi terisi", timeout=TWO_SECONDS)
    await expect(row).to_contain_text("24 kursi", timeout=TWO_SECONDS)
    assert await has_focus(run)
    assert await has_focus(catalogue)
    for visitor in (at_run, in_list):
        await visitor.is_sound()


async def test_an_operator_sees_what_another_records_and_keeps_what_is_chosen(town: Town, door: Door):
    visitor = await door.enter(town.operator, "operator", width=DESK)
    page = await watches(visitor, "/enrollment/angkatan/KINERJA-2026-01")
    head = await watches(await door.enter(town.head, "head", width=DESK), "/enrollment/instansi")
    measures = await head.locator("#ukuran").inner_text()
    chosen = page.get_by_role("group", name=f"Kehadiran {town.staff[11].name}").get_by_label(
        "Memenuhi", exact=True
    )
    await chosen.check()
    await page.evaluate("window.held = document.activeElement")
    enrolled = await town.world.enrolments(town.runs["KINERJA-2026-01"])
    ids = [enrolled[town.staff[10].nip]["id"]]
    body = {"enrollments": ids, "met_on": town.world.bina.today().isoformat()}
    await town.world.operator.post("/enrollment/api/v1/attendance", body)
    row = page.locator("tr", has_text=town.staff[10].name)
    await expect(row).to_contain_text("Lulus", timeout=TWO_SECONDS)
    assert await has_focus(page)
    assert await chosen.is_checked()
    await expect(head.locator("#ukuran")).not_to_have_text(measures, timeout=PATIENCE)
    await visitor.shoot("operator-presensi-langsung")
    await visitor.is_sound()


async def place_of(page: Page) -> list[float]:
    """How far down everything stands."""
    return await page.evaluate(
        "[...document.querySelectorAll('main *:not(.news, .news *)')].map((one) => one.getBoundingClientRect().y)"
    )


async def test_what_comes_through_kafka_is_told_without_moving_the_page(town: Town, door: Door):
    asn = town.staff[17]
    inbox = await door.enter(asn)
    page = await watches(inbox, "/notification/kotak-masuk")
    before = await place_of(page)
    await town.world.as_asn(asn).post("/enrollment/api/v1/enrolments", {"run": "KINERJA-2026-02"})
    await expect(page.locator(".news")).to_have_text(
        re.compile(r"^\d+ pembaruan Tampilkan$"), timeout=PATIENCE
    )
    assert await place_of(page) == before
    await inbox.shoot("asn-kotak-masuk-pembaruan")
    await inbox.is_sound()
    await inbox.is_accessible()
    await inbox.press("Tampilkan")
    assert "Anda terdaftar: Penyusunan Sasaran Kinerja Pegawai" in await inbox.text()


async def test_the_page_of_a_redrive_goes_on_until_it_has_ended(town: Town, door: Door):
    visitor = await door.enter(town.platform, "platform", width=DESK)
    overview = await watches(visitor, "/enrollment/ops")
    shown = await overview.locator("#keadaan").inner_text()
    await expect(overview.locator("#keadaan")).not_to_have_text(shown, timeout=PATIENCE)
    await visitor.press("Ulangi semua")
    await expect(visitor.page.locator("h1")).to_have_text("Pengulangan selesai", timeout=PATIENCE)
    await expect(visitor.page.locator("#tindakan")).to_contain_text("Lihat yang masih tertahan")
    await visitor.is_sound()


async def test_eight_tabs_stay_responsive(town: Town, door: Door):
    visitor = await door.enter(town.staff[18], width=DESK)
    pages = [visitor.page, *[await visitor.page.context.new_page() for _n in range(7)]]
    for page in pages:
        await page.goto(visitor.url + KATALOG)

    async def three() -> bool:
        held = await visitor.page.evaluate("navigator.locks.query().then((all) => all.held.length)")
        return held == 3

    await eventually(three)
    ninth = await visitor.page.context.new_page()
    for page in (*pages, ninth):
        await page.goto(visitor.url + "/beranda", timeout=PATIENCE)
        await expect(page.locator("h1")).to_contain_text("JP")


async def test_a_siblings_news_come_to_an_open_beranda(town: Town, door: Door):
    visitor = await door.enter(town.staff[18])
    await visitor.page.clock.install()
    page = await watches(visitor, "/beranda")
    part = page.locator('[data-fragment="/notification/potongan/beranda"]')
    await expect(part.locator("h2")).to_be_visible()
    before = await part.inner_text()
    await town.world.as_asn(town.staff[18]).post("/enrollment/api/v1/enrolments", {"run": "KINERJA-2026-02"})

    async def told() -> bool:
        await half_a_minute_later(page)
        return await part.inner_text() != before

    await eventually(told)


async def test_a_sibling_that_is_away_leaves_the_page_whole(bina: Bina, town: Town, door: Door):
    visitor = await door.enter(town.staff[19])
    await bina.children["notification"].stop()
    try:
        answer = await visitor.page.goto(visitor.url + "/beranda")
        assert answer is not None
        assert answer.status == 200
        link = visitor.page.locator('[data-fragment="/notification/potongan/beranda"] a')
        await expect(link).to_have_text("Buka kotak masuk")
        assert await visitor.page.locator("h1").count() == 1
    finally:
        await bina.start("notification")


async def test_a_worker_with_an_open_stream_ends_and_the_page_comes_again(bina: Bina, town: Town, door: Door):
    visitor = await door.enter(town.staff[20])
    await visitor.page.clock.install()
    page = await watches(visitor, "/notification/kotak-masuk")
    await bina.children["notification"].stop()
    await bina.start("notification")
    await town.world.as_asn(town.staff[20]).post("/enrollment/api/v1/enrolments", {"run": "KINERJA-2026-02"})

    async def told() -> bool:
        if await page.locator(".pace").count():
            await half_a_minute_later(page)
        return "pembaruan" in await page.locator(".news").inner_text()

    await eventually(told)


@pytest.mark.parametrize("name", SERVICES)
async def test_a_stream_through_the_gateway_is_refused_to_strangers(bina: Bina, town: Town, name: str):
    async with httpx.AsyncClient(base_url=bina.addresses.url) as client:
        answer = await client.get(f"/{name}/langsung?tentang=x")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/masuk")


async def test_without_script_the_pages_are_whole(town: Town, door: Door):
    visitor = await door.enter(town.staff[21], javascript=False)
    for path in (
        KATALOG,
        "/enrollment/angkatan/KINERJA-2026-02",
        "/notification/kotak-masuk",
        "/evaluation/tugas",
    ):
        await visitor.go(path)
        assert await visitor.page.locator("h1").count() == 1
        assert await visitor.page.locator(".news").inner_text() == ""
