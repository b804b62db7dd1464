"""What a site that people reach over HTTPS insists on, and what a personal page never leaves behind."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bina.web.access import issue_task_link
from bina.web.forms import GUEST_COOKIE
from web.conftest import SECRET, settings_for, token


@pytest_asyncio.fixture
async def https(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The sample as it is where its public address begins with https."""
    plain = app.state.settings
    app.state.settings = settings_for(plain.database_url).model_copy(
        update={"public_url": "https://bina.example.go.id"}
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://bina.test") as client:
        yield client
    app.state.settings = plain


async def sent_cookies(client: httpx.AsyncClient) -> dict[str, str]:
    """What the answers so far set, by name, with attributes."""
    answers = [
        await client.get("/toy/isi/1"),
        await client.get("/toy/tampilan?tema=gelap&bahasa=id&lanjut=/toy/beranda"),
    ]
    lines = [line for answer in answers for line in answer.headers.get_list("set-cookie")]
    return dict(line.split("=", 1) for line in lines)


async def test_every_answer_tells_browsers_to_come_by_https_only(https: httpx.AsyncClient):
    for path in ("/toy/beranda", "/toy/api/v1/me", "/healthz", "/toy/none"):
        answer = await https.get(path)
        assert answer.headers["strict-transport-security"] == "max-age=63072000", path


async def test_over_plain_http_nothing_is_said_of_https(client_of):
    async with client_of() as client:
        assert "strict-transport-security" not in (await client.get("/toy/beranda")).headers


async def test_cookies_belong_to_this_host_alone(https: httpx.AsyncClient):
    cookies = await sent_cookies(https)
    assert set(cookies) == {"__Host-bina_guest", "__Host-bina_tema", "__Host-bina_bahasa"}
    for attributes in cookies.values():
        assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes.split("; ")), attributes
        assert "Domain" not in attributes


async def test_over_plain_http_cookies_keep_their_names(client_of):
    async with client_of() as client:
        cookies = await sent_cookies(client)
    assert set(cookies) == {"bina_guest", "bina_tema", "bina_bahasa"}
    assert [line for line in cookies.values() if "Secure" in line] == []


async def test_prefixed_cookies_are_read_and_a_neighbours_are_not(https: httpx.AsyncClient):
    async def asked(name: str) -> int:
        cookie = f"other=1; {name}={token('operator')}; last=2"
        return (await https.get("/toy/api/v1/me", headers={"Cookie": cookie})).status_code

    assert (await asked("__Host-bina_session"), await asked("bina_session")) == (200, 401)


async def test_a_form_of_a_guest_works_over_https(https: httpx.AsyncClient):
    page = (await https.get("/toy/isi/1")).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
    answer = await https.post("/toy/daftar", data=hidden | {"name": uuid4().hex})
    assert answer.status_code == 303
    assert [c.name for c in https.cookies.jar if c.name.endswith(GUEST_COOKIE)] == [f"__Host-{GUEST_COOKIE}"]


@pytest.mark.parametrize(
    "path", ["/toy/beranda", "/toy/api/v1/me", "/toy/none", "/toy/tampilan", "/toy/rusak"]
)
async def test_nothing_personal_is_kept_by_caches(client_of, path: str):
    async with client_of("operator") as client:
        assert "no-store" in (await client.get(path)).headers["cache-control"]


@pytest.mark.parametrize("known", ["known", "unknown"])
async def test_a_personal_link_is_told_to_no_other_page(client_of, known: str):
    link = issue_task_link(uuid4(), SECRET, datetime.now(UTC) + timedelta(days=1))
    async with client_of() as client:
        page = await client.get(f"/toy/tugas/{link if known == 'known' else 'guess'}")
        elsewhere = await client.get("/toy/beranda")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"].endswith("no-store")
    assert elsewhere.headers["referrer-policy"] == "same-origin"
