"""Signing in by the identity provider, and out. A demonstration offers its people to be."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from bina.messaging import emit
from bina.web import audit
from bina.web.access import Visitor, next_path, settings_of
from bina.web.forms import GuardedForm
from bina.web.sessions import drop_session, set_session
from enrollment.accounts import store
from enrollment.accounts.attempts import answered, drop_attempt, keep_attempt, pending, state_of
from enrollment.accounts.domain import ended_of
from enrollment.accounts.entering import enter
from enrollment.accounts.problems import closed, plainly, refused
from enrollment.accounts.provider import Provider, ProviderAwayError
from enrollment.accounts.view import grouped, role_words
from enrollment.register.store import load_demo_people
from enrollment.shell import pages

router = APIRouter()


@router.get("/masuk")
async def choose(request: Request, _visitor: Visitor) -> Response:
    """Who does the visitor want to be? Outside of a demonstration: the way to the identity provider."""
    people, address = [], ""
    attempt = pending(request)
    if _is_ours(request):
        async with request.app.state.runtime.sessions() as session:
            people = await load_demo_people(session)
        address = await _address(request)
    page = pages.render(
        request,
        "accounts/sign_in.html",
        groups=grouped(people),
        role_words=role_words,
        address=address,
        is_open=bool(_provider(request).issuer),
        is_ours=_is_ours(request),
        lanjut=next_path(request),
    )
    return keep_attempt(request, page, attempt)


@router.get("/masuk/mulai")
async def begin(request: Request, _visitor: Visitor) -> Response:
    """Off to the identity provider."""
    attempt = pending(request)
    return keep_attempt(request, RedirectResponse(await _address(request), 303), attempt)


@router.get("/masuk/kembali")
async def come_back(
    request: Request,
    _visitor: Visitor,
    code: Annotated[str, Query(max_length=4096)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Back from the provider: open a session, a new one whatever there was."""
    attempt, path = answered(request)
    if error or not code:
        raise refused(error or "no code")
    with plainly():
        account = await _provider(request).account(attempt, code, _back(request))
    async with request.app.state.runtime.transaction() as session:
        opened = await enter(session, account, request)
        request.state.visitor = opened.person  # who did it, from now on
        await audit.note_sessions(session, request, [opened.person.person_id])
    audit.sealer_of(request.app).wake()
    response = RedirectResponse(path, 303)
    set_session(response, opened, settings_of(request))
    return drop_attempt(request, response)


@router.post("/keluar")
async def leave(request: Request, visitor: Visitor, _form: GuardedForm) -> Response:
    """End the session in every service, and the provider's where it offers that."""
    away = ""
    if visitor is not None:
        async with request.app.state.runtime.transaction() as session:
            id_token = await store.end_own(session, request.state.session)
            await emit(session, [ended_of(request.state.session)])
            await audit.note_sessions(session, request, [visitor.person_id])
        audit.sealer_of(request.app).wake()
        away = await _away(request, id_token)
    response = _farewell(request, away) if away else RedirectResponse("/", 303)
    drop_session(response, settings_of(request))
    return response


async def _address(request: Request) -> str:
    """The provider's own page; by its path alone where it lies behind the same gateway, whatever that is called."""
    if not _provider(request).issuer:
        raise closed()
    attempt = pending(request)
    state = state_of(request, attempt, next_path(request))
    with plainly():
        address = await _provider(request).address(attempt, state, _back(request))
    return _path(address) if _is_ours(request) else address


def _path(address: str) -> str:
    return urlsplit(address)._replace(scheme="", netloc="").geturl()


def _back(request: Request) -> str:
    origin = str(request.base_url) if _is_ours(request) else settings_of(request).public_url
    return f"{origin.rstrip('/')}/masuk/kembali"


def _is_ours(request: Request) -> bool:
    """Whether the provider is the demonstration's own, behind the same gateway."""
    settings = settings_of(request)
    return settings.demo and _provider(request).issuer == settings.public_url.rstrip("/")


def _farewell(request: Request, away: str) -> Response:
    """On to the provider by a page: a form's answer may not lead to another site, the content security policy says."""
    request.state.visitor = None
    return pages.render(request, "accounts/signed_out.html", away=away)


async def _away(request: Request, id_token: str) -> str:
    """Where the provider's own session ends; empty where it does not matter, or the provider is away."""
    if not id_token or _is_ours(request):
        return ""
    try:
        return await _provider(request).end_address(id_token, settings_of(request).public_url)
    except ProviderAwayError:
        return ""


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider
