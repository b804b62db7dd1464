"""A certificate from its issue to a stranger's phone: the printed QR code opens the page that says it is genuine."""

from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playwright.async_api import expect

from browser.town import Town, report
from browser.visiting import DESK, SCREENSHOTS, Door
from journeys.running import eventually

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
TWO_SECONDS = 2000
RUN, HELD_DAYS_AGO = "INFODINAS-2025-02", 195
PRINTED = 150 / 72
"""150 dots to the inch: an office printer's draft."""


async def test_the_printed_qr_code_opens_the_page_that_says_it_is_genuine(
    town: Town, door: Door, tmp_path: Path
):
    holder = await door.enter(town.alumnus)
    year = (town.world.bina.today() - timedelta(days=HELD_DAYS_AGO)).year
    await holder.go(f"/enrollment/jp?tahun={year}")
    async with holder.page.expect_download() as came:
        await holder.page.get_by_role("link", name="(PDF)").first.click()
    kept = tmp_path / "sertifikat.pdf"
    await (await came.value).save_as(kept)
    picture = pypdfium2.PdfDocument(kept)[0].render(scale=PRINTED).to_pil()
    SCREENSHOTS.mkdir(exist_ok=True)
    picture.save(SCREENSHOTS / "sertifikat.png")
    (code,) = zxingcpp.read_barcodes(picture)
    stranger = await door.enter()
    assert code.text.startswith(stranger.url)
    await stranger.go(code.text.removeprefix(stranger.url))
    assert await stranger.heading() == "Asli dan berlaku"
    words = await stranger.text()
    assert town.alumnus.name in words
    assert town.alumnus.nip not in words
    await stranger.is_sound()


async def test_a_revocation_shows_to_whoever_has_the_page_open(town: Town, door: Door):
    operator = town.world.operator
    listed = (await operator.get("/enrollment/api/v1/certificates", run=RUN))["items"]
    code = next(one["code"] for one in listed if one["asn_id"] == str(town.staff[6].asn_id))
    holder, stranger = await door.enter(town.staff[6]), await door.enter()
    await stranger.page.clock.install()
    for visitor in (holder, stranger):
        await visitor.go(f"/enrollment/verifikasi/{code}")
        assert await visitor.heading() == "Asli dan berlaku"
    await operator.post(
        f"/enrollment/api/v1/certificates/{code}/revoke", {"reason": "Nama tertukar dengan peserta lain"}
    )
    await expect(holder.page.locator("h1")).to_contain_text("Telah dicabut pada", timeout=TWO_SECONDS)
    await stranger.page.clock.fast_forward(40_000)  # without a session the page asks by itself
    await expect(stranger.page.locator("h1")).to_contain_text("Telah dicabut pada")
    assert "Nama tertukar" not in await stranger.text()
    for visitor in (holder, stranger):
        await visitor.is_sound()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_an_organiser_issues_and_revokes(town: Town, door: Door, *, javascript: bool):
    run, people = "KINERJA-2025-02", 2
    if not javascript:
        run = "KINERJA-2025-03"
        starts_on = (town.world.bina.today() - timedelta(days=30)).isoformat()
        await town.world.run(run, "KINERJA", starts_on=starts_on)
        await report(town, run, town.staff[20:22], days_ago=30, jp=10)
    visitor = await door.enter(town.operator, "operator", width=DESK, javascript=javascript)
    await visitor.go(f"/enrollment/angkatan/{run}")
    await visitor.press("Sertifikat angkatan ini")
    assert await visitor.heading() == "Siapa layak?"
    await visitor.press(f"Terbitkan {people} sertifikat")
    told = f"{people} dari {people} sertifikat terbit"
    if javascript:
        await expect(visitor.page.locator("#kemajuan")).to_contain_text(told)
        await visitor.is_sound()
        return

    async def issued() -> bool:
        await visitor.go(f"/enrollment/angkatan/{run}/sertifikat")
        return told in await visitor.text()

    await eventually(issued)
    await visitor.page.get_by_label("Nomor sertifikat atau kode verifikasi").fill(f"800/001/{run}")
    await visitor.page.get_by_label("Alasan").fill("Terbit untuk orang yang keliru")
    await visitor.page.get_by_role("checkbox").check()
    await visitor.press("Cabut")
    assert "Sertifikat dicabut." in await visitor.text()
    assert await visitor.page.get_by_text("Dicabut", exact=True).count() == 1
    await visitor.is_sound()


async def test_a_visitor_prints_the_proof(town: Town, door: Door):
    visitor = await door.enter()
    await visitor.page.add_init_script("window.print = () => (window.printed = true)")
    await visitor.go(f"/enrollment/verifikasi/{town.places['certificate']}")
    await visitor.page.get_by_role("button", name="Cetak bukti").click()
    assert await visitor.page.evaluate("window.printed")
    await visitor.page.emulate_media(media="print")
    assert await visitor.page.get_by_role("button", name="Cetak bukti").is_hidden()
    assert "Diperiksa" in await visitor.text()
