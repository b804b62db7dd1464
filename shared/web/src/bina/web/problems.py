"""RFC 9457 problem details: one text for machines (JSON under `/api/`) and people (a page everywhere else)."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from bina.web.language import counted
from bina.web.language import gettext as _

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Fault:
    """One thing wrong in the input: where (a field, a row and column), and what, in words a clerk can act on."""

    where: str
    what: str


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """Something a caller can act on: what is wrong, where, and how to mend it.

    `type` is stable, English and kebab-case (`run-is-full`); title, detail and `mend` are Indonesian sentences. `way`:
    words and address of a button that leads people to where they can mend it. `more`: members of this type alone.
    Raised inside a command it rolls the whole command back.
    """

    def __init__(
        self,
        type: str,  # noqa: A002 - the RFC's member name
        status: int,
        title: str,
        detail: str = "",
        *,
        mend: str = "",
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        reference: str = "",
        way: tuple[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{type}: {title}")
        self.type = type
        self.status = status
        self.title = title
        self.detail = detail
        self.mend = mend
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.reference = reference
        self.way = way
        self.more = dict(more or {})

    def body(self) -> dict[str, Any]:
        """The problem details object; members without a value are left out."""
        members: dict[str, Any] = {
            "type": f"urn:bina:problem:{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "mend": self.mend,
            "errors": [{"where": e.where, "what": e.what} for e in self.errors],
            "reference": self.reference,
            **self.more,
        }
        return {name: value for name, value in members.items() if value}


def not_found(what: str = "") -> Problem:
    """404 for a thing that is absent or outside the reader's scope: the two must look the same."""
    return Problem(
        "not-found",
        404,
        _("Halaman atau data ini tidak ditemukan."),
        what,
        mend=_("Periksa kembali alamatnya, atau mulai lagi dari beranda."),
    )


def too_large() -> Problem:
    """413 for a body above the limit."""
    return Problem(
        "too-large",
        413,
        _("Kiriman ini terlalu besar."),
        mend=_("Bagi menjadi beberapa kiriman yang lebih kecil."),
    )


def unreadable() -> Problem:
    """400 for a body that is neither JSON nor a form, or that holds more parts than any page sends."""
    return Problem(
        "unreadable",
        400,
        _("Permintaan ini tidak dapat dibaca."),
        mend=_("Kirim JSON yang sah dalam UTF-8, atau muat ulang formulirnya lalu kirim lagi."),
    )


def too_slow() -> Problem:
    """408 for a request that does not come to its end."""
    return Problem(
        "too-slow",
        408,
        _("Kiriman ini terlalu lama sampai."),
        mend=_("Periksa jaringan Anda, lalu kirim lagi."),
    )


def head_too_large() -> Problem:
    """431 for an address or headers above the limit."""
    return Problem(
        "head-too-large",
        431,
        _("Alamat atau kepala permintaan ini terlalu panjang."),
        mend=_("Hapus kuki situs ini lalu masuk lagi; lewat API, kirim lebih sedikit di kepala permintaan."),
    )


def unavailable() -> Problem:
    """503 while the database is away or busy; the same request may come again, its key makes a command safe."""
    return Problem(
        "unavailable",
        503,
        _("Layanan sedang tidak dapat menjawab."),
        mend=_("Coba lagi beberapa saat lagi."),
        headers={"Retry-After": "5"},
    )


def is_api(path: str) -> bool:
    """Whether a path belongs to a machine interface: `/<service>/api/…`."""
    return path.split("/")[2:3] == ["api"]


async def answer(request: Request, problem: Problem) -> Response:
    """Turn a problem into the response its caller expects."""
    if is_api(request.url.path):
        return JSONResponse(problem.body(), problem.status, problem.headers, media_type=MEDIA_TYPE)
    from bina.web.pages import shell_pages  # the page needs this module's texts

    page = shell_pages(request).render(request, "problem.html", status_code=problem.status, problem=problem)
    page.headers.update(problem.headers)
    return page


