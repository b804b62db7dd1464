"""What a first visit costs, with an empty cache: bytes over the wire through the gateway, requests, JavaScript.

Times under the lab profile are figures, not tests: `python -m benchmarks --only lab`.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bina.web.static import FONT, assets
from browser.pages import PAGES, ROLES
from browser.town import Town
from browser.visiting import PHONE, Door, View, Visitor
from journeys.running import Bina

pytestmark = [pytest.mark.browser, pytest.mark.kafka]
CSS_KIB = 14
LAB = {
    "latency": 300,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 1_600_000 / 8,
    "offline": False,
}
"""1.6 Mbit/s and 300 ms there and back."""
STILL = 0.05
"""Most cumulative layout shift."""


@dataclass
class Wire:
    """What came over the wire: KiB by path, headers included, as the browser's network layer counted it."""

    paths: dict[str, str] = field(default_factory=dict)
    kib: dict[str, float] = field(default_factory=dict)

    def asked(self, event: dict[str, Any]) -> None:
        url = urlsplit(event["request"]["url"])
        if url.scheme != "data":
            self.paths[event["requestId"]] = url.path

    def came(self, event: dict[str, Any]) -> None:
        if path := self.paths.get(event["requestId"]):
            self.kib[path] = self.kib.get(path, 0) + event["encodedDataLength"] / 1024

    def of(self, suffix: str) -> float:
        return sum(kib for path, kib in self.kib.items() if path.endswith(suffix))


async def listen(visitor: Visitor) -> Wire:
    devtools, wire = await visitor.devtools(), Wire()
    await devtools.send("Network.enable")  # a browser of its own: its cache is empty, and it fills
    devtools.on("Network.requestWillBeSent", wire.asked)
    devtools.on("Network.loadingFinished", wire.came)
    return wire


async def first_visit(town: Town, door: Door, name: str) -> Wire:
    """A browser that never was here opens a page; all that it loads, its icon and its siblings' parts too."""
    page = PAGES[name]
    visitor = await door.enter(getattr(town, page.who) if page.who else None, *ROLES.get(page.who, ()))
    wire = await listen(visitor)
    await visitor.go(page.path.format_map(town.places), page.status)
    await visitor.page.wait_for_load_state("networkidle")
    return wire


@pytest.mark.parametrize("name", PAGES)
async def test_a_first_visit_stays_within_its_budget(town: Town, door: Door, name: str):
    wire = await first_visit(town, door, name)
    most_kib, most_requests, most_script = PAGES[name].weight.value
    assert len(wire.kib) >= 4, wire.kib  # the page, its style, its script, its font
    assert sum(wire.kib.values()) <= most_kib, wire.kib
    assert len(wire.kib) + (not wire.of(".svg")) <= most_requests, (
        wire.kib
    )  # a browser with tabs asks for the icon
    assert wire.of(".js") <= most_script, wire.kib
    assert [path.endswith(".css") for path in wire.kib].count(True) == 1, wire.kib
    assert wire.of(".css") <= CSS_KIB


@pytest.mark.parametrize("name", ["atasan-formulir", "tautan-formulir"])
async def test_a_form_that_goes_on_offline_is_small_with_all_that_keeps_it(town: Town, door: Door, name: str):
    wire = await first_visit(town, door, name)
    async with httpx.AsyncClient(base_url=town.world.bina.addresses.url, trust_env=False) as http:
        worker = await http.get("/evaluation/survei.js")
    assert worker.num_bytes_downloaded <= 1024
    assert wire.of(".js") + worker.num_bytes_downloaded / 1024 <= PAGES[name].weight.value[2]
    assert len(wire.kib) + len(["the worker"]) <= PAGES[name].weight.value[1]
    [document] = [kib for path, kib in wire.kib.items() if not path.startswith("/static/")]
    assert document <= 30


async def test_bytes_are_those_of_the_wire(town: Town, door: Door):
    wire = await first_visit(town, door, "galeri")
    font, sheet = assets()[FONT], assets()["shell.css"]
    assert 0 < wire.of(".woff2") * 1024 - len(font.body) < 1000  # what is more are headers
    assert wire.of(".css") * 1024 < len(sheet.body) / 2


async def test_assets_are_compressed_and_kept_for_good(bina: Bina):
    async with httpx.AsyncClient(base_url=bina.addresses.url, trust_env=False) as http:
        page = await http.get("/masuk", headers={"Accept": "text/html"})
        found = {part for part in page.text.split('"') if part.startswith("/static/")}
        assert len(found) >= 3
        for path in found:
            asset = await http.get(path)
            assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
            if path.endswith((".css", ".js")):
                assert asset.headers["content-encoding"] == "gzip"
        assert page.headers["content-encoding"] in {"gzip", "zstd"}
        assert "no-store" in page.headers["cache-control"]


SLOWLY = ("landing", "asn-beranda", "asn-tes-soal", "kepala-dampak-pelatihan", "platform-ops")
"""One of each weight, and Beranda, whose parts come from the other services one after the other."""


@pytest.mark.parametrize("name", SLOWLY)
async def test_nothing_jumps_while_a_page_comes_slowly(town: Town, door: Door, name: str):
    page = PAGES[name]
    visitor = await door.enter(getattr(town, page.who) if page.who else None, *ROLES.get(page.who, ()))
    devtools = await visitor.devtools()
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", LAB)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    await visitor.see(View(PHONE))
    await visitor.go(page.path.format_map(town.places), page.status)
    await visitor.page.wait_for_load_state("networkidle")
    assert await visitor.shifted() <= STILL
