"""Browsers with sessions of the notification service, over the story as it was told."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest_asyncio

from bina.messaging.testing import ServiceUnderTest
from bina.web.access import Person, issue_token
from notification.app import create
from notification.settings import NotificationSettings

from .story import START, story

SECRET = "x" * 32
Browse = Callable[..., httpx.AsyncClient]


@pytest_asyncio.fixture
async def browse(notification: ServiceUnderTest, served) -> AsyncIterator[Browse]:
    """`browse(person_id, "asn", agency="5571")`: a browser with that session, or a machine's without id."""
    url = notification.engine.url.render_as_string(hide_password=False)
    settings = NotificationSettings(database_url=url, kafka="127.0.0.1:1", secret=SECRET, demo=True)
    app = served(create, notification, settings)
    opened: list[httpx.AsyncClient] = []

    def browser(person_id: UUID | None, *roles: str, agency: str | None = None, unit: UUID | None = None):
        token = issue_token(Person(person_id, "Rahma Yulita", frozenset(roles), agency, unit), SECRET)
        opened.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://bina.test",
                cookies={"bina_session": token},
            )
        )
        return opened[-1]

    yield browser
    for client in opened:
        await client.aclose()


@pytest_asyncio.fixture
async def told(notification: ServiceUnderTest) -> ServiceUnderTest:
    await notification.receives(*story())
    await notification.does_due_work(START + timedelta(hours=2))
    return notification
