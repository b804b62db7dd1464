"""What tells a browser apart from others: a random name in a signed cookie, given on the page to check in."""

from datetime import timedelta
from secrets import token_urlsafe

from fastapi import Request, Response

from bina.web.access import TokenRefused, is_secure, read_signed, secret_of, settings_of, sign

COOKIE = "bina_device"
_KEPT = timedelta(days=400)
"""As long as browsers keep a cookie at most."""


def device_of(request: Request) -> str:
    """The browser's name; empty for one that has none."""
    try:
        return str(read_signed("device", request.cookies.get(COOKIE, ""), secret_of(request))["device"])
    except (TokenRefused, KeyError):
        return ""


def name_device(request: Request, response: Response) -> None:
    """Give a browser without a name one."""
    if device_of(request):
        return
    claims = {"device": token_urlsafe(16)}
    response.set_cookie(
        COOKIE,
        sign("device", claims, secret_of(request), _KEPT),
        max_age=int(_KEPT.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_secure(settings_of(request)),
        path="/",
    )
