import pytest_asyncio

from bina.messaging.testing import ServiceUnderTest
from notification.app import service

from .browsing import browse, told
from .mailing import courier, server

__all__ = ["browse", "courier", "server", "told"]


@pytest_asyncio.fixture
async def notification(under_test) -> ServiceUnderTest:
    return await under_test(service)
