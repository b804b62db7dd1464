"""Controls as they look under the mouse, pressed and with the focus, all of a page's at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

TOUCHED = "a[href], button, summary, input, select, textarea, .choice, .options li, tbody tr"
"""What looks different while somebody points at it, or may."""
HOVER, ACTIVE, FOCUS = ("hover",), ("hover", "active"), ("focus", "focus-visible")


@asynccontextmanager
async def forced(page: Page, *states: str) -> AsyncIterator[None]:
    """Everything that can be touched is in these states."""
    devtools = await page.context.new_cdp_session(page)
    try:
        await devtools.send("DOM.enable")
        await devtools.send("CSS.enable")
        root = (await devtools.send("DOM.getDocument", {"depth": 0}))["root"]["nodeId"]
        asked = {"nodeId": root, "selector": TOUCHED}
        nodes = (await devtools.send("DOM.querySelectorAll", asked))["nodeIds"]
        force = [{"nodeId": node, "forcedPseudoClasses": list(states)} for node in nodes]
        await asyncio.gather(*(devtools.send("CSS.forcePseudoState", one) for one in force))
        yield
    finally:
        await devtools.detach()
