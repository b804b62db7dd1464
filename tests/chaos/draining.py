"""Waits until nothing is left to do: nothing unread, untold, held up, due or unsent."""

import asyncio
from functools import partial
from typing import Any

import httpx

from bina_local.addresses import SERVICES
from bina_local.databases import DatabaseServer
from chaos.stage import again
from journeys.running import Bina, Caller

EVERY_SECONDS = 0.5
QUIET_LOOKS = 3
"""Looks in a row that find nothing: between two, one service's last fact is another's next work."""
UNAPPLIED = """SELECT count(*) FROM messaging.held h WHERE state IN ('waiting', 'behind') AND NOT EXISTS (
    SELECT FROM messaging.held p WHERE p.state = 'parked' AND p.blocks AND (p.topic, p.key) = (h.topic, h.key))"""
"""Held up, but not by what only an operator can see to."""
UNSENT = """SELECT count(*) FROM deliveries
    WHERE state = 'sending' OR (state = 'waiting' AND NOT needs_address)"""


async def drain(bina: Bina, postgres: DatabaseServer, seconds: float) -> dict[str, Any]:
    """What is left after at most so many seconds, by service; empty when all is done."""
    loop = asyncio.get_running_loop()
    deadline, quiet, platform = loop.time() + seconds, 0, bina.platform
    while True:
        left = await _left(platform, postgres)
        quiet = 0 if left else quiet + 1
        if quiet == QUIET_LOOKS or loop.time() > deadline:
            return left
        await asyncio.sleep(EVERY_SECONDS)


async def _left(platform: Caller, postgres: DatabaseServer) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in SERVICES:
        found[name] = await _of_service(platform, name)
        if held_up := await _count(postgres, name, UNAPPLIED):
            found[name]["held up"] = held_up
    found["mail"] = await _count(postgres, "notification", UNSENT)
    return {name: left for name, left in found.items() if left}


async def _count(postgres: DatabaseServer, name: str, sql: str) -> int:
    return await again(partial(_fetch, postgres, name, sql))


async def _fetch(postgres: DatabaseServer, name: str, sql: str) -> int:
    connection = await postgres.connect(name)
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()


async def _of_service(platform: Caller, name: str) -> dict[str, Any]:
    try:
        status = await platform.get(f"/{name}/api/v1/ops/status")
    except (httpx.HTTPError, AssertionError) as error:
        return {"away": repr(error)}
    lag = {topic: behind for topic, behind in status["lag"].items() if behind}
    left = {"lag": lag, "outbox": status["outbox"]["depth"], "due": status["due"]}
    if not (status["ready"] and status["healthy"] and status["lag"]):
        left["problem"] = status["problem"] or "takes no part"
    return {what: much for what, much in left.items() if much}
