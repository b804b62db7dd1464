"""Entries are sealed in blocks, each with the hash of the one before; the newest hash is told on Kafka.

Beside the commands, never in their transactions: a chain that every command waits for costs most of their throughput.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.platform import AuditSealed
from bina.messaging import Runtime, emit
from bina.messaging.database import Session, is_transient
from bina.web.audit.digests import COLUMNS, FIRST, block_hash, entry_of, instant, leaf_of
from bina.web.audit.store import forget_late

LOCK = 7_006
MOST = 1000
"""Entries of one block."""
EVERY = 1.0
"""Seconds between blocks while there is something to seal."""
IDLE_SECONDS = 30.0
"""How long what was written by a worker that died waits at most."""
log = logging.getLogger(__name__)

# Marked by their row in `unsealed`, never by a cursor: ids are drawn before commit.
_TAKE = """DELETE FROM audit.unsealed WHERE entry_id IN (
    SELECT entry_id FROM audit.unsealed ORDER BY entry_id LIMIT $1) RETURNING entry_id"""
_LOAD = f"SELECT {', '.join(COLUMNS)} FROM audit.entries WHERE id = ANY ($1::bigint[]) ORDER BY id"  # noqa: S608 - our own words
_LEFT = """SELECT count(*) AS entries, coalesce(extract(epoch FROM clock_timestamp() - (
    SELECT at FROM audit.entries WHERE id = (SELECT min(entry_id) FROM audit.unsealed))), 0) AS seconds
    FROM audit.unsealed"""
_HEAD = "SELECT number, hash FROM audit.blocks ORDER BY number DESC LIMIT 1"
_ADD = """INSERT INTO audit.blocks (number, sealed_at, entries, leaves, previous, hash)
    VALUES ($1, $2, $3, $4, $5, $6)"""


class Sealer:
    """Seals one service's entries; any worker may, one at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """An entry was committed in this process."""
        self._wake.set()

    async def run(self) -> None:
        """Seal until cancelled; an error that does not pass ends the worker."""
        while True:
            self._wake.clear()
            try:
                while await self.seal() == MOST:
                    pass
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("sealing again later: %s", error)
            await asyncio.sleep(EVERY)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    async def measure(self) -> None:
        """Set the gauges to what waits to be sealed just now: more than a minute of it, and sealing has stopped."""
        async with self._runtime.sessions() as session:
            assert isinstance(session, Session)
            (left,) = await session.fetch(_LEFT)
        metrics = self._runtime.metrics
        metrics.unsealed.set(left["entries"])
        metrics.unsealed_age.set(float(left["seconds"]))

    async def seal(self) -> int:
        """Seal the oldest entries in one block; how many."""
        async with self._runtime.transaction() as session:
            assert isinstance(session, Session)
            if not (await session.fetch("SELECT pg_try_advisory_xact_lock($1) AS mine", LOCK))[0]["mine"]:
                self._wake.set()  # whoever seals just now may not see all
                return 0
            await forget_late(session)
            ids = sorted(row["entry_id"] for row in await session.fetch(_TAKE, MOST))
            if ids:
                await _add_block(session, self._runtime.service.name, await session.fetch(_LOAD, ids))
        return len(ids)


async def _add_block(session: AsyncSession, service: str, rows: Sequence[Any]) -> None:
    assert isinstance(session, Session)
    ids, leaves = [row["id"] for row in rows], b"".join(leaf_of(entry_of(row)) for row in rows)
    head = await session.fetch(_HEAD)
    number, previous = (head[0]["number"] + 1, bytes(head[0]["hash"])) if head else (1, FIRST)
    at = datetime.now(UTC)
    digest = block_hash(number, instant(at), ids, leaves, previous)
    await session.fetch(_ADD, number, at, ids, leaves, previous, digest)
    await emit(session, [AuditSealed(service=service, number=number, entries=len(ids), hash=digest.hex())])


def sealer_of(app: FastAPI) -> Sealer:
    """The application's sealer."""
    found: Sealer = app.state.sealer
    return found
