"""What comes over the wire before it is a request: malformed, endless or slow heads are refused, each by its problem.

The gateway stands before this with the same limits; a service does not rely on it.
"""

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bina.web.problems import MEDIA_TYPE, Problem, head_too_large, too_slow, unreadable

LARGEST_HEAD = 32 * 1024
"""Bytes of a request's address and headers together; a session and a form's address stay below 8 KiB."""
MOST_HEADERS = 100
HEAD_SECONDS = 15.0
"""How long a connection may take to say what it wants."""


class Wire(HttpToolsProtocol):
    """uvicorn's protocol with limits on the head of a request, which it lacks."""

    _timer: asyncio.TimerHandle | None = None
    _in_head = False
    _pending = 0
    _refusal: Problem | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connected."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody left."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head that does not end is not kept."""
        within = self._in_head
        super().data_received(data)
        if within and self._in_head:
            self._pending += len(data)
            if self._pending > LARGEST_HEAD:
                self._refuse(head_too_large())

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._in_head, self._pending = True, 0
        if self._timer is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole; the parser takes an error raised here for a malformed request."""
        self._in_head = False
        self._stop_timer()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self._refusal = head_too_large()
            raise ValueError("head too large")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are for nobody
        """Answer what is no request."""
        self._refuse(self._refusal or unreadable())

    def _refuse(self, problem: Problem) -> None:
        self._stop_timer()
        body = json.dumps(problem.body()).encode()
        head = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _expect_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._refuse, too_slow())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
