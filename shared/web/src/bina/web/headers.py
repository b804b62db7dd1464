"""Security headers on every answer, the reader's language, the last net under failures."""

import logging
import re

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bina.messaging.database import is_transient
from bina.web import cookies, language
from bina.web.access import is_secure
from bina.web.problems import Problem, answer, unavailable, unexpected, unreadable
from bina.web.text import address_is_readable, nul_refused

log = logging.getLogger(__name__)
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types page worker"
)
"""Text becomes markup or a worker by the policies of our own modules alone, never by a string."""
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


HSTS = "max-age=63072000"
"""Two years. Subdomains are not ours to speak for: the host may be an agency's."""
_HOST = re.compile(rb"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_SINGLE = {b"host", b"authorization", b"content-type", b"content-length", b"idempotency-key", b"if-match"}


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
        secure, refused = is_secure(scope["app"].state.settings), _refused(scope)
        if secure:
            cookies.inward(scope)
        request = Request(scope, receive)
        language.use(language.preferred(request, language.offered(self.service)))
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, scope, secure=secure)
            await send(message)

        try:
            app = self.app if refused is None else await answer(request, refused)
            await app(scope, receive, send_with_headers)
        except ClientDisconnect:
            return  # whoever asked has left
        except Exception as error:  # noqa: BLE001 - the last net: the reader gets a code, the log the trace
            problem = _failure(error, scope)
            if not started:
                await (await answer(request, problem))(scope, receive, send_with_headers)


def _refused(scope: Scope) -> Problem | None:
    """What stands against reading a request at all."""
    if _is_ambiguous(scope):
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in _SINGLE]
        return unreadable()
    return None if address_is_readable(scope) else nul_refused()


def _is_ambiguous(scope: Scope) -> bool:
    """Whether a header that stands alone came twice, or the host is none: the gateway might have read another one."""
    names = [name for name, _value in scope["headers"] if name in _SINGLE]
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return len(names) > len(set(names)) or not all(_HOST.fullmatch(host) for host in hosts)


def _failure(error: Exception, scope: Scope) -> Problem:
    if is_transient(error) and not isinstance(
        error, (LookupError, FileNotFoundError)
    ):  # a template, a file of ours
        log.warning("the database is away or busy: %s", type(error).__name__)
        return unavailable()
    return unexpected(error, getattr(scope.get("route"), "path", "no route"))  # paths hold tokens and NIP


def _add_headers(message: Message, scope: Scope, *, secure: bool) -> None:
    headers = MutableHeaders(scope=message)
    if "token" in scope.get("path_params", {}):  # the address is the key: it goes nowhere else
        headers["Referrer-Policy"] = "no-referrer"
    if secure:
        headers["Strict-Transport-Security"] = HSTS
        cookies.outward(headers)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Language", language.current())
