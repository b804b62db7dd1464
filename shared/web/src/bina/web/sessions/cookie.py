"""The session in a browser's cookie."""

import time
from dataclasses import replace
from datetime import timedelta

from fastapi import Response

from bina.messaging.settings import Settings
from bina.web.access import SESSION_COOKIE, Session, is_secure, write_session

LAPSED_SECONDS = 24 * 3600
"""How long a browser still brings a session that is over: by it a form that came too late is known to be our page's."""


def set_session(response: Response, session: Session, settings: Settings) -> None:
    """Give the browser the session, as seen now."""
    seen = replace(session, seen=int(time.time()))
    left = max(0, session.ends - seen.seen)
    _set(response, write_session(seen, settings.secret), left + LAPSED_SECONDS, settings)


def drop_session(response: Response, settings: Settings) -> None:
    """Take the session out of the browser."""
    _set(response, "", 0, settings)


def idle_of(settings: Settings) -> timedelta:
    """For how long a person's session may lie unused."""
    return timedelta(minutes=settings.session_idle_minutes)


def _set(response: Response, token: str, seconds: int, settings: Settings) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
        path="/",
    )
