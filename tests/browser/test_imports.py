"""A file's whole way in a browser: what is asked, what is said, what changes and what is again as it was."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from playwright.async_api import expect

from browser.town import Town
from browser.visiting import DESK, Door, Visitor
from journeys.running import Bina
from journeys.world import World, new_nip

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
with_and_without_script = pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
PATH = "/enrollment/impor"
PATIENCE = 120_000
"""Milliseconds, for thousands of rows."""
HEAD = ("NIP", "Nama", "Kode Instansi", "Jabatan", "Email")


def csv(head: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A file as spreadsheets in Indonesia write it."""
    return "\r\n".join(";".join(row) for row in (head, *rows)).encode("utf-8-sig")


async def upload(visitor: Visitor, kind: str, name: str, content: bytes) -> None:
    await visitor.go(PATH)
    await visitor.press("Unggah berkas")
    await visitor.page.get_by_role("radio", name=kind).check()
    chosen = {"name": name, "mimeType": "text/csv", "buffer": content}
    await visitor.page.get_by_label("Berkas", exact=True).set_input_files(chosen)
    await visitor.press("Unggah dan periksa")


async def ends_as(visitor: Visitor, heading: str) -> None:
    """The page says by itself that the work has ended; without a script it is loaded again."""
    if visitor.javascript:
        await visitor.page.evaluate("window.held = true")
        await expect(visitor.page.locator("h1")).to_have_text(heading, timeout=PATIENCE)
        assert await visitor.page.evaluate("window.held") is True
        return
    for _ in range(200):
        if await visitor.heading() == heading:
            return
        await visitor.page.wait_for_timeout(300)
        await visitor.press("Muat ulang")
    raise AssertionError(f"never {heading}")


async def figures(visitor: Visitor) -> dict[str, int]:
    """The page's large numbers by their labels."""
    found = await visitor.page.locator("main .figure").all_inner_texts()
    lines = [text.split("\n") for text in found]
    return {
        line[0].strip(): int(re.sub(r"\D", "", next(one for one in line[1:] if one.strip())))
        for line in lines
    }


@with_and_without_script
async def test_an_operator_takes_a_file_from_upload_to_undo(town: Town, door: Door, *, javascript: bool):
    visitor = await door.enter(town.operator, "operator", width=DESK, javascript=javascript)
    old = town.staff[22]
    header = "Nomor Pokok" if javascript else "Nomor Induk Lama"
    rows = [
        (new_nip(), "Wawan Setiawan, S.E.", town.world.agency, "Pengelola Keuangan", ""),
        (new_nip(), "Nia Kurniasih", town.world.agency, "Arsiparis", "nia@bandung.example"),
        (old.nip, old.name, town.world.agency, "Arsiparis Ahli Muda", ""),
        ("1.98703E+17", "Yanto", town.world.agency, "", ""),
    ]
    await upload(visitor, "Data pegawai", "pegawai baru.csv", csv((header, *HEAD[1:]), rows))
    assert await visitor.heading() == "Kolom mana yang mana?"
    await visitor.page.get_by_label(header).select_option("NIP")
    await visitor.press("Periksa barisnya")
    assert await visitor.heading() == "Aman diterapkan?"
    assert await figures(visitor) == {"Baru": 2, "Berubah": 1, "Tetap": 0, "Ditolak": 1}
    text = await visitor.text()
    assert "NIP di baris 5 berubah karena Excel. Atur kolom menjadi Teks, lalu tempel ulang." in text
    assert "Arsiparis Ahli Muda" in text
    await visitor.shoot(f"operator-impor-perjalanan-uji{'' if javascript else '-tanpa-skrip'}")
    if javascript:
        await visitor.is_sound()

    await visitor.agree("Terapkan 3 baris")
    await ends_as(visitor, "Impor diterapkan")
    assert await figures(visitor) == {"Diterapkan": 3, "Tidak diterapkan": 0, "Tetap": 0, "Ditolak": 1}
    assert "3 data pegawai ditambahkan atau diperbarui." in await visitor.text()
    if javascript:
        await visitor.is_sound()
        await visitor.is_accessible()
    await visitor.agree("Batalkan impor")
    await ends_as(visitor, "Impor dibatalkan")
    assert await figures(visitor) == {"Ditarik": 3, "Tidak ditarik": 0, "Tetap": 0, "Ditolak": 1}
    assert "3 data pegawai kembali seperti semula." in await visitor.text()


async def test_a_file_that_is_too_large_is_told_before_it_is_sent(town: Town, door: Door):
    visitor = await door.enter(town.operator, "operator", width=DESK)
    await visitor.go(PATH + "/baru")
    chosen = {"name": "besar.csv", "mimeType": "text/csv", "buffer": b"1;2\n" * 2_700_000}
    await visitor.page.get_by_label("Berkas", exact=True).set_input_files(chosen)
    await expect(visitor.page.get_by_role("alert")).to_contain_text(
        "besar.csv berukuran 10,3 MB, lebih dari 10 MB."
    )
    await visitor.page.get_by_role("button", name="Unggah dan periksa").click()
    assert visitor.path == PATH + "/baru"
    await visitor.is_sound()
    await visitor.is_accessible()
    small = chosen | {"name": "kecil.csv", "buffer": b"NIP"}
    await visitor.page.get_by_label("Berkas", exact=True).set_input_files(small)
    await expect(visitor.page.get_by_role("alert")).to_have_text("")


