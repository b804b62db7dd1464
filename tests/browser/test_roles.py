"""One journey for each role, as its person goes through the pages."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from browser.surveys import answer_all
from browser.town import Town
from browser.visiting import DESK, Door, Visitor, sessions_of
from journeys.running import eventually

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
OFFERED = 3
"""Trainings that beranda offers; which ones depends on the runs that other journeys announce."""
with_and_without_script = pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])


async def choose(visitor: Visitor, letter_of: int = 0) -> None:
    """Mark one option of every question, as a finger would."""
    for question in await visitor.page.locator("fieldset.choices").all():
        await question.locator("label").nth(letter_of).click()


@with_and_without_script
async def test_an_asn_signs_in_and_asks_for_a_seat(town: Town, door: Door, *, javascript: bool):
    visitor = await door.enter(javascript=javascript)
    await visitor.go("/")
    await visitor.press("Masuk")
    await visitor.press(town.asn.name)
    assert visitor.path == "/beranda"
    assert "JP" in await visitor.heading()
    assert await visitor.page.locator("section[aria-labelledby=saran] ul.rows > li").count() == OFFERED
    await visitor.is_sound()

    await visitor.go("/enrollment/katalog")
    await visitor.press("Pengamanan Informasi Dinas")
    assert await visitor.heading() == "Pengamanan Informasi Dinas"
    await visitor.press("Daftar")
    assert "Anda terdaftar." in await visitor.text()
    await visitor.shoot("asn-terdaftar")
    await visitor.is_sound()

    async def told() -> bool:
        await visitor.go("/notification/kotak-masuk")
        return "Anda terdaftar: Pengamanan Informasi Dinas" in await visitor.text()

    await eventually(told)
    await visitor.press("Anda terdaftar: Pengamanan Informasi Dinas")
    assert town.asn.name in await visitor.text()
    await visitor.shoot("asn-pemberitahuan")
    await visitor.is_sound()

    await visitor.go("/enrollment/angkatan/INFODINAS-2026-01")
    await visitor.agree("Batalkan pendaftaran")
    assert "30 kursi" in await visitor.text()
    await visitor.press("Keluar")
    assert visitor.path in ("/", "/masuk")


async def test_a_visitor_chooses_english_at_the_foot_without_script(door: Door, town: Town):
    visitor = await door.enter(javascript=False, locale="en-US")
    await visitor.go("/masuk")
    assert await visitor.heading() == "Masuk sebagai siapa?"
    await visitor.press("English")
    assert visitor.path == "/masuk"
    assert await visitor.page.locator("html").get_attribute("lang") == "en"
    await visitor.press(town.asn.name)
    assert await visitor.page.locator("html").get_attribute("lang") == "en"
    await visitor.press("Bahasa Indonesia")
    assert visitor.path == "/beranda"
    assert await visitor.page.locator("html").get_attribute("lang") == "id"


async def test_a_full_run_offers_the_waiting_list_without_script(town: Town, door: Door):
    visitor = await door.enter(town.staff[10], javascript=False)
    await visitor.go("/enrollment/angkatan/LAYANAN-2026-02")
    assert "Kursi penuh. Masuk daftar tunggu, posisi ke-3?" in await visitor.text()
    await visitor.press("Masuk daftar tunggu")
    assert "Anda di daftar tunggu, posisi ke-3." in await visitor.text()
    await visitor.is_sound()


@with_and_without_script
async def test_an_asn_takes_a_test_on_a_phone(town: Town, door: Door, *, javascript: bool):
    taker = town.staff[8] if javascript else town.staff[9]
    visitor = await door.enter(taker, javascript=javascript)
    await visitor.go("/assessment/tes")
    await visitor.press("Pre-test Penyusunan Sasaran Kinerja Pegawai")
    if javascript:
        await visitor.shoot("asn-tes-soal")
        await visitor.is_accessible()
        await visitor.is_sound()
    await choose(visitor)
    await visitor.press("Kirim jawaban")
    assert visitor.path.endswith("/hasil")
    text = await visitor.text()
    assert "Kekuatan dan kesenjangan" in text
    assert "Kinerja" in text
    assert await visitor.page.locator("h1").count() == 1
    if javascript:
        await visitor.shoot("asn-tes-hasil")
        await visitor.is_accessible()
        await visitor.go("/assessment/profil")
        await visitor.shoot("asn-profil-terisi")
        await visitor.is_sound()


async def test_a_test_sent_with_gaps_keeps_what_was_answered(town: Town, door: Door):
    visitor = await door.enter(town.staff[11], javascript=False)
    await visitor.go("/assessment/tes")
    await visitor.press("Pre-test Penyusunan Sasaran Kinerja Pegawai")
    # the browser itself would stop an incomplete form
    await visitor.page.locator("form[data-draft]").evaluate("form => (form.noValidate = true)")
    await visitor.page.locator("fieldset.choices").first.locator("label").first.click()
    await visitor.press("Kirim jawaban")
    assert "soal belum dijawab" in await visitor.text()
    assert await visitor.page.locator("input[type=radio]:checked").count() == 1
    await visitor.shoot("asn-tes-kurang")


async def test_an_asn_sees_where_the_jp_come_from(town: Town, door: Door):
    visitor = await door.enter(town.asn)
    await visitor.go("/enrollment/jp")
    text = await visitor.text()
    assert "Anda perlu 4 JP lagi sebelum 31 Desember" in text
    assert "Pelayanan Publik Prima" in text
    assert "PP 11/2017" in text


async def test_a_supervisor_judges_on_a_phone(town: Town, door: Door):
    visitor = await door.enter(town.chief, "supervisor")
    await visitor.go("/evaluation/tugas")
    assert await visitor.heading() == "Apa yang perlu saya nilai?"
    await visitor.press("Enam bulan setelah pelatihan: perubahan pada bawahan Anda")
    await visitor.shoot("atasan-kelompok")
    await visitor.press(town.staff[7].name)
    await visitor.shoot("atasan-tugas-mulai")
    await visitor.press("Mulai")
    await visitor.shoot("atasan-formulir")
    await visitor.is_sound()
    await visitor.is_accessible()
    await visitor.page.evaluate("location.hash = 'tinjau'")
    await expect(visitor.page.locator("[data-review]")).to_be_visible()
    await visitor.page.locator("[data-next]").click()
    await expect(visitor.page.locator("[data-place]")).to_have_text("Pertanyaan 1 dari 8")
    assert "Pertanyaan ini belum dijawab." in await visitor.text()
    await visitor.shoot("atasan-formulir-kurang")
    await answer_all(visitor.page, 2)
    assert "Sudah benar semua?" in await visitor.text()
    await visitor.shoot("atasan-tinjau")
    await visitor.press("Kirim")
    assert "Terima kasih. Penilaian terkirim." in await visitor.text()
    assert "EV-" in await visitor.text()
    await visitor.shoot("atasan-bukti")
    await visitor.is_accessible()
    await visitor.is_sound()


async def test_an_evaluator_interviews_without_script(town: Town, door: Door):
    visitor = await door.enter(town.evaluator, "evaluator", javascript=False)
    await visitor.go("/evaluation/tugas")
    await visitor.press("Wawancara penerapan hasil pelatihan")
    await visitor.press(town.staff[2].name)
    await visitor.press("Mulai")
    for text in await visitor.page.locator("main textarea, main input[type=text]").all():
        await text.fill("Tatap muka, 2 Februari 2026. Laporan kini disimpan di folder terenkripsi.")
    await choose(visitor, 1)
    await visitor.press("Tinjau jawaban")
    await visitor.press("Kirim")
    assert "EV-" in await visitor.text()


async def test_a_head_sees_what_changed_and_who_is_behind(town: Town, door: Door):
    visitor = await door.enter(town.head, "head", width=DESK)
    await visitor.go("/evaluation/dampak")
    assert "Pengamanan Informasi Dinas" in await visitor.text()
    await visitor.press("Pengamanan Informasi Dinas")
    assert await visitor.heading() == "Apa yang berubah setelah Pengamanan Informasi Dinas?"
    text = await visitor.text()
    assert "N-gain 0,60, sedang" in text
    assert "Siapa ditanya, siapa menjawab" in text

    await visitor.go("/enrollment/instansi")
    text = await visitor.text()
    assert "0 dari 30 PNS" in text
    assert "Semua unit sama: 0%" in text
    await visitor.press("Dinas Kesehatan")
    assert "Dinas Kesehatan" in await visitor.text()
    await visitor.shoot("kepala-unit")
    await visitor.is_sound()


async def test_a_platform_operator_finds_a_parked_message(town: Town, door: Door):
    visitor = await door.enter(town.platform, "platform", width=DESK)
    await visitor.go("/ops")
    assert visitor.path == "/enrollment/ops"
    assert "enrollment.requested.v1" in await visitor.text()
    async with visitor.page.expect_navigation():
        await visitor.page.get_by_role("link", name=re.compile(r"^Pesan \d+$")).first.click()
    text = await visitor.text()
    assert '{"nip": "1980' in text
    assert "json.invalid" in text
    await visitor.shoot("platform-gagal")
    await visitor.is_sound()
    await visitor.is_accessible()
    await visitor.press("Ulangi pesan ini")

    async def tried() -> bool:
        await visitor.go(visitor.path)
        return await visitor.heading() == "Pengulangan selesai"

    await eventually(tried)
    assert "1 dari 1 pesan dicoba: 0 berlaku, 1 gagal lagi." in await visitor.text()
    await visitor.is_sound()
    await visitor.press("Lihat yang masih tertahan")
    for name in ("assessment", "evaluation", "notification"):
        await visitor.press(name)
        assert visitor.path == f"/{name}/ops"
        assert "0 pesan diparkir" in await visitor.text() or "mengalir" in await visitor.heading()


async def redrives(town: Town) -> list[dict[str, Any]]:
    return list(await town.world.platform.get("/enrollment/api/v1/ops/redrives"))


@with_and_without_script
async def test_a_redrive_asks_first_and_a_double_click_counts_once(
    town: Town, door: Door, *, javascript: bool
):
    visitor = await door.enter(town.platform, "platform", width=DESK, javascript=javascript)
    place = f"/enrollment/ops/kelompok/{town.places['cause']}"
    await visitor.go(place)
    button, before = visitor.page.get_by_role("button", name="Ulangi kelompok"), len(await redrives(town))
    await button.click()
    if javascript:
        await visitor.page.get_by_role("dialog").get_by_role("button", name="Batal").click()
    assert visitor.path == place
    assert len(await redrives(town)) == before

    if javascript:
        await button.click()
        button = visitor.page.get_by_role("dialog").get_by_role("button", name="Ulangi kelompok")
    else:
        form = visitor.page.locator("form", has=button)
        await form.get_by_label("Coba lagi semua pesan kelompok ini sekarang?").check()
    async with visitor.page.expect_navigation(url="**/pengulangan/*"):
        await button.dblclick()
    assert len(await redrives(town)) == before + 1

    async def reported() -> bool:
        await visitor.go(visitor.path)
        return await visitor.heading() == "Pengulangan selesai"

    await eventually(reported)
    assert "1 dari 1 pesan dicoba: 0 berlaku, 1 gagal lagi." in await visitor.text()


async def test_answers_outlive_a_session_that_ended_meanwhile(town: Town, door: Door):
    visitor = await door.enter(javascript=False)
    live, lapsed = sessions_of(town.world.bina, town.chief.person("supervisor"))
    await visitor.bring(live)
    await visitor.go(f"/evaluation/isi/{town.places['task']}")
    await choose(visitor, 2)
    await visitor.bring(lapsed)
    await visitor.press("Tinjau jawaban")
    assert visitor.path.startswith("/masuk?lanjut=")
    await visitor.press(town.chief.name)
    assert await visitor.heading() == "Isian Anda masih ada"
    await visitor.press("Kirim isian")
    assert await visitor.heading() == "Sudah benar semua?"
    questions = await visitor.page.locator("main ol.panel > li").count()
    assert (await visitor.text()).count("Setuju\n") + (await visitor.text()).count(
        "Sering\n"
    ) >= questions - 3
    await visitor.shoot("atasan-tinjau-lagi-tanpa-skrip")


async def attendance_of(visitor: Visitor, name: str, words: str) -> None:
    """Choose one of a participant's three words."""
    group = visitor.page.get_by_role("group", name=f"Kehadiran {name}")
    await group.get_by_label(words, exact=True).check()


