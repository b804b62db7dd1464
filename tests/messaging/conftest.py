import pytest
import pytest_asyncio

from bina.messaging.testing import ServiceUnderTest
from messaging import toy


@pytest_asyncio.fixture
async def service(under_test) -> ServiceUnderTest:
    return await under_test(toy.service)


@pytest.fixture(autouse=True)
def healthy_handlers():
    yield
    toy.failing.clear()
