"""Security headers on every answer, the reader's language, the last net under failures."""

import logging

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bina.messaging.database import is_transient
from bina.web import language
from bina.web.problems import Problem, answer, unavailable, unexpected
from bina.web.text import address_is_readable, nul_refused

log = logging.getLogger(__name__)
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Envelope:
    """Outer layer of the application: nothing leaves without headers, no failure without a reference code."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        language.use(language.preferred(request, language.offered(self.service)))
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message)
            await send(message)

        if not address_is_readable(scope):
            await (await answer(request, nul_refused()))(scope, receive, send_with_headers)
            return
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the last net: the reader gets a code, the log the trace
            problem = _failure(error, scope["path"])
            if not started:
                await (await answer(request, problem))(scope, receive, send_with_headers)


def _failure(error: Exception, path: str) -> Problem:
    if is_transient(error) and not isinstance(
        error, (LookupError, FileNotFoundError)
    ):  # a template, a file of ours
        log.warning("the database is away or busy: %s", type(error).__name__)
        return unavailable()
    return unexpected(error, path)


def _add_headers(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Language", language.current())
