"""A person at a browser, watched for complaints of the page and kept as pictures."""

import json
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Browser, BrowserContext, Page

from bina_local.state import project_root
from journeys.running import Bina
from journeys.world import Asn

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
SCREENSHOTS = project_root() / "screenshots"
PHONE, DESK = 360, 1440


class Visitor:
    """One browser of one person."""

    def __init__(self, bina: Bina, page: Page, *, javascript: bool) -> None:
        self.url = bina.addresses.url
        self.page = page
        self.javascript = javascript
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def go(self, path: str) -> None:
        answer = await self.page.goto(self.url + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        await self._siblings_came()

    async def press(self, name: str) -> None:
        """Press a button or follow a link by its words, agree if asked, and wait for the page behind it."""
        found = self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name)).first
        asked = self.javascript and await found.get_attribute("data-confirm")
        async with self.page.expect_navigation():
            await found.click()
            if asked:
                await self.page.locator("dialog[open] button[value=ya]").click()
        await self._siblings_came()

    async def _siblings_came(self) -> None:
        """What other services contribute to the page has replaced the links to them."""
        if self.javascript:
            await self.page.wait_for_selector("[data-fragment] > a.button:only-child", state="detached")

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.url)

    async def heading(self) -> str:
        """The page's one h1."""
        (heading,) = await self.page.locator("h1").all_inner_texts()
        return heading

    async def text(self) -> str:
        return await self.page.locator("main").first.inner_text()

    async def is_sound(self) -> None:
        """One h1, nothing to scroll sideways, nothing the browser complains about."""
        width = (self.page.viewport_size or {})["width"]
        assert await self.page.locator("h1").count() == 1
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= width
        assert self.complaints == []

    async def hides_nothing_sideways(self) -> None:
        """The strip of places, the tabs and the tables of the page show all they hold without scrolling."""
        cut = await self.page.evaluate(
            """() => [...document.querySelectorAll(".places ul, .tabs ul, .table")]
                .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
                .map((one) => one.ariaLabel ?? one.textContent.trim().slice(0, 40))"""
        )
        assert cut == [], cut

    async def is_accessible(self) -> None:
        await self.page.evaluate(AXE)
        options = {"runOnly": TAGS, "resultTypes": ["violations"]}
        report = await self.page.evaluate(f"axe.run({json.dumps(options)})")
        found = [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in report["violations"]]
        assert found == []

    async def shoot(self, name: str) -> None:
        width = (self.page.viewport_size or {})["width"]
        await self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)


class Door:
    """Opens browsers for people."""

    def __init__(self, bina: Bina, browser: Browser) -> None:
        self._bina = bina
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def enter(
        self,
        asn: Asn | None = None,
        *roles: str,
        width: int = PHONE,
        javascript: bool = True,
        locale: str = "id-ID",
    ) -> Visitor:
        """A fresh browser, signed in as somebody unless nobody is named."""
        context = await self._browser.new_context(
            viewport={"width": width, "height": 800},
            locale=locale,
            reduced_motion="reduce",
            java_script_enabled=javascript,
        )
        self._contexts.append(context)
        if asn is not None:
            value = self._bina.token(asn.person(*roles))
            cookie = {"name": "bina_session", "value": value, "url": self._bina.addresses.url}
            await context.add_cookies([cookie])
        return Visitor(self._bina, await context.new_page(), javascript=javascript)

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()