NEW, CHANGED, SAME = 4600, 200, 100
FAULTS: Mapping[str, tuple[str, int, dict[str, str]]] = {
    "nip.format": ("NIP", 40, {"NIP": "19870332010011"}),
    "value.missing": ("Nama", 20, {"Nama": ""}),
    "choice.unknown": ("Kode Instansi", 20, {"Kode Instansi": "9999"}),
    "email.invalid": ("Email", 20, {"Email": "tanpa-alamat"}),
}
"""What is planted: by code its column, how often, and how a row is spoilt."""


def town_of_thousands(agency: str, people: list[Any]) -> tuple[bytes, set[tuple[str, str, str]]]:
    """A file of 5,000 rows, and where in it which fault lies."""
    rows = [
        dict(zip(HEAD, (new_nip(), f"Pegawai Surabaya {n}", agency, "Staf", ""), strict=True))
        for n in range(NEW)
    ]
    rows += [
        dict(
            zip(HEAD, (asn.nip, asn.name, agency, "Kepala Seksi" if n < CHANGED else "Staf", ""), strict=True)
        )
        for n, asn in enumerate(people)
    ]
    planted = set()
    kinds = [(code, fault) for code, fault in FAULTS.items() for _ in range(fault[1])]
    for n, (code, (column, _times, spoilt)) in enumerate(kinds):
        place = 49 * n  # spread over the file
        good = dict(zip(HEAD, (new_nip(), f"Salah {n}", agency, "Staf", ""), strict=True))
        rows.insert(
            place,
            good
            | {
                name: value and f"{value}{n:03d}" if name == "NIP" else value
                for name, value in spoilt.items()
            },
        )
        planted.add((str(place + 2), column, code))
    return csv(HEAD, [[row[name] for name in HEAD] for row in rows]), planted


async def everybody(world: World) -> dict[str, tuple[str, str]]:
    """Name and position of each person of an agency."""
    found: dict[str, tuple[str, str]] = {}
    cursor: dict[str, Any] = {}
    while True:
        page = await world.operator.get("/enrollment/api/v1/asn", limit=1000, **cursor)
        found |= {row["nip"]: (row["name"], row["position"]) for row in page["items"]}
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}


async def test_five_thousand_rows_are_reported_exactly_applied_once_and_undone(bina: Bina, door: Door):
    world = await World.begin(bina, "3578")
    (operator,) = await world.people(["Retno Wulandari, S.Kom."], position="Operator")
    people = await world.people([f"Warga {n}" for n in range(CHANGED + SAME)], position="Staf")
    before = await everybody(world)
    content, planted = town_of_thousands(world.agency, people)
    visitor = await door.enter(operator, "operator", width=DESK)
    await upload(visitor, "Data pegawai", "lima ribu.csv", content)
    assert await figures(visitor) == {"Baru": NEW, "Berubah": CHANGED, "Tetap": SAME, "Ditolak": len(planted)}
    at = visitor.path
    for code, (_column, times, _spoilt) in FAULTS.items():
        row = visitor.page.locator(f'main a[href*="masalah={code}&"]')
        assert f"{times} baris" in await row.inner_text()
    told = await visitor.page.request.get(f"{visitor.url}{at}/masalah.csv")
    lines = [line.split(";") for line in (await told.text()).strip().split("\r\n")[1:]]
    assert {(line[0], line[1], line[-1]) for line in lines} == planted
    refused = await visitor.page.request.get(f"{visitor.url}{at}/ditolak.csv")
    assert len((await refused.text()).strip().split("\r\n")) == len(planted) + 1
    assert await everybody(world) == before

    stale = await door.enter(operator, "operator", width=DESK, javascript=False)
    await stale.go(at)
    await visitor.agree("Terapkan 4.800 baris")
    assert await visitor.heading() == "Impor sedang diterapkan"
    await visitor.shoot("operator-impor-lima-ribu-berjalan")
    await ends_as(visitor, "Impor diterapkan")
    report = {"Diterapkan": NEW + CHANGED, "Tidak diterapkan": 0, "Tetap": SAME, "Ditolak": len(planted)}
    assert await figures(visitor) == report
    await visitor.shoot("operator-impor-lima-ribu-laporan")
    applied = await everybody(world)
    assert len(applied) == len(before) + NEW
    assert sum(position == "Kepala Seksi" for _name, position in applied.values()) == CHANGED

    await stale.agree("Terapkan 4.800 baris")
    assert "Langkah ini tidak sesuai dengan keadaan impor." in await stale.text()
    assert await figures(stale) == report
    assert await everybody(world) == applied

    await visitor.agree("Batalkan impor")
    await ends_as(visitor, "Impor dibatalkan")
    assert await figures(visitor) == {
        "Ditarik": NEW + CHANGED, "Tidak ditarik": 0, "Tetap": SAME, "Ditolak": len(planted),
    }  # fmt: skip
    assert await everybody(world) == before
    await visitor.is_sound()
