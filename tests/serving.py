"""An application on a port, for those who ask it over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from bina.web.serve import Server
from bina.web.wire import Wire


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve as `bina.web.serve` does, without starting the runtime: what is served needs no broker. Yields the address."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="error", http=Wire, ws="none")
    server = Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn announces its start by this flag only
        await asyncio.sleep(0)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task
