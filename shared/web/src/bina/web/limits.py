"""How much a request may bring: what stands before sign-in must not fill the memory."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bina.web.problems import answer, too_large

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes; the fullest bulk command, 1,000 programmes with every text at its longest, stays below. The gateway has the
same limit."""


class BodyLimit:
    """Refuses bodies above a limit: by their announced length, and by counting what really comes."""

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

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.largest:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)

    def _announced(self, scope: Scope) -> int:
        """The length that the request's header tells; none where the body comes in chunks."""
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return int(lengths[0]) if lengths and lengths[0].isdigit() else 0
