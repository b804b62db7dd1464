from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bina.messaging.migrate import upgrade
from bina.messaging.testing import ServiceUnderTest
from messaging import toy


@pytest_asyncio.fixture(scope="session")
async def toy_template(fresh_database) -> str:
    url = await fresh_database("toy")
    await upgrade(url, toy.MIGRATIONS)
    return url


@pytest_asyncio.fixture
async def service(toy_template: str, fresh_database) -> AsyncIterator[ServiceUnderTest]:
    url = await fresh_database("toy", template=toy_template.rsplit("/", 1)[1])
    under_test = ServiceUnderTest(toy.service, url)
    yield under_test
    await under_test.close()


@pytest.fixture(autouse=True)
def healthy_handlers():
    yield
    toy.failing.clear()
