"""Schemathesis asks every operation of every service what its document allows, and what it forbids.

No answer is a failure of the server, none is undocumented or of another shape, and what the document forbids is refused.
"""

import asyncio
import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import pytest_asyncio

from architecture.applications import SETTINGS
from bina.messaging import Settings, clock, parked, redrives
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import ROLES, Person, issue_token
from bina.web.rates import Limiter, Rates
from named import entered
from openapi.asking import ask, configuration, known_to
from serving import serving
from stories import module_of

pytestmark = pytest.mark.conformance

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
SECRET = "a secret of the tests, 32 characters"
SOMEBODY = {
    "enrollment": lambda story: story.asn_id(1),
    "assessment": lambda story: story.id_of("Budi"),
    "evaluation": lambda story: story.person("bayu"),
    "notification": lambda story: story.RAHMA,
}

EMPTY = {"GET /assessment/api/v1/people/{asn_id}/profile"}
"""What has nothing to show after the stories: a profile begins with the first test that somebody takes."""


def token_of(person_id: UUID) -> str:
    """A session with all roles: whatever may be asked, they may ask."""
    return issue_token(Person(person_id, "Uji", ROLES, "5571"), SECRET)


@pytest.fixture(params=SOMEBODY)
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    clock.move(NOW - datetime.now(UTC))
    yield request.param
    clock.move(NOW - NOW)


@pytest_asyncio.fixture
async def service(name: str, under_test) -> ServiceUnderTest:
    """The service with its whole story behind it, a message that it could not apply, an order to try it again,
    and an entry in its audit."""
    made: ServiceUnderTest = await under_test(importlib.import_module(f"{name}.app").service)
    story = module_of(name)
    if prepare := getattr(story, "prepare", None):
        await prepare(made)
    if upload := getattr(story, "upload", None):
        await upload(made)
    told = [item if isinstance(item, tuple) else (item, "") for item in story.story()]
    for event, agency in told:
        await made.receives(event, agency=agency)
    if follow := getattr(story, "follow", None):
        await follow(made)
    event, agency = told[0]
    await made.receives_raw(made.message(event, agency=agency)._replace(value=b"{"))
    async with made.sessions() as session, session.begin():
        await redrives.add(session, parked.EVERY, 1, "Uji")
    await entered(made, SOMEBODY[name](story), {"name": "Uji"})
    return made


@pytest.fixture
def app(name: str, service: ServiceUnderTest, served):
    url = service.engine.url.render_as_string(hide_password=False)
    settings = SETTINGS.get(name, Settings)(database_url=url, kafka="127.0.0.1:1", secret=SECRET, demo=True)
    app = served(importlib.import_module(f"{name}.app").create, service, settings)
    app.state.limiter = Limiter(Rates(person_reads=10**9, person_commands=10**9, address_reads=10**9))
    return app


async def test_every_answer_is_as_documented(name: str, service: ServiceUnderTest, app):
    token = token_of(SOMEBODY[name](module_of(name)))
    async with serving(app) as site:
        config = configuration(site, token, await known_to(service))
        report = await asyncio.to_thread(ask, app.openapi(), config)
    assert report.findings == [], f"{len(report.findings)} findings\n\n" + "\n\n".join(report.findings[:20])
    assert set(report.never_done("GET")) <= EMPTY
