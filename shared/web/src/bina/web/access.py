"""Who is asking: a session, a machine's token, a personal link. What they may do says `bina.web.permissions`.

A session is a signed token in the cookie `bina_session` (people) or after `Authorization: Bearer` (machines), which
`bina.web.sessions` reads before any route; its age is wall time.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bina.messaging.settings import Settings
from bina.web.language import gettext as _
from bina.web.problems import Problem

ROLES = frozenset(
    {
        "asn",
        "supervisor",
        "operator",
        "trainer",
        "assessor",
        "evaluator",
        "head",
        "bkd",
        "auditor",
        "platform",
    }
)
SESSION_COOKIE = "bina_session"
WORKDAY = timedelta(hours=10)


class TokenRefused(Exception):  # noqa: N818 - names the reaction
    """A token or link that is forged, foreign, or past its time (`expired`)."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "not ours")
        self.expired = expired


@dataclass(frozen=True)
class Person:
    """Whoever is signed in; machines have no `person_id`. Scope is `agency_code` and, below it, `unit_id`.

    `session_id`: by which session they came.
    """

    person_id: UUID | None
    name: str
    roles: frozenset[str]
    agency_code: str | None = None
    unit_id: UUID | None = None
    session_id: UUID | None = field(default=None, compare=False)

    def may(self, *roles: str) -> bool:
        """Whether one of the roles is held."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True)
class Session:
    """Who came by a token, and its times (wall time, seconds since the epoch): when it was last seen, when it ends."""

    person: Person
    session_id: UUID
    seen: int
    ends: int

    def is_over(self, now: float, idle: timedelta | None = None) -> bool:
        """Whether its time has run out, or nobody used it for so long."""
        return self.ends <= now or (idle is not None and self.seen + idle.total_seconds() <= now)


def issue_token(
    person: Person, secret: str, *, valid_for: timedelta = WORKDAY, session_id: UUID | None = None
) -> str:
    """Sign a session for a person; anyone who holds it acts as them until it ends."""
    ends = int(time.time() + valid_for.total_seconds())
    return write_session(Session(person, session_id or uuid4(), int(time.time()), ends), secret)


def write_session(session: Session, secret: str) -> str:
    """The token of a session."""
    person = session.person
    if not person.roles <= ROLES:
        raise ValueError(f"unknown roles: {sorted(person.roles - ROLES)}")
    claims = {
        "sid": str(session.session_id),
        "sub": str(person.person_id) if person.person_id else None,
        "name": person.name,
        "roles": sorted(person.roles),
        "agency": person.agency_code,
        "unit": str(person.unit_id) if person.unit_id else None,
        "seen": session.seen,
        "exp": session.ends,
    }
    return str(serializer("session", secret).dumps(claims))


def read_session(token: str, secret: str) -> Session:
    """The session of a token, be it over or not; raises `TokenRefused` where it is not ours, or of another release."""
    claims = _claims("session", token, secret)
    try:
        return _session_of(claims)
    except (KeyError, TypeError, ValueError) as error:
        raise TokenRefused from error


def _session_of(claims: Mapping[str, Any]) -> Session:
    session_id = UUID(claims["sid"])
    person = Person(
        person_id=UUID(claims["sub"]) if claims["sub"] else None,
        name=claims["name"],
        roles=frozenset(claims["roles"]) & ROLES,
        agency_code=claims["agency"],
        unit_id=UUID(claims["unit"]) if claims["unit"] else None,
        session_id=session_id,
    )
    return Session(person, session_id, claims["seen"], claims["exp"])


def read_token(token: str, secret: str) -> Person:
    """The person a token was issued for; raises `TokenRefused`."""
    session = read_session(token, secret)
    if session.is_over(time.time()):
        raise TokenRefused(expired=True)
    return session.person


def issue_task_link(task_id: UUID, secret: str, expires: datetime) -> str:
    """Sign the token of a personal link that opens one task and nothing else until `expires` (wall time)."""
    now = datetime.now(UTC)
    claims = {"task": str(task_id), "at": int(now.timestamp() * 1000)}
    return sign("task", claims, secret, expires - now)


class TaskLink(NamedTuple):
    """The task that a personal link opens, and when the link was issued (wall time)."""

    task_id: UUID
    issued_at: datetime


def read_task_link(token: str, secret: str) -> TaskLink:
    """What a personal link opens; raises `TokenRefused`."""
    claims = read_signed("task", token, secret)
    return TaskLink(UUID(claims["task"]), datetime.fromtimestamp(claims.get("at", 0) / 1000, UTC))


def visitor(request: Request) -> Person | None:
    """Whoever asks, or None; a session that is forged, over or ended counts as none."""
    person: Person | None = getattr(request.state, "visitor", None)
    return person


def signed_in(request: Request) -> Person:
    """Any signed-in person. Pages send others to `/masuk`, APIs answer 401."""
    person = visitor(request)
    if person is None:
        raise Problem(
            "not-signed-in",
            401,
            _("Anda belum masuk."),
            mend=_("Masuk dahulu, lalu ulangi."),
            headers={"WWW-Authenticate": "Bearer"},
        )
    return person


async def open_to_all(request: Request) -> Person | None:
    """Dependency that says aloud: this route needs no sign-in."""
    return visitor(request)


async def task_link(request: Request) -> UUID:
    """Dependency: the task of the personal link in the path parameter `token`; 410 once it expired, 404 if forged."""
    try:
        link = read_task_link(request.path_params["token"], secret_of(request))
    except TokenRefused as refused:
        if refused.expired:
            raise Problem(
                "link-expired",
                410,
                _("Tautan ini sudah berakhir."),
                mend=_("Mintalah tautan baru kepada pengirimnya."),
            ) from refused
        raise Problem(
            "link-unknown",
            404,
            _("Tautan ini tidak dikenal."),
            mend=_("Buka lagi tautan dari pesan yang Anda terima, tanpa mengubahnya."),
        ) from refused
    request.state.link = link
    return link.task_id


Visitor = Annotated[Person | None, Depends(open_to_all)]
LinkedTask = Annotated[UUID, Depends(task_link)]
GUARDS = frozenset({open_to_all, task_link})


def next_path(request: Request) -> str:
    """Where to go after signing in: `lanjut` if it is a path of this site, else `/beranda`."""
    wanted = request.query_params.get("lanjut", "")
    return wanted if is_own_path(wanted) else "/beranda"


def is_own_path(path: str) -> bool:
    """Whether a redirect to this text stays on this site (`//evil` and `/\\evil` do not)."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def sign_in_redirect(request: Request, path: str = "") -> Response:
    """Send a page's reader to sign in and on to `path`: where they were, or the page that held a form that is lost."""
    try:
        came_from = request.url if request.method == "GET" else urlsplit(request.headers.get("referer", "/"))
    except ValueError:  # a referer that is no address
        came_from = urlsplit("/")
    wanted = path or came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return RedirectResponse(f"/masuk?lanjut={quote(wanted, safe='')}", status_code=303)


