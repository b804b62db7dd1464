from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bina.messaging import Runtime, Settings
from bina.messaging.migrate import upgrade
from bina.messaging.testing import ServiceUnderTest
from bina.web import gallery
from bina.web.access import Person, issue_token
from bina.web.app import create_app
from bina.web.permissions import TABLE
from messaging import toy
from serving import serving
from web.auditing import Audited, app_over
from web.sample import commands, live, pages

SECRET = "a secret of the tests, 32 characters"
OPEN = {
    "GET /toy/beranda",
    "GET /toy/isi/1",
    "POST /toy/isi/1",
    "GET /toy/rusak",
    "GET /toy/rusak/{token}",
    "POST /toy/berkas",
    "POST /toy/daftar",
    "GET /toy/galat",
    "GET /toy/api/v1/fault",
}
SAMPLE_TABLE = replace(
    TABLE,
    visitor=TABLE.visitor | OPEN,
    link=TABLE.link | {"GET /toy/tugas/{token}", "POST /toy/tugas/{token}"},
)
SULASTRI = UUID("0190b5a0-0000-7000-8000-000000000001")


def settings_for(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        kafka="127.0.0.1:1",
        secret=SECRET,
        public_url="http://bina.test",
        demo=True,
    )


def sample_app(database_url: str) -> FastAPI:
    """The sample in a runtime that is not started: what it serves needs no broker."""
    return create_app(
        Runtime(toy.service, settings_for(database_url)),
        title="Contoh",
        api_routers=[commands.api],
        page_routers=[pages.router, commands.forms, live.router, gallery.router()],
        subjects=[live.PEOPLE, live.NAMES],
        table=SAMPLE_TABLE,
    )


def token(*roles: str, name: str = "Sulastri Handayani, S.Sos., M.Si.") -> str:
    return issue_token(Person(SULASTRI, name, frozenset(roles), "6472"), SECRET)


@pytest_asyncio.fixture(scope="session")
async def template(fresh_database, postgres):
    url = await fresh_database("web")
    await upgrade(postgres.migration_url(url), toy.MIGRATIONS)
    return url


@pytest_asyncio.fixture(scope="session")
async def app(template, fresh_database) -> AsyncIterator[FastAPI]:
    made = sample_app(await fresh_database("web", template=template.rsplit("/", 1)[1]))
    yield made
    await made.state.runtime.engine.dispose()


@pytest_asyncio.fixture
async def service(under_test) -> ServiceUnderTest:
    return await under_test(toy.service)


@pytest_asyncio.fixture
async def operating(service: ServiceUnderTest) -> AsyncIterator[FastAPI]:
    """The sample over the database of `service`."""
    made = sample_app(service.engine.url.render_as_string(hide_password=False))
    yield made
    await made.state.runtime.engine.dispose()


@pytest_asyncio.fixture
async def audited(service: ServiceUnderTest, postgres) -> AsyncIterator[Audited]:
    """The toy service with commands and readings whose audit is looked into."""
    app = app_over(service, SAMPLE_TABLE)
    yield Audited(app, service, postgres)
    await app.state.runtime.engine.dispose()


@pytest_asyncio.fixture
async def client(operating: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A platform operator."""
    cookies = {"bina_session": token("platform")}
    transport = httpx.ASGITransport(operating)
    async with httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies) as made:
        yield made


@pytest.fixture
def client_of(app) -> Callable[..., httpx.AsyncClient]:
    def make(*roles: str, **cookies: str) -> httpx.AsyncClient:
        if roles:
            cookies["bina_session"] = token(*roles)
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)

    return make


@pytest_asyncio.fixture(scope="session")
async def site(app) -> AsyncIterator[str]:
    """The sample over HTTP, for a browser."""
    async with serving(app) as address:
        yield address
