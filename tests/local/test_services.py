"""Asking a service for its health leaves nothing open behind, however the asking ends."""

import asyncio
import contextlib

from bina_local.ports import HOST
from bina_local.services import http_status


async def test_a_question_given_up_is_hung_up():
    asked, hung_up = asyncio.Event(), asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        hung_up.set()
        writer.close()

    async with await asyncio.start_server(never_answer, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        asking = asyncio.create_task(http_status(port, "/healthz"))
        await asked.wait()
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(hung_up.wait(), 5)
