"""A page that its browser keeps for a reload without a network is nobody else's on the same device."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from playwright.async_api import Browser

import bina.web
from bina.web import offline
from serving import serving
from web.test_browser import chromium

pytestmark = pytest.mark.browser
__all__ = ["chromium"]
STATIC = Path(bina.web.__file__).parent / "shell" / "static"
CLAIM = """<form method="post" action="/hadir/1" data-claim="{who}/1" data-worker="/hadir.js">
<input name="kode"><input name="dilihat"><p data-claim-state></p></form>"""
PAGE = """<!doctype html><html lang="id"><head><title>{who}</title><script type="module" src="/static/shell.js"></script>
<script type="module" src="/static/check_in.js"></script></head><body><main>{inside}</main></body></html>"""
OUT = '<form method="post" action="/keluar"><button>Keluar</button></form>'
KEPT = (
    "async () => [...(await caches.keys()), (await navigator.serviceWorker.getRegistrations()).length].join()"
)


def site() -> FastAPI:
    """A page of whom the cookie names, and one for nobody."""
    app = FastAPI()
    app.state.hub = SimpleNamespace(close=lambda: None)

    @app.get("/static/{name}")
    async def static(name: str) -> FileResponse:
        return FileResponse(STATIC / name, media_type="text/javascript")

    @app.get("/hadir.js")
    async def worker():
        return offline.worker("/hadir/")

    @app.get("/hadir/1")
    async def show(request: Request) -> HTMLResponse:
        who = request.cookies["who"]
        return HTMLResponse(PAGE.format(who=who, inside=OUT + CLAIM.format(who=who)))

    @app.post("/keluar")
    async def leave() -> RedirectResponse:
        return RedirectResponse("/", 303)

    @app.get("/")
    async def start() -> HTMLResponse:
        return HTMLResponse(PAGE.format(who="nobody", inside=""))

    return app


async def keeps(page, *caches: str, workers: int = 1) -> None:
    """Wait until the device keeps these and nothing else. (A page's own waiting takes a promise for an answer.)"""
    async with asyncio.timeout(10):
        while await page.evaluate(KEPT) != ",".join([*caches, str(workers)]):  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.05)


async def opens(context, address: str, who: str):
    await context.add_cookies([{"name": "who", "value": who, "url": address}])
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(address + "/hadir/1")
    await keeps(page, f"bina-claim:{who}/1")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


async def test_whoever_comes_next_on_the_device_gets_their_own_page(chromium: Browser):
    async with serving(site()) as address:
        context = await chromium.new_context()
        await opens(context, address, "first")
        page = await opens(context, address, "second")
        await context.set_offline(True)
        await page.reload()
        assert await page.title() == "second"
        await context.close()


async def test_a_kept_page_goes_with_whoever_signs_out_and_what_waits_stays(chromium: Browser):
    async with serving(site()) as address:
        context = await chromium.new_context()
        page = await opens(context, address, "first")
        await page.evaluate("localStorage.setItem('bina-claim:first/1', '{}')")
        await page.get_by_role("button", name="Keluar").click()
        await page.wait_for_url(address + "/")
        await keeps(page)
        assert await page.evaluate("localStorage.length") == 1
        await context.close()
