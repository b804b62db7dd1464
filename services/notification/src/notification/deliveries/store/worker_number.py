"""Who bears a worker's number: one process at a time, and only that one takes back what the number held before.

A killed process lets go of it at once, a frozen one when the server ends its silent session.
"""

import asyncio
import contextlib
from typing import Any
from uuid import UUID

import asyncpg

from bina.messaging.database import LiveConnection, connect
from notification.deliveries.domain import LEASE

LOCK = 7_006
SPEAK_SECONDS = 3.0
"""Well under the silence after which the server ends a session and frees its lock."""

_TRY = "SELECT pg_try_advisory_lock($1, $2)"
_TAKE_BACK = """UPDATE deliveries SET state = 'waiting', lease = NULL, leased_until = NULL, worker = NULL
    WHERE state = 'sending' AND worker = $1"""
_IS_OURS = """SELECT EXISTS (SELECT FROM deliveries WHERE notice_id = $1 AND channel = 'email' AND lease = $2
    AND leased_until > now() + $3)"""


class WorkerNumber:
    """A worker's number in this process: `borne` is the number while we bear it, None while another process does."""

    def __init__(self, dsn: str, number: int) -> None:
        self._dsn = dsn
        self._number = number
        self._connection: LiveConnection | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self.borne: int | None = None

    async def bear(self) -> None:
        """Take the number if it is free, and free the mails its earlier bearers left.

        To be called while no mail of this process is claimed under the number.
        """
        if self._connection is None or self._connection.is_closed():
            await self._connect()
        if self.borne is None and await self._ask(_TRY, LOCK, self._number):
            # Over the lock's own connection: if the lock were lost, this would not be heard.
            await self._ask(_TAKE_BACK, self._number)
            self.borne = self._number

    async def is_ours(self, notice_id: UUID, lease: UUID) -> bool:
        """Whether a claimed mail may go: half its lease at least is left, and nobody can have taken our number.

        Raises what a lost connection raises.
        """
        return bool(await self._ask(_IS_OURS, notice_id, lease, LEASE / 2))

    async def aclose(self) -> None:
        """Let go of the number."""
        self.borne = None
        if self._connection is not None:
            self._connection.terminate()
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)

    async def _connect(self) -> None:
        await self.aclose()
        self._connection = await connect(self._dsn, "notification-courier")
        self._speaking = asyncio.create_task(self._speak(self._connection))

    async def _ask(self, sql: str, *values: Any) -> Any:
        assert self._connection is not None
        async with self._turn:
            return await self._connection.fetchval(sql, *values)

    async def _speak(self, connection: LiveConnection) -> None:
        """A mail may take long; a session that ended meanwhile is noticed by whoever asks next."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            while not connection.is_closed():
                await asyncio.sleep(SPEAK_SECONDS)
                await self._ask("SELECT 1")
