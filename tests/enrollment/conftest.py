from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import Person, issue_token
from bina_local import identity
from bina_local.ports import any_free
from bina_local.process import Child, run_until_ready
from bina_local.state import State
from enrollment.accounts.provider import Provider
from enrollment.settings import EnrollmentSettings

from . import issuer as issuing
from .clerk import Clerk
from .importing import Importing
from .issuer import CLIENT, Issuer, serving
from .loaded_world import load
from .story import CITY, asn_id, nip, prepare

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
SECRET = "a secret of the tests, 32 characters"


@pytest.fixture(autouse=True)
def as_of():
    """The business day of the samples and the story."""
    clock.move(NOW - datetime.now(UTC))
    yield
    clock.move(NOW - NOW)


@pytest_asyncio.fixture
async def svc(under_test) -> ServiceUnderTest:
    """Enrollment with the story's register; what recording it told is forgotten."""
    service: ServiceUnderTest = await under_test(import_module("enrollment.app").service)
    await prepare(service)
    await service.emitted()
    return service


@dataclass
class Site:
    """The service's HTTP side on the database of a service under test."""

    app: FastAPI
    svc: ServiceUnderTest

    def client(
        self, *roles: str, person: int | None = None, agency: str | None = CITY, unit: UUID | None = None
    ) -> httpx.AsyncClient:
        """Signed in with roles; without any: a visitor."""
        cookies = {}
        if roles:
            who = Person(asn_id(person) if person else None, "Uji", frozenset(roles), agency, unit)
            cookies["bina_session"] = issue_token(who, SECRET)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)

    async def command(self, path: str, body: dict[str, Any], *roles: str, **who) -> httpx.Response:
        """One command with a key of its own."""
        async with self.client(*roles, **who) as client:
            headers = {"Idempotency-Key": str(uuid4())}
            return await client.post(f"/enrollment/api/v1/{path}", json=body, headers=headers)

    async def reads(self, path: str, *roles: str, **who) -> httpx.Response:
        """One question to the machine interface."""
        async with self.client(*roles, **who) as client:
            return await client.get(f"/enrollment/api/v1/{path}")


@pytest_asyncio.fixture(scope="session")
async def identity_url(platform_folder) -> AsyncIterator[str]:
    """The demonstration's identity provider."""
    port, state = any_free(), State.at(platform_folder / "identity")
    child = Child(identity.program(port), state)
    await run_until_ready(child, identity.ready(port), 30)
    yield f"http://127.0.0.1:{port}"
    await child.stop()


@pytest.fixture
def demo(site: Site, identity_url: str) -> Site:
    """The service of a demonstration: everybody may be anybody."""
    told = {
        "oidc_issuer": identity_url,
        "public_url": identity_url,
        "oidc_client_secret": SecretStr("any"),
        "oidc_nip_claim": "sub",
    }
    return connected(site, site.app.state.settings.model_copy(update=told))


def connected(site: Site, settings: EnrollmentSettings) -> Site:
    """The same with another identity provider."""
    site.app.state.runtime = site.svc.runtime(settings)
    site.app.state.settings, site.app.state.provider = settings, Provider(settings)
    return site


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with serving(Issuer(claims={"sub": "u-1", "nip": nip(1), "sid": "p-1"})) as serves:
        yield serves


@pytest.fixture
def door(site: Site, issuer: Issuer) -> Site:
    """The service, with the provider connected and no demonstration."""
    told = site.app.state.settings.model_dump() | {"demo": False}
    settings = EnrollmentSettings(
        **told | {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT, "oidc_client_secret": issuing.SECRET}
    )
    return connected(site, settings)


@pytest.fixture
def site(svc: ServiceUnderTest, served) -> Site:
    """Runs without being started: what it serves needs no broker."""
    url = svc.engine.url.render_as_string(hide_password=False)
    settings = EnrollmentSettings(
        database_url=url, kafka="127.0.0.1:1", secret=SECRET, demo=True, public_url="http://bina.test"
    )
    app = served(import_module("enrollment.app").create, svc, settings)
    app.state.provider = Provider(settings)
    return Site(app, svc)


@pytest_asyncio.fixture
async def importing(under_test, served) -> Importing:
    """The samples' world, and agencies that upload files."""
    svc = await under_test(import_module("enrollment.app").service)
    await load(svc)
    url = svc.engine.url.render_as_string(hide_password=False)
    settings = EnrollmentSettings(
        database_url=url, kafka="127.0.0.1:1", secret=SECRET, demo=False, public_url="http://bina.test"
    )
    return Importing(Site(served(import_module("enrollment.app").create, svc, settings), svc))


@pytest_asyncio.fixture
async def clerk(importing: Importing) -> AsyncIterator[Clerk]:
    async with importing.site.client("operator", person=900, agency=CITY) as http:
        yield Clerk(http)
