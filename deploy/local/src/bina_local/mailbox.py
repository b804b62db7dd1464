"""A mail server that delivers to a folder, so that a demonstration shows what would have been sent."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

from bina_local.ports import HOST

KEPT = 500
LARGEST_BYTES = 5 * 1024 * 1024
NAME = re.compile(r"[0-9]{13}-[0-9]{6}")


@dataclass(frozen=True)
class Mail:
    """A delivered mail; `name` grows with the time of delivery."""

    name: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject, on one line."""
        return " ".join(str(self.message.get("subject", "")).split()) or "(tanpa perihal)"

    def header(self, name: str) -> str:
        """A header's text; empty when it is absent."""
        return str(self.message.get(name, ""))

    @property
    def text(self) -> str:
        """The plain part; HTML is never shown."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part is not None else "(hanya versi HTML)"


class Mailbox:
    """Mails as files in a folder, the newest `KEPT` of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def deliver(self, content: bytes) -> None:
        """Keep a mail, whole or not at all, and forget the oldest beyond the limit."""
        name = f"{time.time_ns() // 1_000_000:013d}-{next(self._numbers) % 1_000_000:06d}"
        draft = self._folder / f"{name}.part"
        draft.write_bytes(content)
        draft.replace(self._folder / f"{name}.eml")
        for old in self._files()[KEPT:]:
            old.unlink(missing_ok=True)

    def newest(self, most: int = 100) -> list[Mail]:
        """The last mails, newest first."""
        return [mail for file in self._files()[:most] if (mail := self._read(file))]

    def find(self, name: str) -> Mail | None:
        """One mail by its name."""
        return self._read(self._folder / f"{name}.eml") if NAME.fullmatch(name) else None

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.eml"), reverse=True)

    def _read(self, file: Path) -> Mail | None:
        try:
            return Mail(file.stem, message_from_bytes(file.read_bytes(), EmailMessage, policy=policy.default))
        except OSError:
            return None


class Receiver:
    """What aiosmtpd calls for each mail."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        """Accept and keep."""
        await asyncio.to_thread(self._mailbox.deliver, envelope.original_content or envelope.content)
        return "250 OK"


async def serve_smtp(mailbox: Mailbox, port: int) -> asyncio.Server:
    """Listen for mails on this machine only."""
    from aiosmtpd.smtp import SMTP

    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(Receiver(mailbox), data_size_limit=LARGEST_BYTES, enable_SMTPUTF8=True, hostname="bina"),
        HOST,
        port,
    )


async def serve_pages(mailbox: Mailbox, port: int) -> asyncio.Server:
    """Listen for the mailbox page; the gateway stands in front."""
    from bina_local.mailbox_page import respond

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            writer.write(await asyncio.to_thread(respond, mailbox, request))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, HOST, port)
