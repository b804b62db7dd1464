"""Signing in and out. Without a demonstration nobody can sign in here yet: there is no identity provider."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bina.web.access import Visitor, next_path, settings_of, sign_in, sign_out
from bina.web.forms import GuardedForm
from bina.web.language import gettext as _
from bina.web.problems import Problem, not_found
from enrollment.register import store
from enrollment.register.view import grouped, role_words
from enrollment.shell import pages

router = APIRouter()


@router.get("/masuk")
async def choose(request: Request, _visitor: Visitor) -> Response:
    """Who does the visitor want to be?"""
    people = []
    if settings_of(request).demo:
        async with request.app.state.runtime.sessions() as session:
            people = await store.load_demo_people(session)
    return pages.render(
        request,
        "register/sign_in.html",
        groups=grouped(people),
        role_words=role_words,
        lanjut=next_path(request),
    )


@router.post("/masuk")
async def enter(request: Request, _visitor: Visitor, form: GuardedForm) -> Response:
    """Open a session as a person of the demonstration: one listed, or any ASN by NIP."""
    settings = settings_of(request)
    if not settings.demo:
        raise Problem("sign-in-closed", 403, _("Masuk sebagai orang contoh hanya ada di peragaan."))
    async with request.app.state.runtime.sessions() as session:
        asn_id = _chosen(str(form.get("asn_id", "")))
        nip = str(form.get("nip", "")).strip()
        if asn_id is None and nip:
            asn_id = (await store.find_people(session, [nip])).get(nip)
        person = await store.load_session(session, asn_id) if asn_id else None
    if person is None:
        raise not_found(_("Orang ini tidak ada di data pegawai."))
    response = RedirectResponse(next_path(request), 303)
    sign_in(response, person, settings)
    return response


@router.post("/keluar")
async def leave(request: Request, _visitor: Visitor, _form: GuardedForm) -> Response:
    """End the session."""
    response = RedirectResponse("/", 303)
    sign_out(response, settings_of(request))
    return response


def _chosen(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