def unexpected(error: Exception, route: str) -> Problem:
    """Log an unforeseen failure under a reference code and hide everything else from the reader."""
    reference = "-".join("".join(secrets.choice(_ALPHABET) for _i in range(4)) for _j in range(2))
    log.error("unexpected failure %s on %s", reference, route, exc_info=error)
    return Problem(
        "unexpected",
        500,
        _("Terjadi gangguan pada sistem kami."),
        _("Yang sudah tersimpan tetap aman."),
        mend=_("Coba lagi beberapa saat lagi. Bila terulang, sampaikan kode ini kepada operator."),
        reference=reference,
    )


def install(app: FastAPI) -> None:
    """Answer every kind of refusal with problem details."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        Problem: _on_problem,
        RequestValidationError: _on_invalid,
        HTTPException: _on_http,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _on_problem(request: Request, problem: Problem) -> Response:
    from bina.web.access import sign_in_redirect
    from bina.web.sessions.kept_forms import keep

    if is_api(request.url.path) or problem.type not in {"not-signed-in", "form-refused"}:
        return await answer(request, problem)
    if kept := await keep(request):
        return kept
    return sign_in_redirect(request) if problem.type == "not-signed-in" else await answer(request, problem)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    faults = [Fault(_where(e["loc"]), _what(e)) for e in error.errors()]
    problem = Problem(
        "invalid-input",
        422,
        _("Ada isian yang belum benar."),
        mend=_("Perbaiki isian di bawah ini, lalu kirim lagi."),
        errors=faults,
    )
    return await answer(request, problem)


async def _on_http(request: Request, error: HTTPException) -> Response:
    made = {400: unreadable, 404: not_found, 408: too_slow, 413: too_large}.get(error.status_code)
    if error.status_code == 405:
        return await answer(request, _method_not_allowed(request))
    problem = (
        made() if made else Problem("refused", error.status_code, _("Permintaan ditolak."), str(error.detail))
    )
    problem.headers.update(error.headers or {})
    return await answer(request, problem)


def _method_not_allowed(request: Request) -> Problem:
    """405 with all that the address takes: the framework names the methods of its first route only."""
    routes = [route for route in iter_route_contexts(request.app.routes) if route.methods]
    meant = next(route.path for route in routes if route.path_regex.match(request.url.path))
    allowed = sorted({method for route in routes if route.path == meant for method in route.methods or ()})
    return Problem(
        "method-not-allowed",
        405,
        _("Alamat ini tidak menerima cara permintaan tersebut."),
        mend=_("Kembali ke halaman sebelumnya dan gunakan tombol yang tersedia."),
        headers={"Allow": ", ".join(allowed)},
    )


def _where(location: Sequence[str | int]) -> str:
    return (
        ".".join(str(part) for part in location if part not in {"body", "query", "path", "header"}) or "body"
    )


def _what(error: Mapping[str, Any]) -> str:
    known = {
        "missing": _("Wajib diisi."),
        "json_invalid": _("Isi permintaan bukan JSON yang sah."),
        "int_parsing": _("Isi dengan bilangan bulat."),
        "float_parsing": _("Isi dengan angka."),
        "decimal_parsing": _("Isi dengan angka."),
        "uuid_parsing": _("Pengenal ini tidak sah."),
        "date_from_datetime_parsing": _("Isi tanggal sebagai TTTT-BB-HH."),
        "date_parsing": _("Isi tanggal sebagai TTTT-BB-HH."),
        "extra_forbidden": _("Isian ini tidak dikenal."),
    }
    return (
        known.get(error["type"])
        or _limit(error["type"], error.get("ctx") or {})
        or _("Nilai ini tidak dapat diterima.")
    )


def _limit(kind: str, context: Mapping[str, Any]) -> str:
    least, most = context.get("min_length", 0), context.get("max_length", 0)
    limits = {
        "string_too_short": (counted("Isi sedikitnya %(limit)s karakter.", least), "min_length"),
        "string_too_long": (counted("Isi paling banyak %(limit)s karakter.", most), "max_length"),
        "greater_than_equal": (_("Isi dengan nilai sedikitnya %(limit)s."), "ge"),
        "less_than_equal": (_("Isi dengan nilai paling banyak %(limit)s."), "le"),
        "enum": (_("Pilih salah satu: %(limit)s."), "expected"),
        "literal_error": (_("Pilih salah satu: %(limit)s."), "expected"),
    }
    pattern, member = limits.get(kind, ("", ""))
    return pattern % {"limit": context.get(member, "")} if pattern else ""
