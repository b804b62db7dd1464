"""A sentence said once on the next page ("Anda terdaftar."), carried over the redirect in a signed cookie."""

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bina.web.access import is_secure, secret_of, settings_of

COOKIE = "bina_notice"
_SECONDS = 60


def leave_notice(request: Request, response: Response, text: str) -> None:
    """Say `text` on the next page that this browser opens."""
    signed = _serializer(request).dumps(text)
    response.set_cookie(
        COOKIE,
        signed,
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=is_secure(settings_of(request)),
        path="/",
    )


def waiting_notice(request: Request) -> str:
    """The sentence left for this page, or nothing; what another page asks by itself takes none away."""
    signed = request.cookies.get(COOKIE)
    if not signed or "x-live" in request.headers:
        return ""
    try:
        return str(_serializer(request).loads(signed, max_age=_SECONDS))
    except BadSignature:
        return ""


def forget_notice(request: Request, response: Response) -> None:
    """Said once is enough."""
    if COOKIE in request.cookies and "x-live" not in request.headers:
        response.delete_cookie(COOKIE, path="/", secure=is_secure(settings_of(request)))


def _serializer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_of(request), salt="bina.notice")
