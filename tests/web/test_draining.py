"""A worker that is to end takes nothing new, and answers what it is still asked."""

import asyncio
import os
import signal

import httpx
from fastapi import FastAPI

from bina.web.serve import _drain_when_told


async def codes(app: FastAPI) -> dict[str, int]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bina.test") as client:
        paths = ("/healthz", "/readyz/http", "/toy/api/v1/openapi.json")
        return {path: (await client.get(path)).status_code for path in paths}


async def test_a_worker_takes_requests_until_it_is_told_to_drain(app: FastAPI):
    begun = _drain_when_told(app)
    assert await codes(app) == {"/healthz": 200, "/readyz/http": 200, "/toy/api/v1/openapi.json": 200}
    os.kill(os.getpid(), signal.SIGUSR1)
    while not begun:  # noqa: ASYNC110 the signal is on its way
        await asyncio.sleep(0)
    await asyncio.gather(*begun)
    assert await codes(app) == {"/healthz": 200, "/readyz/http": 503, "/toy/api/v1/openapi.json": 200}
    app.state.draining = False
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        asyncio.get_running_loop().remove_signal_handler(number)
