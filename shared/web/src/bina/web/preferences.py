"""The reader's choice of language and light or dark, kept in cookies that the server reads."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bina.web import language
from bina.web.access import Visitor, is_own_path, is_secure, settings_of
from bina.web.pages import THEME_COOKIE

_YEAR = 365 * 24 * 3600
_THEMES = {"terang": "light", "gelap": "dark", "sistem": ""}


def router(service: str) -> APIRouter:
    """`GET /<service>/tampilan?bahasa=en&tema=gelap&lanjut=/beranda` sets the cookies and goes back."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(f"/{service}/tampilan")
    async def choose(
        request: Request, _visitor: Visitor, lanjut: str = "/", bahasa: str = "", tema: str = ""
    ) -> Response:
        back = RedirectResponse(lanjut if is_own_path(lanjut) else "/", 303)
        if bahasa in language.LOCALES:
            _keep(request, back, language.COOKIE, bahasa)
        if tema in _THEMES:
            _keep(request, back, THEME_COOKIE, _THEMES[tema])
        return back

    return routes


def _keep(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=_YEAR if value else 0,
        samesite="lax",
        httponly=True,
        secure=is_secure(settings_of(request)),
    )
