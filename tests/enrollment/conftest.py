from datetime import UTC, datetime
from importlib import import_module

import pytest
import pytest_asyncio

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest

from .story import prepare

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def as_of():
    """The business day of the samples and the story."""
    clock.move(NOW - datetime.now(UTC))
    yield
    clock.move(NOW - NOW)


@pytest_asyncio.fixture
async def svc(under_test) -> ServiceUnderTest:
    """Enrollment with the story's register; what recording it told is forgotten."""
    service = await under_test(import_module("enrollment.app").service)
    await prepare(service)
    await service.emitted()
    return service
