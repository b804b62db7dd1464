"""Serve one service until a signal ends it, or until its runtime no longer makes progress.

A worker that is to end can be told so before: SIGUSR1 has it take no more messages and ask its gateway for no more
requests while it still answers; SIGUSR2 the same, and its partitions go to the other workers at once, for it does not
come back.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from socket import socket
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI

from bina.messaging import telemetry
from bina.messaging.runtime import Runtime
from bina.messaging.settings import Settings
from bina.web import logs
from bina.web.pages import compile_templates
from bina.web.wire import Wire

_WATCH_SECONDS = 2.0
log = logging.getLogger(__name__)


def run(create: Callable[[], FastAPI], settings: Settings) -> None:
    """One process: API, pages and the runtime. Exits with 1 when progress stopped, so that it is started anew."""
    logs.to_stderr()
    app = create()
    compile_templates()
    telemetry.start(app.state.runtime.service.name, settings.worker)
    server = Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            http=Wire,
            ws="none",
            forwarded_allow_ips=settings.trusted_proxies,
            server_header=False,
            log_config=None,
            access_log=False,  # addresses carry personal links' tokens and NIP
            timeout_graceful_shutdown=10,
        )
    )
    uvloop.run(_serve(server, app))
    telemetry.stop()
    if not app.state.runtime.healthy() or not server.started:
        sys.exit(1)


class Server(uvicorn.Server):
    """uvicorn's server, which would wait for open streams until its patience is over."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End what has no end by itself, then wait for the rest."""
        loaded: Any = self.config.app
        loaded.state.hub.close()
        await super().shutdown(sockets)


async def _serve(server: uvicorn.Server, app: FastAPI) -> None:
    watch = asyncio.create_task(_end_when_stuck(server, app.state.runtime))
    draining = _drain_when_told(app)
    try:
        await server.serve()
    finally:
        for task in (watch, *draining):
            task.cancel()


def _drain_when_told(app: FastAPI) -> list[asyncio.Task[None]]:
    """The tasks that signals have begun by now."""
    begun: list[asyncio.Task[None]] = []

    def begin(*, for_good: bool) -> None:
        begun.append(asyncio.create_task(_drain(app, for_good=for_good)))

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: begin(for_good=False))
    loop.add_signal_handler(signal.SIGUSR2, lambda: begin(for_good=True))
    return begun


async def _drain(app: FastAPI, *, for_good: bool) -> None:
    app.state.draining = True
    app.state.hub.close()
    await app.state.runtime.consumer.drain(for_good=for_good)


async def _end_when_stuck(server: uvicorn.Server, runtime: Runtime) -> None:
    while runtime.healthy():  # noqa: ASYNC110 - health is read, nothing announces its loss
        await asyncio.sleep(_WATCH_SECONDS)
    log.critical("ends, to be started anew: %s", runtime.problem)
    server.should_exit = True
