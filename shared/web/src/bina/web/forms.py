"""Forms that only our own pages can send: a signed token bound to the session, or to a guest cookie without one."""

import hashlib
import secrets
from typing import Annotated

from fastapi import Depends, Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from starlette.datastructures import FormData

from bina.web.access import is_secure, secret_of, settings_of, visitor
from bina.web.language import gettext as _
from bina.web.problems import Problem
from bina.web.text import form_holds_nul, nul_refused

TOKEN_FIELD = "form_token"  # noqa: S105 - a field's name
KEY_FIELD = "command_key"
GUEST_COOKIE = "bina_guest"
FORM_SECONDS = 24 * 3600


def form_token(request: Request) -> str:
    """The hidden token of a form on this page."""
    return _serializer(request).dumps(_holder(request))


def hidden_fields(request: Request) -> Markup:
    """The two hidden fields of every form: our signature, and the key that makes it count once."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(TOKEN_FIELD, form_token(request)) + field.format(KEY_FIELD, secrets.token_urlsafe(18))


async def form_guard(request: Request) -> FormData:
    """Dependency: the posted form, once its token proves that our page sent it; 403 otherwise."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise _refused()
    form = await request.form()
    try:
        holder = _serializer(request).loads(str(form.get(TOKEN_FIELD, "")), max_age=FORM_SECONDS)
    except BadSignature as bad:
        raise _refused() from bad
    if not secrets.compare_digest(holder, _holder(request)):
        raise _refused()
    if form_holds_nul(form):
        raise nul_refused()
    return form


GuardedForm = Annotated[FormData, Depends(form_guard)]


def guest_id(request: Request) -> str:
    """The random name of a visitor without session; the same for the whole request."""
    known = request.cookies.get(GUEST_COOKIE)
    if known and known.isascii() and known.isprintable():
        return known
    if not hasattr(request.state, "new_guest"):
        request.state.new_guest = secrets.token_urlsafe(16)
    return str(request.state.new_guest)


def keep_guest(request: Request, response: Response) -> None:
    """Give a first-time visitor the cookie to which the page's forms are bound."""
    fresh = getattr(request.state, "new_guest", None)
    if fresh:
        response.set_cookie(
            GUEST_COOKIE,
            fresh,
            httponly=True,
            samesite="lax",
            secure=is_secure(settings_of(request)),
            path="/",
        )


def _holder(request: Request) -> str:
    """The session's id outlives its cookie, which is written anew while it is used."""
    person = visitor(request) or getattr(request.state, "lapsed", None)
    holder = f"session:{person.session_id}" if person else f"guest:{guest_id(request)}"
    return hashlib.sha256(holder.encode()).hexdigest()


def _serializer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        secret_of(request),
        salt="bina.form",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _refused() -> Problem:
    return Problem(
        "form-refused",
        403,
        _("Formulir ini sudah kedaluwarsa."),
        _("Belum ada yang disimpan."),
        mend=_("Kembali ke halaman formulir, muat ulang, lalu kirim lagi."),
    )
