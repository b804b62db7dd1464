"""How much a request may bring, and how long it may take: what stands before sign-in must not fill the memory."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bina.web.problems import answer, too_large

LARGEST_BODY = 11 * 1024 * 1024
"""Bytes; an agency's file of 10 MiB with its form, and the fullest bulk command, 1,000 programmes with every text at
its longest, stay below. The gateway has the same limit."""
SLOWEST_BODY = 60.0
"""Seconds in which a body must have come."""


class BodyLimit:
    """Refuses bodies above a limit: by their announced length, and by counting what really comes in which time."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._announced(scope) > self.largest:
            await (await answer(Request(scope), too_large()))(scope, receive, send)
            return
        taken = 0
        until: float | None = asyncio.get_running_loop().time() + SLOWEST_BODY

        async def counted() -> Message:
            nonlocal taken, until
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as late:
                raise HTTPException(408) from late
            if not message.get("more_body"):
                until = None  # after the body comes the client's leaving, which may take as long as it likes
            taken += len(message.get("body", b""))
            if taken > self.largest:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)

    def _announced(self, scope: Scope) -> int:
        """The length that the request's header tells; none where the body comes in chunks."""
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return int(lengths[0]) if lengths and lengths[0].isdigit() else 0
