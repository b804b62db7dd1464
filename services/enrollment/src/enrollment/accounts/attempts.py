"""A sign-in under way lies in the browser alone: in a signed cookie, and in the `state` that the provider gives back."""

import hashlib
import secrets

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bina.web.access import is_secure, secret_of, settings_of
from enrollment.accounts.domain import Attempt
from enrollment.accounts.problems import stale

COOKIE = "bina_masuk"
SECONDS = 900


def pending(request: Request) -> Attempt:
    """The browser's attempt, begun now where it has none; every tab shares it."""
    if not hasattr(request.state, "attempt"):
        request.state.attempt = _brought(request) or Attempt()
    attempt: Attempt = request.state.attempt
    return attempt


def state_of(request: Request, attempt: Attempt, path: str) -> str:
    """What the provider is to give back: the attempt, and where this tab goes then."""
    return _serializer(request, "state").dumps([attempt.binding, path])


def answered(request: Request) -> tuple[Attempt, str]:
    """The attempt that the provider answers, and where to go then. Raises `Problem` where this browser began none."""
    attempt = _brought(request)
    try:
        given = _serializer(request, "state").loads(request.query_params.get("state", ""), max_age=SECONDS)
    except BadSignature as bad:
        raise stale() from bad
    binding, path = given
    if attempt is None or not secrets.compare_digest(binding, attempt.binding):
        raise stale()
    return attempt, path


def keep_attempt(request: Request, response: Response, attempt: Attempt) -> Response:
    """Have the browser keep its attempt."""
    kept = _serializer(request, "attempt").dumps([attempt.binding, attempt.nonce, attempt.verifier])
    _set(request, response, kept, SECONDS)
    return response


def drop_attempt(request: Request, response: Response) -> Response:
    """An attempt counts once."""
    _set(request, response, "", 0)
    return response


def _brought(request: Request) -> Attempt | None:
    try:
        return Attempt(
            *_serializer(request, "attempt").loads(request.cookies.get(COOKIE, ""), max_age=SECONDS)
        )
    except BadSignature:
        return None


def _set(request: Request, response: Response, value: str, seconds: int) -> None:
    # Lax: the provider sends the browser back from another site.
    secure = is_secure(settings_of(request))
    response.set_cookie(
        COOKIE, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/"
    )


def _serializer(request: Request, purpose: str) -> URLSafeTimedSerializer:
    """One salt per purpose: what the provider gives back is never what the browser kept."""
    return URLSafeTimedSerializer(
        secret_of(request),
        salt=f"bina.masuk.{purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
