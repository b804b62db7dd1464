from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest_asyncio
from fastapi import FastAPI

from assessment.app import create, service
from bina.messaging import Settings, clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import Person, issue_token

from .story import id_of

SECRET = "a secret of the tests, 32 characters"
AS_OF = datetime(2026, 11, 20, 3, tzinfo=UTC)


@dataclass
class Site:
    """The service's pages and API over the database of a service under test; no broker is needed."""

    svc: ServiceUnderTest
    app: FastAPI

    def client(
        self, name: str = "Aisyah", *roles: str, agency: str = "5571", unit: UUID | None = None
    ) -> httpx.AsyncClient:
        """A browser in which somebody is signed in; role asn unless others are given."""
        person = Person(id_of(name), name, frozenset(roles or ("asn",)), agency, unit)
        cookies = {"bina_session": issue_token(person, SECRET)}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)


def settings_for(svc: ServiceUnderTest, *, demo: bool) -> Settings:
    url = svc.engine.url.render_as_string(hide_password=False)
    return Settings(database_url=url, kafka="127.0.0.1:1", secret=SECRET, demo=demo)


@pytest_asyncio.fixture
async def site_of(under_test, served) -> Callable[..., Awaitable[Site]]:
    """`site = await site_of(demo=True)` on the business day of the demonstration."""

    async def make(*, demo: bool = False) -> Site:
        svc = await under_test(service)
        clock.move(AS_OF - datetime.now(UTC))
        return Site(svc, served(create, svc, settings_for(svc, demo=demo)))

    return make
