"""Somebody who reads a page's stream."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from sqlalchemy import text

EVENT = re.compile(r"event: changed\nid: (\w+)\ndata: (\w+)\n\n")


def stream_of(page: str) -> tuple[str, str]:
    """The address of a page's stream, and the version that the page shows."""
    href, version = re.findall(r'data-stream="([^"]+)" data-version="(\w+)"', page)[0]
    return html.unescape(href), version


class Heard:
    """What has come so far."""

    def __init__(self) -> None:
        self.text = ""
        self.over = asyncio.Event()
        self._came = asyncio.Condition()

    @property
    def versions(self) -> list[str]:
        return [found[0] for found in EVENT.findall(self.text)]

    async def read(self, answer: httpx.Response) -> None:
        async for chunk in answer.aiter_text():
            async with self._came:
                self.text += chunk
                self._came.notify_all()
        self.over.set()

    async def versions_after(self, n: int, seconds: float = 10) -> list[str]:
        """All versions, once there are more than `n`."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.versions) > n)
        return self.versions


@asynccontextmanager
async def listening(client: httpx.AsyncClient, href: str, **headers: str) -> AsyncIterator[Heard]:
    """Read a stream from beginning to end."""
    heard = Heard()
    async with client.stream("GET", href, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200, (answer.status_code, await answer.aread())
        assert answer.headers["content-type"].startswith("text/event-stream")
        reading = asyncio.create_task(heard.read(answer))
        try:
            yield heard
        finally:
            reading.cancel()


async def write(sessions, *names: str) -> None:
    """People come to be, or get their name."""
    async with sessions() as session, session.begin():
        for n, name in enumerate(names, 1):
            await session.execute(
                text(
                    """INSERT INTO people VALUES (CAST(:id AS uuid), :name)
                    ON CONFLICT (asn_id) DO UPDATE SET name = excluded.name"""
                ),
                {"id": f"0190b5a0-0000-7000-8000-0000000000{n:02}", "name": name},
            )