def settings_of(request: Request) -> Settings:
    """The settings of the application that answers."""
    settings: Settings = request.app.state.settings
    return settings


def secret_of(request: Request) -> str:
    """The secret of the application that answers."""
    return settings_of(request).secret


def is_secure(settings: Settings) -> bool:
    """Whether people reach the site over HTTPS, so that cookies may insist on it."""
    return settings.public_url.startswith("https://")


def sign(purpose: str, claims: Mapping[str, Any], secret: str, valid_for: timedelta) -> str:
    """A token of these claims for one purpose; no other reads it."""
    expires = int(time.time() + valid_for.total_seconds())
    return str(serializer(purpose, secret).dumps({**claims, "exp": expires}))


def read_signed(purpose: str, token: str, secret: str) -> dict[str, Any]:
    """The claims of a token signed for a purpose; raises `TokenRefused`."""
    claims = _claims(purpose, token, secret)
    if claims["exp"] <= time.time():
        raise TokenRefused(expired=True)
    return claims


def _claims(purpose: str, token: str, secret: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = serializer(purpose, secret).loads(token)
    except BadSignature as bad:
        raise TokenRefused from bad
    return claims


@lru_cache(maxsize=64)
def serializer(purpose: str, secret: str) -> URLSafeTimedSerializer:
    """Signs and reads tokens of one purpose. One salt each: a task link is never a session."""
    return URLSafeTimedSerializer(
        secret,
        salt=f"bina.{purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
