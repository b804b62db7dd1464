"""A session of a run: the code on the wall, phones of participants, the operator's list; with and without a network."""

import pytest
from playwright.async_api import expect

from browser.town import Town
from browser.town_hall import shown_code
from browser.visiting import DESK, Door, until
from journeys.running import eventually

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
TWO_SECONDS = 2000
CLAIM = """() => {
    const name = Object.keys(localStorage).find((one) => one.startsWith("bina-claim:"));
    return name ? localStorage.getItem(name) : null;
}"""
INLINE = """() => {
    const script = document.createElement("script");
    script.append("window.ran = true"); // as a child: its text would be refused to be set
    document.head.append(script);
    return Boolean(window.ran);
}"""
RUN = "/enrollment/angkatan/KINERJA-2026-03"


async def test_a_session_from_the_code_on_the_wall_to_the_list(town: Town, door: Door):
    held = town.places["session"]
    wall = await door.enter(town.operator, "operator", width=DESK)
    await wall.go(f"{RUN}/presensi/{held}/kode")
    await wall.is_sound()
    await wall.is_accessible()
    desk = await door.enter(town.operator, "operator", width=DESK)
    async with desk.page.expect_response(lambda answer: "/langsung" in answer.url):
        await desk.go(f"{RUN}/presensi/{held}")
    chosen = desk.page.get_by_role("group", name=f"Kehadiran {town.staff[23].name}").get_by_label("Izin")
    await chosen.check()
    await expect(desk.page.locator("tr", has_text=town.staff[23].name)).to_contain_text("belum disimpan")
    await desk.page.evaluate("window.held = document.activeElement")
    phone = await door.enter(town.attender)
    await phone.go(f"/enrollment/hadir/{held}?kode={shown_code(town, held)}")
    await phone.shoot("hadir")
    await phone.press("Saya hadir")
    assert "Anda tercatat hadir." in await phone.text()
    await phone.is_sound()
    row = desk.page.locator("tr", has_text=town.attender.name)
    await expect(row).to_contain_text("kode", timeout=TWO_SECONDS)
    await expect(desk.page.locator("#maju")).to_contain_text("3 dari 3 tercatat", timeout=TWO_SECONDS)
    assert await chosen.is_checked()
    assert await desk.page.evaluate("window.held === document.activeElement && window.held.isConnected")
    await desk.shoot("presensi-langsung")
    await desk.press("Simpan presensi")
    assert "Presensi tersimpan." in await desk.text()
    await desk.is_sound()


async def test_one_phone_and_a_phone_without_network(town: Town, door: Door):
    """The second person on a phone is refused with words; a code typed offline is sent by itself afterwards."""
    code, people = "KINERJA-2026-04", [town.staff[10], town.staff[11]]
    today = town.world.bina.today().isoformat()
    session = {"starts_at": f"{today}T08:30:00+07:00", "ends_at": f"{today}T15:00:00+07:00"}
    await town.world.run(code, "KINERJA", sessions=[session])
    for asn in people:
        await town.world.as_asn(asn).post("/enrollment/api/v1/enrolments", {"run": code})
    held = (await town.world.operator.get(f"/enrollment/api/v1/runs/{code}"))["sessions"][0]["id"]
    page = f"/enrollment/hadir/{held}"
    phone = await door.enter(people[0])
    await phone.go(page)
    await phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await until(phone.page, "caches.match(location.pathname).then(Boolean)")
    network = phone.page.context
    await network.set_offline(True)
    await phone.page.get_by_label("Kode di layar").fill(shown_code(town, held).lower())
    await phone.page.get_by_role("button", name="Saya hadir").click()
    await expect(phone.page.locator("[data-claim-state]")).to_contain_text("Tidak ada jaringan")
    await phone.shoot("hadir-luring")
    await phone.page.reload()
    await expect(phone.page.locator("[data-claim-state]")).to_contain_text("Tidak ada jaringan")
    assert await phone.page.evaluate(CLAIM)
    assert not await phone.page.evaluate(INLINE), (
        "the page that the worker gave out has no content security policy"
    )
    phone.complaints = [said for said in phone.complaints if "ERR_INTERNET_DISCONNECTED" not in said]
    await network.set_offline(False)
    await expect(phone.page.locator("h1 ~ .lead")).to_have_text("Anda tercatat hadir.", timeout=10_000)
    await until(phone.page, "caches.keys().then((kept) => !kept.length && !localStorage.length)")
    assert (
        await phone.page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    )
    device = next(one for one in await network.cookies() if one["name"].endswith("bina_device"))
    other = await door.enter(people[1])
    await other.page.context.add_cookies([device])
    await other.go(page)
    await other.page.get_by_label("Kode di layar").fill(shown_code(town, held))
    await other.press("Saya hadir")
    assert "Perangkat ini sudah dipakai peserta lain" in await other.text()
    await other.shoot("hadir-perangkat")

    async def marked() -> bool:
        found = await town.world.operator.get(f"/enrollment/api/v1/sessions/{held}/attendance")
        return sorted(str(one["state"]) for one in found["items"]) == ["None", "present"]

    await eventually(marked)
    clerk = await door.enter(town.operator, "operator", width=DESK)
    await clerk.go(f"/enrollment/angkatan/{code}/presensi/{held}/periksa")
    assert "perangkat dipakai dua orang" in await clerk.text()
    await clerk.shoot("periksa-wajah")


async def test_a_check_in_kept_on_the_phone_outlives_a_second_press_and_the_session(town: Town, door: Door):
    code, asn = "KINERJA-2026-05", town.staff[12]
    today = town.world.bina.today().isoformat()
    session = {"starts_at": f"{today}T08:30:00+07:00", "ends_at": f"{today}T15:00:00+07:00"}
    await town.world.run(code, "KINERJA", sessions=[session])
    await town.world.as_asn(asn).post("/enrollment/api/v1/enrolments", {"run": code})
    held = (await town.world.operator.get(f"/enrollment/api/v1/runs/{code}"))["sessions"][0]["id"]
    phone = await door.enter(asn)
    await phone.go(f"/enrollment/hadir/{held}")
    page, network = phone.page, phone.page.context
    await network.set_offline(True)
    await page.get_by_label("Kode di layar").fill(shown_code(town, held))
    await page.get_by_role("button", name="Saya hadir").click()
    await expect(page.locator("[data-claim-state]")).to_contain_text("Tidak ada jaringan")
    kept = await page.evaluate(CLAIM)
    await page.get_by_role("button", name="Saya hadir").click()
    await expect(page.locator("[data-claim-state]")).to_contain_text("Tidak ada jaringan")
    assert await page.evaluate(CLAIM) == kept  # the time at which the code was seen
    session_of = next(one for one in await network.cookies() if one["name"] == "bina_session")
    await network.clear_cookies(name="bina_session")
    await network.set_offline(False)
    await page.wait_for_url("**/masuk**")
    assert await page.evaluate(CLAIM) == kept
    await phone.bring(session_of["value"])
    await phone.go(f"/enrollment/hadir/{held}")
    await expect(page.locator("h1 ~ .lead")).to_have_text("Anda tercatat hadir.", timeout=10_000)
    assert await page.evaluate(CLAIM) is None
