"""The service and its pages on one database; no broker."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bina.messaging import Settings
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import Person, issue_token
from evaluation.app import create, service

SECRET = "a secret of the tests, 32 characters"
ClientOf = Callable[..., httpx.AsyncClient]


@pytest_asyncio.fixture
async def evaluation(under_test) -> ServiceUnderTest:
    return await under_test(service)


def settings_for(url: str, *, demo: bool = False) -> Settings:
    return Settings(
        database_url=url, kafka="127.0.0.1:1", secret=SECRET, public_url="http://bina.test", demo=demo
    )


@pytest.fixture
def app(evaluation: ServiceUnderTest, served) -> FastAPI:
    """The application on the service's database, its runtime not started."""
    return served(
        create, evaluation, settings_for(evaluation.engine.url.render_as_string(hide_password=False))
    )


def token(
    person_id: UUID | None = None, *roles: str, agency: str | None = "5571", unit: UUID | None = None
) -> str:
    return issue_token(Person(person_id, "Penguji", frozenset(roles or ("asn",)), agency, unit), SECRET)


@pytest.fixture
def client_of(app: FastAPI) -> ClientOf:
    def make(
        person_id: UUID | None = None,
        *roles: str,
        agency: str | None = "5571",
        signed_in: bool = True,
        unit: UUID | None = None,
    ):
        cookies = {"bina_session": token(person_id, *roles, agency=agency, unit=unit)} if signed_in else {}
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)

    return make
