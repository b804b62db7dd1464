"""A form on a phone whose network comes and goes: nothing given is lost, each answer counts once, a receipt ends it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, Route, expect

from bina.web.access import issue_task_link
from bina_local.services import signing_secret
from browser.surveys import answer_all, choose
from browser.town import Town
from browser.visiting import Door, Visitor, sessions_of, until
from journeys.answering import answers_to, open_task
from journeys.world import Asn

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
ON_SERVER = "Tersimpan di server"
AWAY = "Belum terkirim. Koneksi terputus. Jawaban aman di perangkat ini."
PATIENCE = 60_000
"""Milliseconds, for what comes after a service was started anew."""
KEPT = """async () => ({
    items: Object.keys(localStorage).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
NOTHING = {"items": 0, "caches": 0, "workers": 0}
INLINE = """() => {
    const script = document.createElement("script");
    script.append("window.ran = true"); // as a child: its text would be refused to be set
    document.head.append(script);
    return Boolean(window.ran);
}"""


async def task_of(town: Town, asn: Asn) -> str:
    run: UUID = town.runs["LAYANAN-2026-01"]
    return str((await open_task(town.world.as_asn(asn), "L1-REACTION", run, asn))["task_id"])


async def open_form(visitor: Visitor, path: str) -> Page:
    """A form whose page is kept for reloading it offline."""
    await visitor.go(path)
    await visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await until(visitor.page, "caches.match(location.pathname).then(Boolean)")
    return visitor.page


def state(page: Page) -> Any:
    return page.locator("[data-state]")


async def noted(town: Town, task: str) -> list[str]:
    """What the audit has of a task: one entry per command that had an effect."""
    found = await town.world.platform.get("/evaluation/api/v1/ops/audit", tentang=task, limit=500)
    return [entry["action"].split(" ")[0] for entry in found["items"] if entry["kind"] == "command"]


async def test_answers_survive_a_reload_offline_and_each_counts_once(town: Town, door: Door):
    asn = town.staff[8]
    task = await task_of(town, asn)
    visitor = await door.enter(asn)
    page = await open_form(visitor, f"/evaluation/isi/{task}")
    await choose(page, 2)
    await expect(state(page)).to_have_text(ON_SERVER)
    await visitor.shoot("survei-di-server")

    await page.context.set_offline(True)
    await page.locator("[data-next]").click()
    await choose(page, 3)
    await expect(state(page)).to_have_text(AWAY)
    await visitor.shoot("survei-terputus")
    await page.reload()
    assert await visitor.heading() == "Kesan Anda tentang pelatihan"
    await expect(page.locator("[data-place]")).to_have_text("Pertanyaan 2 dari 11")
    await expect(page.locator("fieldset.choices:visible input:checked")).to_have_value("4")
    await expect(state(page)).to_have_text(AWAY)
    assert await page.locator("input[name=r1]:checked").get_attribute("value") == "3"
    assert visitor.complaints == [said for said in visitor.complaints if "ERR_INTERNET_DISCONNECTED" in said]
    assert await visitor.faults("frame", "sideways", "clipped", "contrast") == []
    assert not await page.evaluate(INLINE), "the page that the worker gave out has no content security policy"
    visitor.complaints = []

    await page.context.set_offline(False)
    await expect(state(page)).to_have_text(ON_SERVER)
    await page.reload()
    assert sorted(await noted(town, task)) == ["PUT", "PUT"]
    await answer_all(page, 2)
    # The second half of a double click on the question before.
    await page.locator("[data-next]").dispatch_event("click", {"detail": 2})
    await expect(page.locator("[data-next]")).to_have_text("Kirim")
    await expect(state(page)).to_have_text(ON_SERVER)
    assert "POST" not in await noted(town, task)
    await visitor.shoot("survei-tinjau")
    await visitor.is_accessible()
    assert await visitor.faults("targets", "sideways", "clipped", "contrast") == []
    await page.locator("[data-next]").click()
    await page.wait_for_url("**/evaluation/tugas/*")
    assert "Terima kasih. Penilaian terkirim." in await visitor.text()
    await expect(page.get_by_text("Salinan jawaban di perangkat ini sudah dihapus.")).to_be_visible()
    assert await page.evaluate(KEPT) == NOTHING
    await visitor.shoot("survei-bukti")
    await visitor.is_sound()
    assert [*await noted(town, task)].count("POST") == 1


async def test_what_is_handed_in_offline_goes_by_itself_once_there_is_network(town: Town, door: Door):
    asn = town.staff[12]
    task = await task_of(town, asn)
    visitor = await door.enter(asn)
    page = await open_form(visitor, f"/evaluation/isi/{task}")
    await page.context.set_offline(True)
    await answer_all(page, 1)
    await page.locator("[data-next]").click()
    await expect(state(page)).to_have_text(AWAY)
    await page.reload()
    await expect(page.locator("[data-review]")).to_be_visible()
    await page.context.set_offline(False)
    await page.wait_for_url("**/evaluation/tugas/*")
    assert "EV-" in await visitor.text()
    assert await page.evaluate(KEPT) == NOTHING
    assert await noted(town, task) == ["POST"]


async def test_a_service_that_dies_before_it_answers_is_asked_again_and_counts_once(town: Town, door: Door):
    asn, bina = town.staff[13], town.world.bina
    task = await task_of(town, asn)
    visitor = await door.enter(asn)
    page = await open_form(visitor, f"/evaluation/isi/{task}")
    await answer_all(page, 3)
    await expect(state(page)).to_have_text(ON_SERVER)

    async def take_and_die(route: Route) -> None:
        taken = await route.fetch()
        assert taken.status == 201
        await bina.kill("evaluation")
        await route.abort()

    await page.route("**/answers", take_and_die, times=1)
    await page.locator("[data-next]").click()
    await expect(state(page)).to_have_text(AWAY)
    kept = await page.evaluate(KEPT)
    assert kept["items"] == 1
    await page.reload()  # the gateway answers, the service does not
    await expect(page.locator("[data-review]")).to_be_visible()
    await bina.start("evaluation")
    await page.wait_for_url("**/evaluation/tugas/*", timeout=PATIENCE)
    receipt = re.search(r"EV-\w{4}-\w{4}", await visitor.text())
    assert receipt
    assert await page.evaluate(KEPT) == NOTHING
    assert [*await noted(town, task)].count("POST") == 1
    caller = town.world.as_asn(asn)
    again = await caller.post(
        f"/evaluation/api/v1/tasks/{task}/answers", {"answers": answers_to("L1-REACTION", 4) | {"r8": ""}}
    )
    assert again["receipt"] == receipt[0]


async def test_a_form_answered_elsewhere_meanwhile_is_told_and_loses_nothing(town: Town, door: Door):
    path, task = await a_link(town, 5)
    visitor = await door.enter()
    page = await open_form(visitor, path)
    await page.context.set_offline(True)
    await page.locator("main textarea, main input[type=text]").locator("visible=true").fill("Kata saya")
    caller = town.world.as_asn(town.evaluator)
    given = {"answers": answers_to("L3-INTERVIEW", 3)}
    receipt = (await caller.post(f"/evaluation/api/v1/tasks/{task}/answers", given))["receipt"]
    await page.context.set_offline(False)
    await expect(page.locator("[data-told]")).to_contain_text(f"sudah dijawab dengan nomor bukti {receipt}")
    await expect(page.locator("[data-told]")).to_contain_text("Jawaban Anda tetap ada di perangkat ini.")
    await expect(page.locator("main :is(textarea, input[type=text])").locator("visible=true")).to_have_value("Kata saya")  # fmt: skip
    await visitor.shoot("survei-dijawab-di-tempat-lain")
    await page.reload()
    assert receipt in await visitor.text()
    await expect(page.locator("[data-left]")).to_contain_text("Kata saya")
    await visitor.shoot("survei-tertinggal")
    await visitor.is_accessible()
    await page.locator("[data-left] button").click()
    await expect(page.get_by_text("Salinan jawaban di perangkat ini sudah dihapus.")).to_be_visible()
    assert await page.evaluate(KEPT) == NOTHING


async def a_link(town: Town, about: int) -> tuple[str, str]:
    """The path of the form under a personal link to an interview about somebody, and its task."""
    run, evaluator = town.runs["INFODINAS-2025-02"], town.world.as_asn(town.evaluator)
    task = (await open_task(evaluator, "L3-INTERVIEW", run, town.staff[about]))["task_id"]
    until = datetime.now(UTC) + timedelta(days=7)
    token = issue_task_link(UUID(task), signing_secret(town.world.bina.state), until)
    return f"/evaluation/tautan/{token}/isi", task


async def test_a_link_revoked_meanwhile_is_told_and_the_answers_stay(town: Town, door: Door):
    path, task = await a_link(town, 6)
    visitor = await door.enter()
    page = await open_form(visitor, path)
    assert await page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.scope)") == visitor.url + path  # fmt: skip
    field = page.locator("main :is(textarea, input[type=text])").locator("visible=true")
    await field.fill("Kata saya")
    await expect(state(page)).to_have_text(ON_SERVER)
    operator = await door.enter(town.operator, "operator")
    await operator.go("/evaluation/penilai")
    form = operator.page.locator('form[action$="/cabut"]')
    await form.evaluate("form => form.closest('details').open = true")
    await form.locator("[role=combobox], select").first.wait_for()
    await form.locator("select").evaluate("(select, task) => (select.value = task)", task)
    await form.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
    await operator.page.get_by_text("Tautan lama dicabut.").wait_for()
    await field.fill("Kata saya, lebih panjang")
    await expect(page.locator("[data-told]")).to_contain_text("Tautan ini sudah dicabut.")
    await expect(state(page)).to_have_text("Belum terkirim")
    kept = await page.evaluate("JSON.stringify(localStorage)")
    assert "Kata saya, lebih panjang" in kept


async def test_a_session_that_ended_counts_as_no_success(town: Town, door: Door):
    visitor = await door.enter()
    live, lapsed = sessions_of(town.world.bina, town.chief.person("supervisor"))
    await visitor.bring(live)
    page = await open_form(visitor, f"/evaluation/isi/{town.places['task']}")
    await visitor.bring(lapsed)
    await choose(page, 2)
    await expect(page.locator("[data-told]")).to_contain_text("Anda belum masuk.")
    await expect(state(page)).to_have_text("Belum terkirim")
    await visitor.shoot("survei-sesi-berakhir")
    await visitor.press("Masuk lagi")
    await visitor.press(town.chief.name)
    assert visitor.path.startswith(f"/evaluation/isi/{town.places['task']}")
    await expect(state(page)).to_have_text(ON_SERVER)
    await expect(page.locator("input:checked")).to_have_value("3")


async def test_another_device_is_told_of_before_it_is_written_over(town: Town, door: Door):
    path, _task = await a_link(town, 7)
    first, second = [await door.enter() for _ in range(2)]
    pages = [await open_form(visitor, path) for visitor in (first, second)]
    fields = [page.locator("main :is(textarea, input[type=text])").locator("visible=true") for page in pages]
    await fields[0].fill("Dari ponsel")
    await expect(state(pages[0])).to_have_text(ON_SERVER)
    await fields[1].fill("Dari laptop")
    await expect(pages[1].locator("[data-note]")).to_contain_text("Di sana: Dari ponsel.")
    await expect(state(pages[1])).to_have_text("Belum terkirim")
    await second.shoot("survei-dua-perangkat")
    await fields[1].fill("Dari laptop, jadi")
    await expect(state(pages[1])).to_have_text(ON_SERVER)
    await pages[0].reload()
    await pages[0].evaluate("location.hash = '1'")
    await expect(fields[0]).to_have_value("Dari laptop, jadi")


async def test_whoever_leaves_a_shared_phone_takes_the_answers_along(town: Town, door: Door):
    visitor = await door.enter(town.asn)
    page = await open_form(visitor, f"/evaluation/isi/{await task_of(town, town.asn)}")
    await choose(page, 1)
    await expect(state(page)).to_have_text(ON_SERVER)
    await page.locator("[data-wipe]").click()
    await page.wait_for_url("**/evaluation/tugas/*")
    assert await page.evaluate(KEPT) == NOTHING
    await page.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        await page.goto(f"{visitor.url}/evaluation/isi/{await task_of(town, town.asn)}")
