"""Serve one service until a signal ends it, or until its runtime no longer makes progress."""

import asyncio
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from bina.messaging import telemetry
from bina.messaging.runtime import Runtime
from bina.messaging.settings import Settings

_WATCH_SECONDS = 2.0


def run(create: Callable[[], FastAPI], settings: Settings) -> None:
    """One process: API, pages and the runtime. Exits with 1 when progress stopped, so that it is started anew."""
    app = create()
    telemetry.start(app.state.runtime.service.name, settings.worker)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            forwarded_allow_ips="127.0.0.1",
            server_header=False,
            access_log=False,
            timeout_graceful_shutdown=10,
        )
    )
    asyncio.run(_serve(server, app.state.runtime))
    telemetry.stop()
    if not app.state.runtime.healthy() or not server.started:
        sys.exit(1)


async def _serve(server: uvicorn.Server, runtime: Runtime) -> None:
    watch = asyncio.create_task(_end_when_stuck(server, runtime))
    try:
        await server.serve()
    finally:
        watch.cancel()


async def _end_when_stuck(server: uvicorn.Server, runtime: Runtime) -> None:
    while runtime.healthy():  # noqa: ASYNC110 - health is read, nothing announces its loss
        await asyncio.sleep(_WATCH_SECONDS)
    server.should_exit = True
