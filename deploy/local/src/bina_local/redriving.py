"""Orders to try parked messages again, given to a service and watched until they end."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from bina_local.context import Context
from bina_local.operations import RefusedError, call

POLL_SECONDS = 0.5
PATIENCE = 120
"""How many times in a row a service may stay silent: an order outlives the service's restart, so watching does too."""
Report = dict[str, Any]


async def order(context: Context, service: str, body: dict[str, Any]) -> Report:
    """Give an order; raises RefusedError where nothing would be tried."""
    return dict(await call(context, "POST", service, "ops/redrives", body, command_key=str(uuid4())))


async def cancel(context: Context, service: str, number: int) -> Report:
    """End an order after its chunk in hand."""
    return dict(
        await call(context, "POST", service, f"ops/redrives/{number}/cancel", command_key=str(uuid4()))
    )


async def load(context: Context, service: str, number: int) -> Report:
    """How far an order is."""
    return dict(await call(context, "GET", service, f"ops/redrives/{number}"))


async def watch(context: Context, service: str, job: Report, seen: Callable[[Report], None]) -> Report:
    """Wait for an order's end; `seen` is called with every report on the way."""
    silent = 0
    while job["state"] == "running":
        await asyncio.sleep(POLL_SECONDS)
        try:
            job = await load(context, service, job["id"])
            silent = 0
        except RefusedError:
            silent += 1
            if silent > PATIENCE:
                raise
        seen(job)
    return job
