"""Before any route: who asks, by a session that is not over and was not ended; and that it stays alive while used."""

import logging
import time
from datetime import timedelta

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bina.messaging.database import is_transient
from bina.messaging.settings import Settings
from bina.web.access import (
    SESSION_COOKIE,
    Session,
    TokenRefused,
    read_session,
    secret_of,
    settings_of,
)
from bina.web.sessions.cookie import idle_of, set_session
from bina.web.sessions.ended import Ended
from bina.web.tracing import PROBES, STREAM

READING = frozenset({"GET", "HEAD", "OPTIONS"})
RENEW_SECONDS = 60
"""A session that was seen less long ago is not written anew."""
FREE = (*PROBES, "/static/")
log = logging.getLogger(__name__)


class Asking:
    """Puts `visitor` (a `Person` or None) into the request's state with their `session`, and `lapsed`: whose session's
    time has run out.

    While the database is away pages are read on, but who would change something has to wait until ends can be read.
    Probes and static files are nobody's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(FREE):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        session = _brought(request)
        is_live = session is not None and await self._is_live(session, request)
        request.state.visitor = session.person if session and is_live else None
        request.state.session = session if is_live else None
        request.state.lapsed = (
            session.person if session and session.is_over(time.time(), _idle(request)) else None
        )
        if session and is_live and _is_used(request) and session.seen + RENEW_SECONDS <= time.time():
            send = _renewing(session, settings_of(request), send)
        await self.app(scope, receive, send)

    async def _is_live(self, session: Session, request: Request) -> bool:
        if session.is_over(time.time(), _idle(request) if session.person.person_id else None):
            return False
        try:
            ended: Ended = request.app.state.ended
            return not await ended.has(session.session_id, request.app.state.runtime.sessions)
        except Exception as error:
            if not is_transient(error) or request.method not in READING:
                raise
            log.warning("ends of sessions not read: %r", error)
            return True


def _idle(request: Request) -> timedelta:
    return idle_of(settings_of(request))


def _brought(request: Request) -> Session | None:
    token = _bearer(request) or request.cookies.get(SESSION_COOKIE)
    try:
        return read_session(token, secret_of(request)) if token else None
    except TokenRefused:
        return None


def _is_used(request: Request) -> bool:
    """Whether a person did something: a page that keeps itself up to date keeps no session alive."""
    return not _bearer(request) and "x-live" not in request.headers and not request.url.path.endswith(STREAM)


def _renewing(session: Session, settings: Settings, send: Send) -> Send:
    """Send the session's cookie anew along, unless the answer brings another."""
    response = Response()
    set_session(response, session, settings)
    cookie = response.headers["set-cookie"]

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            given = headers.getlist("set-cookie")
            if not any(one.startswith(f"{SESSION_COOKIE}=") for one in given):
                headers.append("set-cookie", cookie)
        await send(message)

    return send_with_cookie


def _bearer(request: Request) -> str | None:
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None
