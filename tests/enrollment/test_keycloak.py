"""Signing in, out, and being signed out by a real Keycloak."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from html import unescape

import httpx
import pytest
import pytest_asyncio
import uvicorn

from bina.web.access import read_session
from bina_local.ports import HOST, any_free
from enrollment.settings import EnrollmentSettings
from journeys.running import eventually

from . import keycloak as kc
from .conftest import SECRET, Site, connected
from .keycloak import Keycloak, realm, running
from .story import asn_id, nip

pytestmark = [pytest.mark.keycloak, pytest.mark.timeout(600)]
PORT = any_free()
ADDRESS = f"http://{HOST}:{PORT}"


@pytest_asyncio.fixture(scope="module")
async def keycloak(tmp_path_factory) -> AsyncIterator[Keycloak]:
    told = realm(nip(1), ADDRESS, f"{ADDRESS}/enrollment/api/v1/backchannel-logout")
    async with running(tmp_path_factory.mktemp("keycloak"), told) as found:
        yield found


@pytest_asyncio.fixture
async def door(site: Site, keycloak: Keycloak) -> AsyncIterator[Site]:
    """The service where Keycloak and a browser reach it."""
    told = site.app.state.settings.model_dump() | {
        "demo": False,
        "public_url": ADDRESS,
        "oidc_issuer": keycloak.issuer,
        "oidc_client_id": kc.CLIENT,
        "oidc_client_secret": kc.SECRET,
    }
    connected(site, EnrollmentSettings(**told))
    # Keycloak would keep a connection, and the next test serves at the same address anew.
    closing = [("Connection", "close")]
    config = uvicorn.Config(
        site.app, host=HOST, port=PORT, lifespan="off", log_level="error", ws="none", headers=closing
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn announces its start by this flag only
        await asyncio.sleep(0.01)
    yield site
    server.should_exit = True
    await serving


def browser() -> httpx.AsyncClient:
    """Like a browser it takes this machine for safe, and sends secure cookies without TLS."""
    client = httpx.AsyncClient(base_url=ADDRESS, follow_redirects=True, timeout=60)

    async def trust(_answer: httpx.Response) -> None:
        for cookie in client.cookies.jar:
            cookie.secure = False

    client.event_hooks = {"response": [trust]}
    return client


async def signs_in(client: httpx.AsyncClient, password: str = kc.PASSWORD) -> httpx.Response:
    asked = await client.get("/masuk/mulai?lanjut=/enrollment/jp")
    (action,) = re.findall(r'<form[^>]* action="([^"]+)"', asked.text)
    return await client.post(unescape(action), data={"username": kc.USER, "password": password})


async def test_keycloak_signs_a_person_in(door: Site):
    async with browser() as client:
        page = await signs_in(client)
        assert (page.status_code, page.url.path) == (200, "/enrollment/jp")
        session = read_session(client.cookies["bina_session"], SECRET)
    assert session.person.person_id == asn_id(1)


async def test_a_wrong_password_stays_at_keycloak(door: Site, keycloak: Keycloak):
    async with browser() as client:
        page = await signs_in(client, "salah")
        assert str(page.url).startswith(keycloak.issuer)
        assert "bina_session" not in client.cookies


async def test_signing_out_ends_keycloaks_session_too(door: Site):
    async with browser() as client:
        page = (await signs_in(client)).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
        farewell = await client.post("/keluar", data=hidden)
        (away,) = re.findall(r'content="0; url=([^"]+)"', farewell.text)
        back = await client.get(unescape(away))
        assert (str(back.url).rstrip("/"), back.status_code) == (ADDRESS, 200)
        asked = await client.get("/masuk/mulai")
        assert "kc-form-login" in asked.text  # it asks for the password again


async def test_whom_keycloak_signs_out_is_signed_out_here(door: Site, keycloak: Keycloak):
    async with browser() as client:
        assert (await signs_in(client)).url.path == "/enrollment/jp"
        await keycloak.end_sessions()
        client.follow_redirects = False
        page = await eventually(partial(signed_out, client))
        assert page.headers["location"].startswith("/masuk")


async def signed_out(client: httpx.AsyncClient) -> httpx.Response | None:
    page = await client.get("/enrollment/jp")
    return page if page.status_code != 200 else None
