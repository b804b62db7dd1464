import shutil
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from browser.town import Town
from browser.town_hall import build
from browser.visiting import Door
from journeys.running import Bina


@pytest_asyncio.fixture(scope="session")
async def town(bina: Bina) -> Town:
    return await build(bina)


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def door(bina: Bina, chromium: Browser) -> AsyncIterator[Door]:
    door = Door(bina, chromium)
    yield door
    await door.close()
