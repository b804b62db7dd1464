"""A person at a browser, watched for complaints of the page and kept as pictures."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import axe_playwright_python
from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from bina.web.access import Person, Session, write_session
from bina_local.services import signing_secret
from bina_local.state import project_root
from browser.states import ACTIVE, FOCUS, HOVER, forced
from journeys.running import Bina, eventually
from journeys.world import Asn

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
CHECKS = (Path(__file__).parent / "checks.js").read_text()
TAGS = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
SCREENSHOTS = project_root() / "screenshots"
SHIFTED = """new Promise((told) => {
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((one) => (sum += one.value)))
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => told(sum), 50);
})"""
SMALLEST, PHONE, TABLET, DESK = 320, 360, 768, 1440


@dataclass(frozen=True)
class View:
    """How a page is looked at: CSS pixels wide, light or dark; with fingers on what is narrower than a desk.

    320 pixels are also what 1280 leave at 400 %.
    """

    width: int
    scheme: Literal["light", "dark"] = "light"

    def __str__(self) -> str:
        return f"{self.width}" + ("-dark" if self.scheme == "dark" else "")


VIEWS = [View(width, scheme) for width in (PHONE, TABLET, DESK) for scheme in ("light", "dark")]


def sessions_of(bina: Bina, person: Person) -> tuple[str, str]:
    """The token of a session, and of the same session once a day has passed without its being used."""
    now, secret = int(time.time()), signing_secret(bina.state)
    session = Session(person, uuid4(), now, now + 8 * 3600)
    return write_session(session, secret), write_session(replace(session, seen=now - 24 * 3600), secret)


class Visitor:
    """One browser of one person."""

    def __init__(self, bina: Bina, page: Page, *, javascript: bool) -> None:
        self.url = bina.addresses.url
        self.page = page
        self.javascript = javascript
        self.complaints: list[str] = []
        self._devtools: CDPSession | None = None
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def devtools(self) -> CDPSession:
        """What Playwright has no word for."""
        if self._devtools is None:
            self._devtools = await self.page.context.new_cdp_session(self.page)
        return self._devtools

    async def bring(self, token: str) -> None:
        """Come by this session from now on."""
        await self.page.context.add_cookies([{"name": "bina_session", "value": token, "url": self.url}])

    async def see(self, view: View) -> None:
        """Look at the page that is shown in another way."""
        devtools = await self.devtools()
        await devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": view.width < DESK})
        await self.page.set_viewport_size({"width": view.width, "height": 800})
        await self.page.emulate_media(color_scheme=view.scheme)

    async def go(self, path: str, status: int = 200) -> None:
        answer = await self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
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

    async def agree(self, name: str) -> None:
        """Press a button that asks first: in a dialog, or without a script by a box."""
        if not self.javascript:
            await self.page.locator("main form", has_text=name).get_by_role("checkbox").check()
        await self.press(name)

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
        """Nothing the browser complains about, and nothing wrong that can be seen in the page as it is shown."""
        assert self.complaints == []
        assert await self.faults("frame", "sideways", "clipped", "contrast", "charts") == []

    async def faults(self, *checks: str) -> list[str]:
        """What these checks of `checks.js` find, each fault a sentence."""
        await self.page.evaluate(CHECKS)
        calls = "".join(f"...bina.{check}()," for check in checks)
        return list(await self.page.evaluate(f"[{calls}]"))

    async def touched(self) -> list[str]:
        """Words and borders that fade while somebody points at them, presses them or has the focus there."""
        found = []
        for states, checks in ((HOVER, ["contrast"]), (ACTIVE, ["contrast"]), (FOCUS, ["contrast", "rings"])):
            async with forced(self.page, *states):
                found += [f"{states[-1]}: {fault}" for fault in await self.faults(*checks)]
        return found

    async def words(self, foreign: Sequence[str]) -> list[str]:
        """Texts of the other language, placeholders, times without a zone."""
        await self.page.evaluate(CHECKS)
        return list(await self.page.evaluate("foreign => bina.words(foreign)", foreign))

    async def accessibility(self) -> list[str]:
        """What axe finds."""
        await self.page.evaluate(AXE)
        options = {"runOnly": TAGS, "resultTypes": ["violations"]}
        report = await self.page.evaluate(f"axe.run({json.dumps(options)})")
        return [f"{v['id']}: {[node['html'][:120] for node in v['nodes']]}" for v in report["violations"]]

    async def is_accessible(self) -> None:
        assert await self.accessibility() == []

    async def shifted(self) -> float:
        """How far what was shown has moved since: cumulative layout shift."""
        return float(await self.page.evaluate(SHIFTED))

    async def walk_by_keyboard(self) -> list[str]:
        """Tab from the page's beginning through all of it: faults of order, of the focus's look, of what covers it."""
        await self.page.evaluate(CHECKS)
        found, repeated, n, stops = [], 0, 0, int(await self.page.evaluate("bina.route()"))
        while n < stops:
            await self.page.keyboard.press("Tab")
            said = await self.page.evaluate("([n, before]) => bina.stop(n, before)", [n, repeated])
            if said == "again":
                repeated += 1
                continue
            found += [said] if said else []
            if "leads to" in said:
                break  # every stop behind it would be told too
            n, repeated = n + 1, 0
        await self.page.evaluate("bina.fromTheTop()")
        return found

    async def skip_to_content(self) -> list[str]:
        """The first Tab and Enter lead past the header."""
        await self.page.evaluate("bina.fromTheTop()")
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.press("Enter")
        where = await self.page.evaluate("document.activeElement.localName")
        return [] if where == "main" else [f"the skip link leads to {where}"]

    async def shoot(self, name: str, view: View | None = None) -> None:
        size = view or (self.page.viewport_size or {})["width"]
        await self.page.screenshot(path=SCREENSHOTS / f"{name}-{size}.png", full_page=True)


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
        language: str = "id",
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
        visitor = Visitor(self._bina, await context.new_page(), javascript=javascript)
        if asn is not None:
            await visitor.bring(self._bina.token(asn.person(*roles)))
        if language != "id":
            choice = {"name": "bina_bahasa", "value": language, "url": self._bina.addresses.url}
            await context.add_cookies([choice])
        return visitor

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


async def until(page: Page, promise: str) -> None:
    """Wait until a promise of the page comes true; a page's own waiting takes the promise itself for an answer."""
    await eventually(lambda: page.evaluate(promise))
