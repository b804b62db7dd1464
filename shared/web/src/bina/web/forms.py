"""Forms that only our own pages can send: a signed token bound to the session, or to a guest cookie without one.

It names its person too, so that a form of an earlier session of theirs is known for theirs: not obeyed, but kept for them.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Request, Response
from itsdangerous import BadSignature
from markupsafe import Markup
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile

from bina.web.access import Person, is_secure, secret_of, serializer, settings_of, visitor
from bina.web.language import gettext as _
from bina.web.problems import Problem, too_large, unreadable
from bina.web.text import form_holds_nul, is_utf8, nul_refused

TOKEN_FIELD = "form_token"  # noqa: S105 - a field's name
KEY_FIELD = "command_key"
GUEST_COOKIE = "bina_guest"
FORM_SECONDS = 24 * 3600
MOST_FIELDS = 2500
"""Fields of one form; the longest marks the attendance of 1,000 people."""
LARGEST_FIELD = 64 * 1024
"""Bytes of one field."""


def form_token(request: Request) -> str:
    """The hidden token of the forms on this page: all have the same, signed once."""
    token: str | None = getattr(request.state, "form_token", None)
    if token is None:
        token = str(serializer("form", secret_of(request)).dumps([_holder(request), _owner(request)]))
        request.state.form_token = token
    return token


def hidden_fields(request: Request) -> Markup:
    """The two hidden fields of every form: our signature, and the key that makes it count once."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(TOKEN_FIELD, form_token(request)) + field.format(KEY_FIELD, secrets.token_urlsafe(18))


async def form_guard(request: Request) -> AsyncIterator[FormData]:
    """Dependency: the posted form, once its token proves that our page sent it; 403 otherwise. Closes its files.

    What a page of an earlier session of the same person sent stands in the request's state as `earlier_form`.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise _refused()
    most, largest = getattr(request.state, "takes_files", (0, 0))
    await _check_text(request, most)
    async with request.form(max_files=most, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD) as form:
        _check(request, form, largest)
        yield form


def takes_files(most: int, *, largest: int) -> Any:
    """`dependencies=[takes_files(1, largest=5 << 20)]` of a route: its form may bring files, in bytes each."""

    async def allow(request: Request) -> None:
        request.state.takes_files = (most, largest)

    return Depends(allow)


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


def _check(request: Request, form: FormData, largest: int) -> None:
    if form_holds_nul(form):
        raise nul_refused()
    holder, owner, given = _read(request, str(form.get(TOKEN_FIELD, "")))
    fresh = 0 <= (datetime.now(UTC) - given).total_seconds() <= FORM_SECONDS
    if not (fresh and secrets.compare_digest(holder, _holder(request))):
        if owner and secrets.compare_digest(owner, _owner(request)):
            request.state.earlier_form = form
        raise _refused()
    if any((file.size or 0) > largest for _name, file in form.multi_items() if isinstance(file, UploadFile)):
        raise too_large()


def _read(request: Request, token: str) -> tuple[str, str, datetime]:
    """Whose session and whose form it is, and when it was given out; refused when it is none of ours."""
    try:
        (holder, owner), given = serializer("form", secret_of(request)).loads(token, return_timestamp=True)
    except (BadSignature, ValueError, TypeError) as bad:
        raise _refused() from bad
    return str(holder), str(owner), given


async def _check_text(request: Request, files: int) -> None:
    """Refuse what is not UTF-8: the parser would take it for something else, or fail over the charset it names."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if options.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
        raise unreadable()
    if files:  # their bytes are their own; the fields beside them are shown to whoever sent them
        return
    body = await request.body()
    if not is_utf8(unquote_to_bytes(body) if kind == b"application/x-www-form-urlencoded" else body):
        raise unreadable()


def reader_of(request: Request) -> str:
    """Tells one person's pages from another's, for a page that goes on asking; empty for who is nobody yet."""
    return _owner(request)[:16]


def _holder(request: Request) -> str:
    """The session's id outlives its cookie, which is written anew while it is used."""
    person = _sender(request)
    return _digest(f"session:{person.session_id}" if person else f"guest:{guest_id(request)}")


def _owner(request: Request) -> str:
    """Empty for who is nobody yet."""
    person = _sender(request)
    return _digest(f"person:{person.person_id}") if person and person.person_id else ""


def _sender(request: Request) -> Person | None:
    found: Person | None = visitor(request) or getattr(request.state, "lapsed", None)
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _refused() -> Problem:
    return Problem(
        "form-refused",
        403,
        _("Formulir ini sudah kedaluwarsa."),
        _("Belum ada yang disimpan."),
        mend=_("Kembali ke halaman formulir, muat ulang, lalu kirim lagi."),
    )
