"""A real mail server that behaves as told."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


class Server:
    """Takes mails; `answers[recipient]` are replies to give first, one a try. `drop` closes the line after DATA.

    `pauses` are waited for one a mail, between taking it and the answer.
    """

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.rcpt_answers: dict[str, list[str]] = defaultdict(list)
        self.mail_answers: list[str] = []
        self.data_answers: list[str] = []
        self.drops = 0
        self.pauses: list[asyncio.Event] = []
        self.connections = 0
        self.arrived = asyncio.Event()
        self.port = 0
        self._listening: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._session, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.close()
            await self._listening.wait_closed()
            self._listening = None

    def _session(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="test", enable_SMTPUTF8=True)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.mail_answers:
            return self.mail_answers.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.rcpt_answers[address]:
            return self.rcpt_answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.data_answers:
            return self.data_answers.pop(0)
        self.taken.append(message_from_bytes(envelope.content, EmailMessage, policy=policy.default))
        self.arrived.set()
        if self.pauses:
            await self.pauses.pop(0).wait()
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return "250 OK"


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    """A listening server, stopped in the end."""
    server = Server()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
