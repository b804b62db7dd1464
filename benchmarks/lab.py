"""How soon a page is seen on a slow phone, how much of it jumps, and how soon it answers a touch: first visits in
Chromium, an empty cache each.

1.6 Mbit/s, 300 ms there and back, a processor six times slower; the pages of `visits.py`, and those of who is not signed in.
"""

import shutil
from collections.abc import Iterator

from playwright.async_api import Browser, Page, async_playwright

from .figures import Figure, figure, say
from .visits import PLACES, Site, Visit, demonstration

BYTES_PER_SECOND = 1_600_000 / 8
ROUND_TRIP_MS, SLOWER = 300, 6
LCP_SECONDS, CLS, INP_MS = 2.5, 0.05, 200.0
_MEASURED = """new Promise((told) => {
    let [largest, moved] = [0, 0];
    const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    watch("largest-contentful-paint", (entry) => (largest = entry.startTime));
    watch("layout-shift", (entry) => (moved += entry.value));
    setTimeout(() => told([largest / 1000, moved]), 100);
})"""
_WATCHED = """window.slowest = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.interactionId) slowest = Math.max(slowest, entry.duration);
}).observe({ type: "event", durationThreshold: 16 })"""
_TOUCHED, TOUCHES = "summary, main select, main textarea, main input:not([type=hidden], [type=file])", 6
Seen = dict[str, tuple[float, float, float]]
"""By path: seconds to the largest contentful paint, cumulative layout shift, milliseconds from a touch or a key to the next
paint at the most; 16 stands for all below."""


async def measure(runs: int) -> list[Figure]:
    """The slowest page and the one that jumps most, of each run."""
    found: list[Seen] = []
    async with demonstration() as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for number in range(runs):
            found.append({visit.path: await _first_visit(browser, site, visit) for visit in _visits(site)})
            say(f"lab run {number + 1}: {'; '.join(_worst(found[-1], which) for which in range(3))}")
        await browser.close()
    note = f"worst of {len(found[0])} pages: {{}}; baseline is the target"
    return [
        figure(
            "lab.lcp", [_most(run, 0) for run in found], "s", [LCP_SECONDS], note.format(_worst(found[-1], 0))
        ),
        figure("lab.cls", [_most(run, 1) for run in found], "", [CLS], note.format(_worst(found[-1], 1))),
        figure(
            "lab.inp", [_most(run, 2) for run in found], "ms", [INP_MS], note.format(_worst(found[-1], 2))
        ),
    ]


def _visits(site: Site) -> Iterator[Visit]:
    """Every page once, fragments left out: Beranda loads them."""
    who = site.people[0]
    for role, paths in PLACES.items():
        for path in (path for path in paths if "potongan" not in path):
            yield Visit(path.format(run=site.runs[0]["code"]), site.token(who, role))
    yield from (Visit("/", ""), Visit("/masuk", ""))


async def _first_visit(browser: Browser, site: Site, visit: Visit) -> tuple[float, float, float]:
    context = await browser.new_context(viewport={"width": 360, "height": 800}, locale="id-ID")
    if visit.token:
        await context.add_cookies([{"name": "bina_session", "value": visit.token, "url": site.url}])
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    speed = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
    await devtools.send(
        "Network.emulateNetworkConditions", {"offline": False, "latency": ROUND_TRIP_MS, **speed}
    )
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    answer = await page.goto(site.url + visit.path)
    assert answer is not None
    assert answer.ok, (visit.path, answer.status)
    await page.wait_for_load_state("networkidle")
    seconds, moved = await page.evaluate(_MEASURED)
    answered = await _slowest_touch(page)
    await context.close()
    return float(seconds), float(moved), answered


async def _slowest_touch(page: Page) -> float:
    """Milliseconds of the slowest answer to whatever can be opened, chosen or written in, as far as the page stays."""
    await page.evaluate(_WATCHED)
    await page.keyboard.press("Tab")
    for place in (await page.locator(_TOUCHED).all())[:TOUCHES]:
        if await place.is_visible():
            await place.click()
            await page.keyboard.press("a")
    await page.wait_for_timeout(300)
    return max(16.0, float(await page.evaluate("slowest")))


def _most(run: Seen, which: int) -> float:
    return max(seen[which] for seen in run.values())


def _worst(run: Seen, which: int) -> str:
    path = max(run, key=lambda path: run[path][which])
    return f"{path} {run[path][which]:.3f}"