@with_and_without_script
async def test_an_operator_records_who_came(town: Town, door: Door, *, javascript: bool):
    visitor = await door.enter(town.operator, "operator", width=DESK, javascript=javascript)
    await visitor.go("/enrollment/angkatan/KINERJA-2026-01")
    assert town.staff[0].nip in await visitor.text()
    *came, away = town.staff[1:5] if javascript else town.staff[5:9]
    for asn in came:
        await attendance_of(visitor, asn.name, "Memenuhi")
    await attendance_of(visitor, away.name, "Memenuhi")
    await attendance_of(visitor, away.name, "Tidak memenuhi")
    await visitor.press("Simpan presensi")
    assert "Presensi tersimpan." in await visitor.page.locator("body").inner_text()
    row = visitor.page.locator("tr", has_text=came[0].name)
    assert "Lulus" in await row.inner_text()
    await visitor.shoot("operator-presensi")
    await visitor.is_sound()

    alumnus = await door.enter(came[0])
    await alumnus.go("/enrollment/jp")
    assert "Penyusunan Sasaran Kinerja Pegawai" in await alumnus.text()


async def test_a_service_that_is_away_leaves_its_link_on_beranda(town: Town, door: Door):
    bina, visitor = town.world.bina, await door.enter(town.asn)
    await bina.kill("evaluation")
    try:
        await visitor.page.goto(visitor.url + "/beranda")
        await visitor.page.wait_for_load_state("networkidle")
        assert "JP" in await visitor.heading()
        assert await visitor.page.get_by_role("link", name="Buka tugas menilai").is_visible()
        assert await visitor.page.get_by_role("link", name="Buka tes dan profil").count() == 0  # came
    finally:
        await bina.start("evaluation")

    async def back() -> bool:
        answer = await visitor.page.request.get(visitor.url + "/evaluation/tugas")
        return answer.ok

    await eventually(back)
    await visitor.go("/beranda")
    assert await visitor.page.get_by_role("link", name="Buka tugas menilai").count() == 0


async def test_a_person_meets_no_page_of_another_role(town: Town, door: Door):
    visitor = await door.enter(town.asn)
    for path in ("/evaluation/dampak", "/enrollment/instansi", "/enrollment/ops", "/notification/buku-kirim"):
        answer = await visitor.page.goto(visitor.url + path)
        assert answer is not None
        assert answer.status == 403, path
        assert await visitor.heading() == "Halaman ini bukan untuk peran Anda."
    guest = await door.enter()
    await guest.page.goto(guest.url + "/enrollment/jp")
    assert guest.path.startswith("/masuk?lanjut=")
